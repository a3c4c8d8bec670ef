import yargs from 'yargs'
import { mutations } from './mutations.ts'

/** What `npm run mutations` was asked to do. */
export interface MutationArguments {
  readonly only: readonly string[]
  readonly firstSeed: number
  readonly seedsMax: number
  readonly jobs: number
  readonly json: boolean
  readonly list: boolean
}

export type MutationArgumentsOutcome =
  | { readonly kind: 'run'; readonly values: MutationArguments }
  | { readonly kind: 'print'; readonly text: string; readonly exitCode: number }

/** Reads the command line of `npm run mutations`. */
export async function readMutationArguments(argv: readonly string[]): Promise<MutationArgumentsOutcome> {
  let printed = ''
  let fault: string | null = null
  const given = await yargs([...argv])
    .scriptName('npm run mutations --')
    .usage(
      '$0 [options]\n\nPlants known bugs, one at a time, in a copy of the sources, and runs the simulator over each until it ' +
        'finds the bug. A simulator that cannot fail proves nothing.',
    )
    .options({
      only: {
        type: 'string',
        array: true,
        requiresArg: true,
        describe: 'this bug only; may be given more than once',
      },
      'seeds-max': {
        type: 'string',
        default: '2000',
        requiresArg: true,
        describe: 'how many seeds each bug may take',
      },
      'first-seed': { type: 'string', default: '1', requiresArg: true, describe: 'where the seeds begin' },
      jobs: {
        type: 'string',
        default: '2',
        requiresArg: true,
        describe: 'how many bugs are looked for at a time',
      },
      list: { type: 'boolean', default: false, describe: 'only say which bugs there are' },
      json: { type: 'boolean', default: false, describe: 'one JSON object for each bug, and nothing else' },
    })
    .example('$0', 'all of them')
    .example('$0 --list', 'what they are')
    .example('$0 --only ack-before-sync --first-seed 5000', 'one of them, from other seeds')
    .epilogue(
      'Exit codes: 0 every bug was found, 1 one survived, or a seed fails without any, 2 wrong arguments. See docs/simulation.md.',
    )
    .version(false)
    .help()
    .strict()
    .parserConfiguration({ 'greedy-arrays': false })
    .exitProcess(false)
    .fail((message: string | null, error: Error | undefined) => {
      fault ??= message ?? error?.message ?? 'wrong usage'
    })
    .parseAsync([...argv], {}, (_error, _values, output) => {
      printed = output
    })
  if (fault !== null) return usage(fault)
  if (printed !== '') return { kind: 'print', text: printed, exitCode: 0 }
  const { only = [], list, json } = given
  const unknown = only.find((name) => !mutations.some((mutation) => mutation.name === name))
  if (unknown !== undefined) return usage(`found --only ${unknown}; --list says which there are`)
  const seedsMax = whole(given['seeds-max'])
  const firstSeed = whole(given['first-seed'])
  const jobs = whole(given.jobs)
  if (seedsMax === null) return notWhole('--seeds-max', given['seeds-max'])
  if (firstSeed === null) return notWhole('--first-seed', given['first-seed'])
  if (jobs === null) return notWhole('--jobs', given.jobs)
  return { kind: 'run', values: { only, list, json, seedsMax, firstSeed, jobs } }
}

/** From 1 on; null when it is not. */
const whole = (text: string): number | null => (/^[1-9]\d{0,8}$/.test(text) ? Number(text) : null)

const notWhole = (name: string, text: string): MutationArgumentsOutcome =>
  usage(`found ${name} ${text}; expected a whole number from 1 on`)

const usage = (fault: string): MutationArgumentsOutcome => ({
  kind: 'print',
  text: `npm run mutations: ${fault}\nUsage: npm run mutations -- [--only NAME]   (npm run mutations -- --help tells more)`,
  exitCode: 2,
})
