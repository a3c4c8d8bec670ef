import type { ServerKind } from '../../test/processes/harness/server-kind.ts'
import type { LoadResult, Mix } from '../load/load-spec.ts'
import type { Line } from '../report/line.ts'
import {
  alternate,
  type Bench,
  burst,
  burstSeconds,
  lineOf,
  type Sample,
  type Samples,
  type Scenario,
  startSeconds,
  withEnsemble,
  withEnsembles,
} from './scenario.ts'

interface Load {
  readonly what: string
  readonly mix: Mix
  readonly window: number
  /** Of Banyan's operations to ZooKeeper's, at least. */
  readonly ratio: number
}

const name = 'load'
const loads: readonly Load[] = [
  { what: 'set, 30 x 50', mix: { kind: 'set' }, window: 50, ratio: 4 },
  { what: 'get, 30 x 50', mix: { kind: 'get' }, window: 50, ratio: 6 },
  { what: '90 % get, 30 x 50', mix: { kind: 'mixed', readPercent: 90 }, window: 50, ratio: 6 },
  { what: 'set, 30 x 1', mix: { kind: 'set' }, window: 1, ratio: 2 },
  { what: 'get, 30 x 1', mix: { kind: 'get' }, window: 1, ratio: 2 },
]
const creates: Load = { what: 'create, 30 x 50', mix: { kind: 'create' }, window: 50, ratio: 4 }

export const load: Scenario = {
  name,
  describe: 'sets, creates, gets and mixed load, 100 bytes, 30 connections with 50 or 1 in flight',
  isDefault: true,
  secondsAbout: (settings, kinds) =>
    kinds * (startSeconds + settings.rounds * (6 * burstSeconds(settings) + startSeconds)),
  run: async (bench) => [
    ...(await withEnsembles(bench, {}, async (ensembleOf) => {
      for (const kind of bench.kinds) {
        bench.tell(`load: warming ${kind.name} up`)
        await burst(ensembleOf(kind), bench.settings, {
          mix: { kind: 'mixed', readPercent: 50 },
          prepare: true,
        })
      }
      const lines: Line[] = []
      for (const { what, mix, window, ratio } of loads) {
        const measure = async (kind: ServerKind) =>
          sampleOf(await burst(ensembleOf(kind), bench.settings, { mix, window }))
        const samples = await alternate(bench, `load: ${what}`, bench.settings.rounds, measure)
        lines.push(...linesOf(samples, what, ratio))
      }
      return lines
    })),
    ...(await createLines(bench)),
  ],
}

/** Each burst on new servers: creates leave a tree behind that the next burst would meet. */
async function createLines(bench: Bench): Promise<Line[]> {
  const { what, mix, window, ratio } = creates
  const measure = (kind: ServerKind) =>
    withEnsemble(kind, {}, async (ensemble) =>
      sampleOf(await burst(ensemble, bench.settings, { mix, window, prepare: true })),
    )
  return linesOf(await alternate(bench, `load: ${what}`, bench.settings.rounds, measure), what, ratio)
}

function sampleOf({ operationsPerSecond, all }: LoadResult): Sample {
  return { operations: operationsPerSecond, p50: all.p50Ms, p99: all.p99Ms, p999: all.p999Ms }
}

function linesOf(samples: Samples, what: string, ratio: number): Line[] {
  return [
    lineOf(name, samples, 'operations', what, '/s', { of: 'ratio', atLeast: ratio }),
    lineOf(name, samples, 'p50', `${what}, p50`, 'ms'),
    lineOf(name, samples, 'p99', `${what}, p99`, 'ms', { of: 'ratio', atMost: 1 / 3 }),
    lineOf(name, samples, 'p999', `${what}, p99.9`, 'ms'),
  ]
}
