import { Chalk } from 'chalk'
import { type MutationArguments, readMutationArguments } from './arguments.ts'
import { type Hunt, hunt } from './hunt.ts'
import type { Mutation } from './mutation.ts'
import { mutations } from './mutations.ts'

const outcome = await readMutationArguments(process.argv.slice(2))
if (outcome.kind === 'print') {
  const stream = outcome.exitCode === 0 ? process.stdout : process.stderr
  stream.write(`${outcome.text}\n`)
  process.exitCode = outcome.exitCode
} else {
  const { values } = outcome
  const chosen = mutations.filter(({ name }) => values.only.length === 0 || values.only.includes(name))
  if (values.list) list(chosen, values.json)
  else process.exitCode = await huntAll(chosen, values)
}

function list(chosen: readonly Mutation[], json: boolean): void {
  for (const { name, breaks, noticedBy } of chosen) {
    console.log(json ? JSON.stringify({ name, breaks, noticedBy }) : `${name}\n    ${breaks}`)
  }
}

/** As many at a time as there are jobs, each in the order of the list. */
async function huntAll(chosen: readonly Mutation[], values: MutationArguments): Promise<number> {
  const terminal = process.stdout.isTTY === true
  const chalk = new Chalk({ level: terminal ? 1 : 0 })
  const underWay = new Map<string, number>()
  const waiting = [...chosen]
  const unplanted = new Set<number>()
  let survivors = 0
  if (!values.json) console.log(chalk.bold(row('bug', 'seeds', 'seconds', 'found by')))
  const work = async (): Promise<void> => {
    for (let mutation = waiting.shift(); mutation !== undefined; mutation = waiting.shift()) {
      const { name } = mutation
      const onSeed = (): void => {
        underWay.set(name, (underWay.get(name) ?? 0) + 1)
        if (terminal && !values.json) process.stdout.write(`\r\x1b[K${progress(underWay)}`)
      }
      const found = await hunt(mutation, { ...values, onSeed })
      underWay.delete(name)
      if (found.seed === null) survivors++
      for (const seed of found.unplanted) unplanted.add(seed)
      if (values.json) console.log(JSON.stringify(found))
      else {
        const line = row(name, String(found.seeds), found.seconds.toFixed(1), foundBy(found))
        console.log(`${terminal ? '\r\x1b[K' : ''}${found.seed === null ? chalk.red(line) : line}`)
      }
    }
  }
  try {
    await Promise.all(Array.from({ length: values.jobs }, work))
  } catch (error) {
    // The others are not worth waiting for: their simulators end with this process.
    console.error(`npm run mutations: ${error instanceof Error ? error.message : String(error)}`)
    process.exit(1)
  }
  if (!values.json) {
    const verdict = survivors === 0 ? chalk.green('every bug was found') : chalk.red(`${survivors} survived`)
    console.log(`${chosen.length} bugs: ${verdict}`)
    for (const seed of [...unplanted].sort((a, b) => a - b)) {
      console.log(chalk.red(`seed ${seed} fails without any planted bug: npm run sim -- --seed ${seed}`))
    }
  }
  return survivors + unplanted.size === 0 ? 0 : 1
}

function row(name: string, seeds: string, seconds: string, rule: string): string {
  return `${name.padEnd(36)}${seeds.padStart(7)}${seconds.padStart(9)}  ${rule}`
}

function foundBy({ seed, rule, problem }: Hunt): string {
  if (seed === null) return 'not found'
  const line = (problem ?? '').split('\n', 1)[0] ?? ''
  return `${rule}: ${line.length > 160 ? `${line.slice(0, 160)}…` : line}`
}

const progress = (underWay: ReadonlyMap<string, number>): string =>
  [...underWay].map(([name, seeds]) => `${name} ${seeds}`).join(', ')
