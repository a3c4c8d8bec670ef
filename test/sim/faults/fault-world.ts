import { SeededRandom } from '../../../src/runtime/seeded-random.ts'
import { FaultBudget } from '../../../src/sim/faults/budget.ts'
import { Caretaker } from '../../../src/sim/faults/caretaker.ts'
import type { FaultContext } from '../../../src/sim/faults/fault.ts'
import { PassingFaults } from '../../../src/sim/faults/passing-faults.ts'
import { StopJudge } from '../../../src/sim/faults/stop-judge.ts'
import { SimEnsemble, type SimEnsembleOptions } from '../../../src/sim/sim-ensemble.ts'

/** What one family of faults needs, around an ensemble whose servers have not been started. */
export function faultWorld(
  options: Partial<SimEnsembleOptions> = {},
): FaultContext & { random: SeededRandom } {
  const ensemble = new SimEnsemble({ seed: 1, servers: 3, ...options })
  const budget = new FaultBudget(ensemble.ids)
  const judge = new StopJudge(ensemble)
  const random = new SeededRandom(`faults ${options.seed ?? 1}`)
  const caretaker = new Caretaker({ ensemble, budget, judge, random: random.fork('caretaker') })
  const passing = new PassingFaults(ensemble.world)
  ensemble.onServerStopped = (id, error) => {
    const problem = judge.problemOf({ id, error, config: ensemble.configOf(id) })
    if (problem !== null) ensemble.world.fail(new Error(`server ${id} stopped, ${problem}: ${String(error)}`))
  }
  return { ensemble, budget, judge, caretaker, passing, random }
}

/** With all servers serving and the caretaker on his rounds. */
export async function servingWorld(
  options: Partial<SimEnsembleOptions> = {},
): Promise<ReturnType<typeof faultWorld>> {
  const world = faultWorld(options)
  world.ensemble.start()
  world.caretaker.start()
  await world.ensemble.untilServing()
  // One more round, that what serves has been seen.
  await world.ensemble.world.runFor(100)
  return world
}

/** Which servers of the ensemble do not reach which others just now, as "1>2". */
export function cutsIn({ ensemble }: Pick<FaultContext, 'ensemble'>): string[] {
  const { network } = ensemble.world
  return ensemble.ids.flatMap((from) =>
    ensemble.ids
      .filter((to) => to !== from && network.cutBetween(ensemble.host(from), ensemble.host(to)) !== null)
      .map((to) => `${from}>${to}`),
  )
}
