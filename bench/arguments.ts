import yargs from 'yargs'
import { scenarios } from './scenarios/index.ts'
import type { BenchSettings, Scenario } from './scenarios/scenario.ts'

/** What `npm run bench` was asked to do. */
export interface BenchArguments {
  readonly scenarios: readonly Scenario[]
  readonly settings: BenchSettings
  readonly json: boolean
  /** Leave ZooKeeper out, although it is there. */
  readonly banyanOnly: boolean
}

export type BenchArgumentsOutcome =
  | { readonly kind: 'run'; readonly values: BenchArguments }
  | { readonly kind: 'print'; readonly text: string; readonly exitCode: number }

const everything = 'all'
const quick = { rounds: 3, seconds: 1, nodes: 100_000 }
const full = { rounds: 5, seconds: 3, nodes: 1_000_000 }
const msPerSecond = 1000

/** Reads the command line of `npm run bench`. */
export async function readBenchArguments(argv: readonly string[]): Promise<BenchArgumentsOutcome> {
  let printed = ''
  let fault: string | null = null
  const names = scenarios.map(
    ({ name, describe, isDefault }) => `  ${name.padEnd(10)} ${describe}${isDefault ? ' *' : ''}`,
  )
  const given = await yargs([...argv])
    .scriptName('npm run bench --')
    .usage(
      '$0 [scenario ...]\n\nMeasures Banyan and, where the Debian package "zookeeper" is installed, Apache ZooKeeper beside it, in turn, ' +
        `and prints one table.\n\nScenarios (those with * where none is named; "${everything}" for all):\n${names.join('\n')}`,
    )
    .options({
      rounds: {
        type: 'string',
        requiresArg: true,
        describe: `how often each is measured, in turn (${full.rounds})`,
      },
      seconds: {
        type: 'string',
        requiresArg: true,
        describe: `how long each burst of load is (${full.seconds})`,
      },
      nodes: { type: 'string', requiresArg: true, describe: `how large the large tree is (${full.nodes})` },
      quick: {
        type: 'boolean',
        default: false,
        describe: `${quick.rounds} rounds, bursts of ${quick.seconds} s, ${quick.nodes} znodes`,
      },
      'banyan-only': { type: 'boolean', default: false, describe: 'leave ZooKeeper out' },
      json: {
        type: 'boolean',
        default: false,
        describe: 'one JSON object on standard output, and nothing else',
      },
    })
    .example('$0', 'load, failover and start-up, in about ten minutes')
    .example('$0 --quick', 'the same, more roughly, in about three')
    .example('$0 failover start-up --rounds 9', 'two of them, more often')
    .example('$0 memory restart stalls', 'with a million znodes')
    .example('$0 all --json > figures.json', 'everything, for a script')
    .epilogue(
      'Exit codes: 0 measured (whether or not targets were met), 1 something failed, 2 wrong arguments.',
    )
    .version(false)
    .help()
    .strictOptions()
    .wrap(130)
    .exitProcess(false)
    .fail((message: string | null, error: Error | undefined) => {
      fault ??= message ?? error?.message ?? 'wrong usage'
    })
    .parseAsync([...argv], {}, (_error, _values, output) => {
      printed = output
    })
  if (fault !== null) return usage(fault)
  if (printed !== '') return { kind: 'print', text: printed, exitCode: 0 }
  const chosen = chosenScenarios(given._.map(String))
  if (typeof chosen === 'string') return usage(chosen)
  const basis = given.quick ? quick : full
  const rounds = whole(given.rounds, basis.rounds, 1, 99)
  if (rounds === null) return usage(`found --rounds ${given.rounds}; expected a whole number from 1 to 99`)
  const seconds = whole(given.seconds, basis.seconds, 1, 600)
  if (seconds === null)
    return usage(`found --seconds ${given.seconds}; expected a whole number from 1 to 600`)
  const treeNodes = whole(given.nodes, basis.nodes, 1000, 10_000_000)
  if (treeNodes === null) {
    return usage(`found --nodes ${given.nodes}; expected a whole number from 1000 to 10000000`)
  }
  const settings = { rounds, treeNodes, burstMs: seconds * msPerSecond, warmUpMs: msPerSecond }
  const { json, 'banyan-only': banyanOnly } = given
  return { kind: 'run', values: { scenarios: chosen, settings, json, banyanOnly } }
}

/** A text says what is wrong. */
function chosenScenarios(words: readonly string[]): readonly Scenario[] | string {
  const unknown = words.find((word) => word !== everything && !scenarios.some(({ name }) => name === word))
  if (unknown !== undefined) {
    const known = scenarios.map(({ name }) => name).join(', ')
    return `found scenario ${unknown}; expected some of ${known}, or ${everything}`
  }
  if (words.includes(everything)) return scenarios
  return scenarios.filter(({ name, isDefault }) => (words.length === 0 ? isDefault : words.includes(name)))
}

function whole(text: string | undefined, otherwise: number, min: number, max: number): number | null {
  if (text === undefined) return otherwise
  const value = Number(text)
  return /^\d+$/.test(text) && value >= min && value <= max ? value : null
}

const usage = (fault: string): BenchArgumentsOutcome => ({
  kind: 'print',
  text: `npm run bench: ${fault}\nUsage: npm run bench -- [scenario ...] [--quick]   (npm run bench -- --help tells more)`,
  exitCode: 2,
})
