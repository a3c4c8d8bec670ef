import yargs from 'yargs'
import { type Bounds, boundNames, boundsOf } from './bounds.ts'
import { type Mutation, mutationNames } from './model/mutation.ts'
import { leftsMax } from './nodes.ts'

/** What `npm run explore` was asked to do. */
export interface ExploreArguments {
  readonly servers: number
  readonly start: 'founded' | 'empty'
  readonly bounds: Bounds
  readonly statesMax: number
  readonly minutes: number
  readonly mutation: Mutation | null
  readonly plain: boolean
  readonly json: boolean
}

export type ExploreArgumentsOutcome =
  | { readonly kind: 'run'; readonly values: ExploreArguments }
  | { readonly kind: 'print'; readonly text: string; readonly exitCode: number }

/** Text at first, so that what is no number can be told as it was given. */
const number = { type: 'string', requiresArg: true } as const

/** Reads the command line of `npm run explore`. */
export async function readExploreArguments(argv: readonly string[]): Promise<ExploreArgumentsOutcome> {
  let printed = ''
  let fault: string | null = null
  const given = await yargs([...argv])
    .scriptName('npm run explore --')
    .usage(
      '$0\n\nWalks every interleaving of a small ensemble over the real machines of the replication, within bounds, and checks the\n' +
        'invariants in every state. Exit code 1 when one is broken, with the timeline; 2 for wrong arguments.',
    )
    .options({
      servers: { ...number, default: '3', describe: 'how many servers, 2 to 5' },
      start: {
        choices: ['founded', 'empty'] as const,
        default: 'founded' as const,
        describe: 'server 1 leads a founded ensemble with one transaction, or all disks are empty',
      },
      stands: { ...number, default: '1', describe: 'how often any server may stand for leader' },
      proposals: { ...number, default: '1', describe: 'how many transactions are proposed' },
      crashes: {
        ...number,
        default: '1',
        describe: 'how many processes crash, at any point of their writes',
      },
      wipes: { ...number, default: '0', describe: 'how many disks are lost, one at a time' },
      cuts: { ...number, default: '0', describe: 'how many links break, or leaders step down' },
      fulls: { ...number, default: '0', describe: 'how many histories are sent in full for a difference' },
      syncs: { ...number, default: '0', describe: 'how many syncs are asked for' },
      crowns: {
        ...number,
        default: '0',
        describe: 'how often a follower with a higher id asks for the crown',
      },
      'states-max': { ...number, default: '100000000', describe: 'stop behind so many states' },
      minutes: { ...number, default: '10', describe: 'stop after so long' },
      mutate: { choices: mutationNames, describe: 'do one thing wrong, to see that it is found' },
      plain: { type: 'boolean', default: false, describe: 'branch at every step, without reductions' },
      json: { type: 'boolean', default: false, describe: 'print the result as JSON' },
    })
    .check((options) => {
      for (const name of ['servers', ...boundNames, 'states-max'] as const) {
        if (!/^\d{1,12}$/.test(options[name])) {
          throw new Error(`--${name} ${options[name]}: expected a whole number from 0 on`)
        }
      }
      if (Number(options.servers) < 2 || Number(options.servers) > 5) {
        throw new Error(`--servers ${options.servers}: expected 2 to 5`)
      }
      if (!(Number(options.minutes) > 0)) {
        throw new Error(`--minutes ${options.minutes}: expected a number above 0`)
      }
      const lefts = boundNames.reduce((product, name) => product * (Number(options[name]) + 1), 1)
      if (lefts > leftsMax) {
        throw new Error(
          `the bounds have ${lefts} combinations: expected ${leftsMax} at most; lower some of them`,
        )
      }
      return true
    })
    .example('$0 --stands 1 --proposals 1 --crashes 1', 'a small space, walked to its end')
    .example(
      '$0 --proposals 2 --crashes 2 --wipes 1 --cuts 1 --minutes 30',
      'as far as half an hour takes it',
    )
    .example('$0 --mutate "ack before durable"', 'shows the timeline by which a transaction is lost')
    .version(false)
    .help()
    .strict()
    .exitProcess(false)
    .fail((message: string | null, error: Error | undefined) => {
      fault ??= message ?? error?.message ?? 'wrong usage'
    })
    .parseAsync([...argv], {}, (_error, _values, output) => {
      printed = output
    })
  if (fault !== null) {
    return { kind: 'print', text: `${fault}\n\nHelp: npm run explore -- --help`, exitCode: 2 }
  }
  if (printed !== '') return { kind: 'print', text: printed, exitCode: 0 }
  const { start, plain, json, mutate } = given
  return {
    kind: 'run',
    values: {
      servers: Number(given.servers),
      start,
      bounds: boundsOf((name) => Number(given[name])),
      statesMax: Number(given['states-max']),
      minutes: Number(given.minutes),
      mutation: mutate ?? null,
      plain,
      json,
    },
  }
}
