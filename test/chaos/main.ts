import { resolve } from 'node:path'
import chalk from 'chalk'
import yargs from 'yargs'
import { hideBin } from 'yargs/helpers'
import type { SeededRandom } from '../../src/runtime/seeded-random.ts'
import { buildFault } from '../processes/harness/build.ts'
import { LossyNetwork } from './network/lossy-network.ts'
import { isInNamespace, namespaceFault, openNamespace, runInNamespace } from './network/namespace.ts'
import type { ChaosNetwork } from './network/network.ts'
import { ProxiedNetwork } from './network/proxied-network.ts'
import { type RoundResult, runRound } from './round.ts'
import { summarize, summaryLines } from './summary.ts'

const roundFaultsMs = 45_000
/** A round that is much shorter than usual is not worth its start. */
const roundFaultsMsMin = 10_000

const options = await yargs(hideBin(process.argv))
  .scriptName('npm run chaos --')
  .usage(
    'Runs ensembles of real server processes under kill -9, SIGSTOP, partitions, delays, wiped disks and wrong clocks, with all ' +
      'workloads, and checks what clients saw.',
  )
  .options({
    minutes: { type: 'number', default: 10, describe: 'how long, all rounds together' },
    seed: { type: 'string', default: '1', describe: 'draws servers, settings, faults and workloads' },
    round: { type: 'number', describe: 'only this round of the seed, counted from 1' },
    network: {
      choices: ['auto', 'namespace', 'proxies'] as const,
      default: 'auto' as const,
      describe:
        'partitions: packets dropped in a network namespace, or bytes held by proxies; auto: a namespace where permitted',
    },
    keep: {
      type: 'string',
      default: 'chaos-failures',
      describe: 'folder for the histories and logs of violations',
    },
    json: { type: 'boolean', default: false, describe: 'the figures as one JSON object' },
  })
  .example('npm run chaos -- --minutes 2', 'what CI does')
  .example(
    'npm run chaos -- --seed 7 --round 3',
    'the same servers and faults again; their timing is never the same',
  )
  .check(({ minutes, round }) => {
    if (!(minutes > 0)) throw new Error(`--minutes: found ${minutes}, expected a number above 0`)
    if (round !== undefined && !(Number.isInteger(round) && round >= 1)) {
      throw new Error(`--round: found ${round}, expected a whole number from 1`)
    }
    return true
  })
  .strict()
  .fail((message, error) => {
    console.error(`chaos: ${message || error.message} (--help shows the options)`)
    process.exit(2)
  })
  .parse()

const fault = buildFault()
if (fault !== null) {
  console.error(`chaos: ${fault}`)
  process.exit(1)
}

if (options.network !== 'proxies' && !isInNamespace()) {
  const missing = namespaceFault()
  if (missing === null) process.exit(await runInNamespace())
  if (options.network === 'namespace') {
    console.error(`chaos: no network namespace here: ${missing}. --network proxies needs none.`)
    process.exit(1)
  }
}
if (isInNamespace()) openNamespace()

const openNetwork = async (ids: readonly number[], random: SeededRandom): Promise<ChaosNetwork> => {
  const proxied = await ProxiedNetwork.open(ids, random)
  return isInNamespace() ? new LossyNetwork(proxied) : proxied
}

const say = (line: string): void => {
  if (!options.json) console.log(line)
}
say(
  isInNamespace()
    ? 'partitions drop packets, in a network namespace'
    : 'partitions hold bytes back, in proxies of this process',
)
const endMs = performance.now() + options.minutes * 60_000
const results: RoundResult[] = []
for (let number = options.round ?? 1; results.length === 0 || mayGoOn(); number++) {
  const leftMs = endMs - performance.now()
  const result = await runRound({
    seed: `${options.seed}/${number}`,
    faultsMs: Math.max(roundFaultsMsMin, Math.min(roundFaultsMs, leftMs)),
    openNetwork,
    keepIn: resolve(options.keep),
  })
  results.push(result)
  tell(number, result)
}
const summary = summarize(options.seed, isInNamespace() ? 'namespace' : 'proxies', results)
if (options.json) console.log(JSON.stringify(summary))
else for (const line of ['', ...summaryLines(summary)]) say(line)
process.exit(summary.violations.length === 0 ? 0 : 1)

function mayGoOn(): boolean {
  return options.round === undefined && endMs - performance.now() >= roundFaultsMsMin
}

function tell(number: number, { drawn, faults, operations, failovers, longestPause, ...rest }: RoundResult) {
  const sum = (counts: ReadonlyMap<string, number>): number => [...counts.values()].reduce((a, b) => a + b, 0)
  const { violations, keptIn, lastedMs } = rest
  say(
    `round ${number}: ${drawn}\n  ${(lastedMs / 1000).toFixed(0)} s, ${sum(faults)} faults, ${sum(operations)} operations, ` +
      `${failovers} failovers, longest write pause ${longestPause.lastedMs.toFixed(0)} ms, ` +
      (violations.length === 0 ? chalk.green('no violation') : chalk.red(`${violations.length} violations`)),
  )
  for (const { rule, problem } of violations) say(`  ${chalk.red(rule)}: ${problem}`)
  if (keptIn !== null) {
    say(`  history, logs and data: ${keptIn}`)
    say(`  to run it again: npm run chaos -- --seed ${options.seed} --round ${number}`)
  }
}
