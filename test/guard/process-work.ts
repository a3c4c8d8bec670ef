import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { BenchEnsemble } from '../../bench/ensembles/bench-ensemble.ts'
import { banyan } from '../../bench/ensembles/kinds.ts'
import type { LoadSpec } from '../../bench/load/load-spec.ts'
import { runLoad } from '../../bench/load/run-load.ts'
import type { EnsembleServer } from '../processes/harness/ensemble-server.ts'
import { until } from '../processes/harness/until.ts'
import type { Figures } from './compare.ts'

/** What it took when the code was as it should be. */
export const processTableFile = join(import.meta.dirname, 'process-work.json')

const monitor = pathToFileURL(join(import.meta.dirname, 'memory-monitor.mjs')).href
const operations = ['set', 'create', 'get'] as const
const operationCount = 5_000
/** Until the code that the load runs is compiled. */
const warmUpCount = 20_000
const attemptsMax = 5
/** So large that nothing is collected meanwhile: what memory grows by is what was allocated. */
const youngMegabytes = 512

/** Of one server, as of now. */
interface Sample {
  readonly heapBytes: number
  readonly collections: number
  readonly reads: number
  readonly writes: number
}

/** What 1,000 operations take of the leader, and of the followers on average, in an ensemble of three real processes. */
export async function measureProcessWork(): Promise<Map<string, Figures>> {
  const ensemble = await BenchEnsemble.start(banyan, {
    nodeOptions: (folder, id) => [
      `--min-semi-space-size=${youngMegabytes}`,
      `--max-semi-space-size=${youngMegabytes}`,
      '--expose-gc',
      '--import',
      `${monitor}?file=${encodeURIComponent(monitorFile(folder, id))}`,
    ],
  })
  try {
    const found = new Map<string, Figures>()
    for (const operation of operations) found.set(operation, await measure(ensemble, operation))
    return found
  } finally {
    await ensemble.end()
  }
}

async function measure(ensemble: BenchEnsemble, operation: (typeof operations)[number]): Promise<Figures> {
  const load: Omit<LoadSpec, 'name' | 'prepare' | 'requestsMax'> = {
    servers: ensemble.addresses,
    connections: 6,
    window: 50,
    mix: { kind: operation },
    dataBytes: 100,
    nodes: 100,
    parent: `/guard-${operation}`,
    warmUpMs: 0,
    measureMs: 0,
  }
  await runLoad({ ...load, name: 'warm', prepare: true, requestsMax: warmUpCount })
  const leader = await ensemble.settled()
  const servers = [leader, ...ensemble.servers.filter((server) => server !== leader)]
  for (let attempt = 1; attempt <= attemptsMax; attempt++) {
    const counted: LoadSpec = {
      ...load,
      name: `counted-${attempt}`,
      prepare: false,
      requestsMax: operationCount,
    }
    const before = await Promise.all(servers.map((server) => sampleOf(ensemble, server, 'collected')))
    const { errors, broken } = await runLoad(counted)
    const after = await Promise.all(servers.map((server) => sampleOf(ensemble, server, 'now')))
    if (errors + broken > 0) throw new Error(`${errors} errors, ${broken} broken connections`)
    // A collection all the same, such as one for memory outside the heap: what it freed cannot be told.
    if (after.some(({ collections }, i) => collections > (before[i]?.collections ?? 0))) continue
    const grown = after.map((sample, i) => perThousand(before[i] as Sample, sample))
    return { ...named('leader', grown.slice(0, 1)), ...named('follower', grown.slice(1)) }
  }
  throw new Error(`${operation}: memory was collected in each of ${attemptsMax} attempts`)
}

type Counted = Omit<Sample, 'collections'>

function perThousand(before: Sample, after: Sample): Counted {
  const of = (name: keyof Counted): number => ((after[name] - before[name]) * 1000) / operationCount
  return {
    heapBytes: of('heapBytes'),
    reads: of('reads'),
    writes: of('writes'),
  }
}

/** The mean of some servers. */
function named(role: string, servers: readonly Counted[]): Figures {
  const mean = (name: keyof Counted): number =>
    servers.reduce((sum, server) => sum + server[name], 0) / servers.length
  return {
    [`${role} heapBytes`]: mean('heapBytes'),
    [`${role} reads`]: mean('reads'),
    [`${role} writes`]: mean('writes'),
  }
}

const monitorFile = (folder: string, id: number): string => join(folder, `memory-${id}.json`)

type Memory = Omit<Sample, 'reads' | 'writes'>

async function sampleOf(
  ensemble: BenchEnsemble,
  server: EnsembleServer,
  when: 'now' | 'collected',
): Promise<Sample> {
  const file = monitorFile(ensemble.folder, server.id)
  const textOf = (): string => (existsSync(file) ? readFileSync(file, 'utf8') : '')
  const text = textOf()
  const calls = systemCalls(server.child.pid)
  server.child.signal('SIGUSR2')
  const memory = await until('the figures of the memory', () => {
    const now = textOf()
    return now !== text && (JSON.parse(now) as Record<typeof when, Memory>)[when]
  })
  return { ...memory, ...calls }
}

/** Those that read and write, as Linux counts them: of sockets, files, and between threads. */
function systemCalls(pid: number): { reads: number; writes: number } {
  const text = readFileSync(`/proc/${pid}/io`, 'utf8')
  const count = (name: string): number => Number(new RegExp(`^${name}: (\\d+)$`, 'm').exec(text)?.[1])
  return { reads: count('syscr'), writes: count('syscw') }
}
