import type { ServerKind } from '../../test/processes/harness/server-kind.ts'
import { BenchEnsemble, type EnsembleOptions } from '../ensembles/bench-ensemble.ts'
import type { LoadResult, LoadSpec } from '../load/load-spec.ts'
import { runLoad } from '../load/run-load.ts'
import type { Line, Target, Unit } from '../report/line.ts'

/** What a run was asked for. */
export interface BenchSettings {
  readonly rounds: number
  /** How long each burst of load is measured, behind its warm-up. */
  readonly burstMs: number
  readonly warmUpMs: number
  /** How large the large tree is. */
  readonly treeNodes: number
}

export interface Bench {
  /** Banyan first; ZooKeeper where it is installed. */
  readonly kinds: readonly ServerKind[]
  readonly settings: BenchSettings
  /** For whoever waits. */
  readonly tell: (progress: string) => void
}

export interface Scenario {
  readonly name: string
  readonly describe: string
  /** Whether it runs when none is named. */
  readonly isDefault: boolean
  secondsAbout(settings: BenchSettings, kindCount: number): number
  run(bench: Bench): Promise<Line[]>
}

/** Figures of one round, by their names. */
export type Sample = Readonly<Record<string, number>>
export type Samples = ReadonlyMap<ServerKind['name'], readonly Sample[]>

/** Measures every kind in every round, in turn, first the one, then the other. */
export async function alternate(
  bench: Bench,
  what: string,
  rounds: number,
  measure: (kind: ServerKind) => Promise<Sample>,
): Promise<Samples> {
  const samples = new Map(bench.kinds.map((kind) => [kind.name, [] as Sample[]]))
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 === 0 ? bench.kinds : [...bench.kinds].reverse()
    for (const kind of order) {
      bench.tell(`${what}: ${kind.name}, round ${round + 1} of ${rounds}`)
      samples.get(kind.name)?.push(await measure(kind))
    }
  }
  return samples
}

export function lineOf(
  scenario: string,
  samples: Samples,
  metric: string,
  what: string,
  unit: Unit,
  target: Target | null = null,
): Line {
  const valuesOf = (kind: ServerKind['name']): number[] =>
    (samples.get(kind) ?? []).map((sample) => sample[metric]).filter((value) => value !== undefined)
  return { scenario, what, unit, target, banyan: valuesOf('Banyan'), zookeeper: valuesOf('ZooKeeper') }
}

/** With a running ensemble of every kind, all of which end with `use`. */
export async function withEnsembles<T>(
  bench: Bench,
  options: EnsembleOptions,
  use: (ensembleOf: (kind: ServerKind) => BenchEnsemble) => Promise<T>,
): Promise<T> {
  const ensembles = new Map<ServerKind, BenchEnsemble>()
  try {
    for (const kind of bench.kinds) {
      bench.tell(`starting ${options.count ?? 3} servers of ${kind.name}`)
      ensembles.set(kind, await BenchEnsemble.start(kind, options))
    }
    return await use((kind) => ensembles.get(kind) as BenchEnsemble)
  } finally {
    for (const ensemble of ensembles.values()) await ensemble.end()
  }
}

/** With one running ensemble, which ends with `use`. */
export async function withEnsemble<T>(
  kind: ServerKind,
  options: EnsembleOptions,
  use: (ensemble: BenchEnsemble) => Promise<T>,
): Promise<T> {
  const ensemble = await BenchEnsemble.start(kind, options)
  try {
    return await use(ensemble)
  } finally {
    await ensemble.end()
  }
}

let bursts = 0

/** Runs a burst of load; wrong answers are no figures. */
export async function burst(
  ensemble: BenchEnsemble,
  settings: BenchSettings,
  spec: Pick<LoadSpec, 'mix'> & Partial<LoadSpec>,
): Promise<LoadResult> {
  const result = await runLoad({
    servers: ensemble.addresses,
    connections: 30,
    window: 50,
    dataBytes: 100,
    nodes: 1000,
    parent: '/load',
    name: String(++bursts),
    prepare: false,
    warmUpMs: settings.warmUpMs,
    measureMs: settings.burstMs,
    requestsMax: null,
    ...spec,
  })
  if (result.errors > 0 || result.broken > 0) {
    throw new Error(
      `${ensemble.kind.name}: ${result.errors} replies were errors, ${result.broken} connections broke ` +
        `(${result.brokenReason ?? 'none of them'})`,
    )
  }
  return result
}

/** How long a burst takes, with the start of its process. */
export function burstSeconds(settings: BenchSettings): number {
  return (settings.warmUpMs + settings.burstMs) / 1000 + 1
}

/** About how long an ensemble takes to start and to end. */
export const startSeconds = 5
/** Znodes that are made to fill a tree, for guesses of how long it takes. */
export const filledPerSecond = 15_000
