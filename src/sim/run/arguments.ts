import yargs from 'yargs'
import { faultNames } from '../faults/fault.ts'
import { workloads } from '../workloads/index.ts'
import { noFault } from './faults.ts'
import type { Narrowing } from './plan.ts'

/** What `npm run sim` was asked to do. */
export interface SimArguments {
  readonly firstSeed: number
  readonly lastSeed: number
  /** Of the seeds from `firstSeed` on, every so manieth. */
  readonly step: number
  readonly jobs: number
  /** No seed is begun after this long; null: until all are done. */
  readonly minutes: number | null
  /** Ends after so many seeds with a violation. */
  readonly failuresMax: number
  readonly narrowing: Narrowing
  readonly format: 'text' | 'json' | 'stream'
  readonly trace: boolean
  readonly lineCount: number
}

export type SimArgumentsOutcome =
  | { readonly kind: 'run'; readonly values: SimArguments }
  | { readonly kind: 'print'; readonly text: string; readonly exitCode: number }

const seedMax = Number.MAX_SAFE_INTEGER
const jobsMax = 64

/** Reads the command line of `npm run sim`. */
export async function readSimArguments(argv: readonly string[]): Promise<SimArgumentsOutcome> {
  let printed = ''
  let fault: string | null = null
  const parser = yargs([...argv])
    .scriptName('npm run sim --')
    .usage(
      '$0 [options]\n\nRuns whole ensembles with clients on simulated clocks, networks and disks, under faults, and checks ' +
        'what they promise. A seed says everything about a run: the same seed is the same run, on every machine.',
    )
    .options({
      seed: { type: 'string', requiresArg: true, describe: 'run this one, by default 1' },
      seeds: { type: 'string', requiresArg: true, describe: 'run many: A..B, both included' },
      jobs: {
        type: 'string',
        requiresArg: true,
        default: '1',
        describe: 'how many processes share the seeds',
      },
      minutes: { type: 'string', requiresArg: true, describe: 'begin no further seed after this long' },
      workload: {
        type: 'string',
        array: true,
        requiresArg: true,
        describe: `only these, rather than one to three drawn ones: ${Object.keys(workloads).join(', ')}`,
      },
      fault: {
        type: 'string',
        array: true,
        requiresArg: true,
        describe: `only these, rather than drawn ones: ${faultNames.join(', ')}, or ${noFault}`,
      },
      failures: {
        type: 'string',
        requiresArg: true,
        default: '1',
        describe: 'end after so many seeds with a violation',
      },
      lines: {
        type: 'string',
        requiresArg: true,
        default: '200',
        describe: 'how many lines of the trace to show after a violation',
      },
      trace: { type: 'boolean', default: false, describe: 'show every event as it happens' },
      json: { type: 'boolean', default: false, describe: 'the report as one JSON object, and nothing else' },
      stream: { type: 'boolean', default: false, hidden: true },
      step: { type: 'string', default: '1', hidden: true },
    })
    .example('$0 --seed 7', 'one run')
    .example('$0 --seed 7 --trace | less', 'everything that happens in it')
    .example('$0 --seeds 1..2000 --jobs 2', 'many runs, in two processes')
    .example('$0 --seeds 1..100000 --minutes 10', 'as many as ten minutes allow')
    .example('$0 --seeds 1..300 --fault kill --fault freeze', 'with two kinds of fault only')
    .epilogue(
      'Exit codes: 0 nothing violated, 1 something violated, 2 wrong arguments. See docs/simulation.md.',
    )
    .version(false)
    .help()
    .strict()
    .parserConfiguration({ 'duplicate-arguments-array': true, 'greedy-arrays': false })
    .exitProcess(false)
    .fail((message: string | null, error: Error | undefined) => {
      fault ??= message ?? error?.message ?? 'wrong usage'
    })
  const given = await parser.parseAsync([...argv], {}, (_error, _values, output) => {
    printed = output
  })
  if (fault !== null) return usage(fault)
  if (printed !== '') return { kind: 'print', text: printed, exitCode: 0 }
  try {
    return { kind: 'run', values: readValues(given) }
  } catch (error) {
    if (error instanceof UsageError) return usage(error.message)
    throw error
  }
}

class UsageError extends Error {}

interface Given {
  seed: string | undefined
  seeds: string | undefined
  jobs: string
  minutes: string | undefined
  workload: string[] | undefined
  fault: string[] | undefined
  failures: string
  lines: string
  step: string
  trace: boolean
  json: boolean
  stream: boolean
}

function readValues(given: Given): SimArguments {
  if (given.seed !== undefined && given.seeds !== undefined)
    throw new UsageError('found both --seed and --seeds; expected one of them')
  const [firstSeed, lastSeed] = given.seeds === undefined ? oneSeed(given.seed) : seedRange(given.seeds)
  if (given.trace && (given.json || lastSeed > firstSeed))
    throw new UsageError('found --trace beside --json or several seeds; expected it with one seed, as text')
  return {
    firstSeed,
    lastSeed,
    step: whole('--step', given.step, 1, seedMax),
    jobs: whole('--jobs', given.jobs, 1, jobsMax),
    minutes: given.minutes === undefined ? null : minutes(given.minutes),
    failuresMax: whole('--failures', given.failures, 1, seedMax),
    narrowing: {
      workloads: known('--workload', given.workload ?? [], Object.keys(workloads)),
      faults: known('--fault', given.fault ?? [], [...faultNames, noFault]),
    },
    format: given.stream ? 'stream' : given.json ? 'json' : 'text',
    trace: given.trace,
    lineCount: whole('--lines', given.lines, 1, 1_000_000),
  }
}

function oneSeed(text: string | undefined): [number, number] {
  const seed = text === undefined ? 1 : whole('--seed', text, 0, seedMax)
  return [seed, seed]
}

function seedRange(text: string): [number, number] {
  const [first, last, ...more] = text.split('..')
  const wrong = new UsageError(`found --seeds ${text}; expected a range such as 1..2000`)
  if (first === undefined || last === undefined || more.length > 0) throw wrong
  const range: [number, number] = [whole('--seeds', first, 0, seedMax), whole('--seeds', last, 0, seedMax)]
  if (range[0] > range[1]) throw wrong
  return range
}

function whole(name: string, text: string, min: number, max: number): number {
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= min && value <= max) return value
  throw new UsageError(`found ${name} ${text}; expected a whole number from ${min} to ${max}`)
}

function minutes(text: string): number {
  const value = Number(text)
  if (/^\d+(\.\d+)?$/.test(text) && value > 0) return value
  throw new UsageError(`found --minutes ${text}; expected a number above 0, such as 10 or 0.5`)
}

function known(name: string, found: readonly string[], expected: readonly string[]): string[] {
  for (const word of found) {
    if (!expected.includes(word))
      throw new UsageError(`found ${name} ${word}; expected one of ${expected.join(', ')}`)
  }
  return [...new Set(found)].sort()
}

function usage(fault: string): SimArgumentsOutcome {
  return {
    kind: 'print',
    text: `npm run sim: ${fault}\nUsage: npm run sim -- --seed N   (npm run sim -- --help tells more)`,
    exitCode: 2,
  }
}
