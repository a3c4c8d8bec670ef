import type { Violation } from '../../../src/sim/checkers/violation.ts'
import type { SimEnsemble } from '../../../src/sim/sim-ensemble.ts'
import type { MakeWorkload, Workload } from '../../../src/sim/workloads/workload.ts'
import { Trouble } from '../scenarios/trouble.ts'

/** Runs a workload on a simulated ensemble with trouble for `steps` steps, and tells what it finds. */
export async function underTrouble(
  ensemble: SimEnsemble,
  make: MakeWorkload,
  steps: number,
): Promise<{ workload: Workload; violations: Violation[] }> {
  const { world } = ensemble
  ensemble.start()
  await ensemble.untilServing()
  const admin = await ensemble.connectedClient()
  await world.settle(admin.create('/work'))
  await world.settle(admin.close())
  const workload = make({
    random: world.random.fork('workload'),
    client: (options) => ensemble.client(options),
    runtime: world.host('workload').runtime,
    servers: ensemble.ids,
    root: '/work',
    note: (what) => world.host('workload').note(what),
  })
  await world.settle(workload.prepare())
  workload.start()
  const trouble = new Trouble(ensemble)
  await trouble.run(steps, 1500)
  await trouble.end()
  await world.runFor(3000)
  await world.settle(workload.stop(), 120_000)
  return { workload, violations: await world.settle(workload.check(), 600_000) }
}
