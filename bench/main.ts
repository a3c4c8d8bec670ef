import { cpus } from 'node:os'
import chalk, { chalkStderr } from 'chalk'
import { buildFault } from '../test/processes/harness/build.ts'
import type { ServerKind } from '../test/processes/harness/server-kind.ts'
import { type BenchArguments, readBenchArguments } from './arguments.ts'
import { cleanUpOnEnd } from './ensembles/clean-up.ts'
import { banyan, zookeeper } from './ensembles/kinds.ts'
import type { Line } from './report/line.ts'
import { asJson, table } from './report/table.ts'

/** How much longer than foreseen it may take, before it is given up. */
const patience = 3
const patienceMsMin = 120_000

const outcome = await readBenchArguments(process.argv.slice(2))
if (outcome.kind === 'print') {
  const stream = outcome.exitCode === 0 ? process.stdout : process.stderr
  stream.write(`${outcome.text}\n`)
  process.exit(outcome.exitCode)
}
cleanUpOnEnd()
try {
  await run(outcome.values)
} catch (error) {
  tell(chalkStderr.red(error instanceof Error ? error.message : String(error)))
  process.exit(1)
}
process.exit(0)

async function run({ scenarios, settings, json, banyanOnly }: BenchArguments): Promise<void> {
  const fault = buildFault()
  if (fault !== null) throw new Error(fault)
  const kinds: ServerKind[] = [banyan]
  const missing = zookeeper.missing()
  if (banyanOnly) tell('ZooKeeper is left out')
  else if (missing !== null) tell(`Banyan runs alone: ${missing}`)
  else kinds.push(zookeeper)
  const seconds = scenarios.reduce((sum, scenario) => sum + scenario.secondsAbout(settings, kinds.length), 0)
  const limitMs = Math.max(patienceMsMin, seconds * 1000 * patience)
  tell(
    `${scenarios.map(({ name }) => name).join(', ')}: about ${inMinutes(seconds * 1000)}, given up after ${inMinutes(limitMs)}`,
  )
  setTimeout(() => {
    tell(chalkStderr.red(`not done after ${inMinutes(limitMs)}: given up`))
    process.exit(1)
  }, limitMs).unref()
  const startedMs = performance.now()
  const progress = (text: string): void => {
    tell(chalkStderr.dim(`${((performance.now() - startedMs) / 1000).toFixed(0).padStart(4)} s  ${text}`))
  }
  const lines: Line[] = []
  for (const scenario of scenarios) lines.push(...(await scenario.run({ kinds, settings, tell: progress })))
  const machine = { processors: cpus().length, model: cpus()[0]?.model ?? 'unknown', node: process.version }
  if (json) {
    await print(JSON.stringify({ machine, settings, lines: asJson(lines) }))
    return
  }
  await print(
    `${table(lines)}\n\n` +
      chalk.dim(
        `${machine.processors} processors (${machine.model}), Node ${machine.node}; medians of up to ${settings.rounds} rounds; ratio: Banyan/ZooKeeper`,
      ),
  )
}

/** Resolves when a pipe has taken it. */
function print(text: string): Promise<void> {
  return new Promise((resolve) => process.stdout.write(`${text}\n`, () => resolve()))
}

function tell(text: string): void {
  process.stderr.write(`${text}\n`)
}

function inMinutes(ms: number): string {
  return ms < 90_000 ? `${Math.ceil(ms / 1000)} seconds` : `${Math.ceil(ms / 60_000)} minutes`
}
