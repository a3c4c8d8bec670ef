import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { BenchEnsemble } from '../../bench/ensembles/bench-ensemble.ts'
import { banyan } from '../../bench/ensembles/kinds.ts'
import { runLoad } from '../../bench/load/run-load.ts'
import { until } from '../processes/harness/until.ts'
import type { Operation } from './simulated-work.ts'

const monitor = pathToFileURL(join(import.meta.dirname, 'heap-monitor.mjs')).href
const operationCount = 10_000
const warmUpCount = 20_000
const attemptsMax = 5
/** So large that nothing is collected meanwhile: what the heap grows by is what was allocated. */
const youngMegabytes = 512

interface Heap {
  readonly usedBytes: number
  readonly collections: number
}

/** What a server that runs alone allocates on its heap for one operation, in bytes, once its code is compiled. */
export async function allocatedBytesPer(operation: Operation): Promise<number> {
  let file = ''
  const ensemble = await BenchEnsemble.start(banyan, {
    count: 1,
    nodeOptions: (folder) => {
      file = join(folder, 'heap.json')
      return [
        `--min-semi-space-size=${youngMegabytes}`,
        `--max-semi-space-size=${youngMegabytes}`,
        '--import',
        `${monitor}?file=${encodeURIComponent(file)}`,
      ]
    },
  })
  try {
    const load = {
      servers: ensemble.addresses,
      connections: 4,
      window: 50,
      mix: { kind: operation },
      dataBytes: 100,
      nodes: 100,
      parent: '/guard',
      warmUpMs: 0,
      measureMs: 0,
    } as const
    await runLoad({ ...load, name: 'warm', prepare: true, requestsMax: warmUpCount })
    for (let attempt = 1; attempt <= attemptsMax; attempt++) {
      const before = await heapOf(ensemble, file)
      const { errors, broken } = await runLoad({
        ...load,
        name: `counted-${attempt}`,
        prepare: false,
        requestsMax: operationCount,
      })
      const after = await heapOf(ensemble, file)
      if (errors + broken > 0) throw new Error(`${errors} errors, ${broken} broken connections`)
      // A collection all the same, such as one for memory outside the heap: what it freed cannot be told.
      if (after.collections > before.collections) continue
      return (after.usedBytes - before.usedBytes) / operationCount
    }
    throw new Error(`the heap was collected in each of ${attemptsMax} attempts`)
  } finally {
    await ensemble.end()
  }
}

async function heapOf(ensemble: BenchEnsemble, file: string): Promise<Heap> {
  const text = existsSync(file) ? readFileSync(file, 'utf8') : ''
  ensemble.servers[0]?.child.signal('SIGUSR2')
  return until('the figures of the heap', () => {
    const now = existsSync(file) ? readFileSync(file, 'utf8') : ''
    return now !== text && (JSON.parse(now) as Heap)
  })
}
