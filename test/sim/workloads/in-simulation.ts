import { Client } from '../../../src/client/client.ts'
import type { Violation } from '../../../src/sim/checkers/violation.ts'
import { SimEnsemble, type SimEnsembleOptions } from '../../../src/sim/sim-ensemble.ts'
import type { MakeWorkload, Workload, WorkloadContext } from '../../../src/sim/workloads/workload.ts'
import { Trouble } from '../scenarios/trouble.ts'

/** What a run of one workload came to. */
export interface WorkloadRun {
  violations: Violation[]
  workload: Workload
  notes: string[]
  traceHash: string
}

export interface WorkloadRunOptions extends Omit<SimEnsembleOptions, 'servers'> {
  servers?: number
  /** Faults and repairs, up to a second apart. */
  troubleSteps?: number
  /** How long it runs without trouble. */
  calmMs?: number
  /** Wraps each client, to play a server that lies. */
  distort?: (client: Client, ensemble: SimEnsemble) => Client
}

/** Runs one workload on a simulated ensemble of its own, through some trouble, and has it judged. */
export async function runWorkload(make: MakeWorkload, options: WorkloadRunOptions): Promise<WorkloadRun> {
  const ensemble = new SimEnsemble({ servers: 3, ...options })
  const { world } = ensemble
  const clients: Client[] = []
  const notes: string[] = []
  const context: WorkloadContext = {
    random: world.random.fork('workload'),
    client: ({ servers = ensemble.ids, sessionTimeoutMs = 10_000, exactlyOnce = true } = {}) => {
      const { runtime } = world.host(`w${clients.length}`)
      const addresses = servers.map((id) => ({ host: `s${id}`, port: 2181 }))
      const client = new Client({ servers: addresses, runtime, sessionTimeoutMs, exactlyOnce })
      clients.push(client)
      return options.distort?.(client, ensemble) ?? client
    },
    runtime: world.host('workload').runtime,
    servers: ensemble.ids,
    root: '/work',
    note: (what) => notes.push(what),
  }
  ensemble.start()
  await ensemble.untilServing()
  const maker = await ensemble.connectedClient()
  await world.settle(maker.create('/work'))
  const workload = make(context)
  await world.settle(workload.prepare())
  workload.start()
  await world.runFor(options.calmMs ?? 1000)
  if (options.troubleSteps !== undefined) {
    const trouble = new Trouble(ensemble)
    await trouble.run(options.troubleSteps, 1000)
    await trouble.end()
  }
  await world.settle(workload.stop())
  const violations = await world.settle(workload.check())
  return { violations, workload, notes, traceHash: world.trace.hash }
}
