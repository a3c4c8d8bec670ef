import type { SeededRandom } from '../../runtime/seeded-random.ts'
import { type FaultName, faultNames } from './fault.ts'

/** How often each kind strikes on average, in strikes per minute of simulated time; 0: never. */
export type FaultRates = Readonly<Record<FaultName, number>>

/** Kinds that take a server's data: each costs a whole synchronization, so they are rarer. */
const costly: ReadonlySet<FaultName> = new Set(['logRot', 'snapshotRot', 'stateRot', 'wipe', 'crashAll'])

/**
 * Rates for one run. Most are 0: runs then differ in character, and a fault that would cover up the traces of another is often
 * absent (swarm testing; Groce and others, 2012).
 */
export function ratesDrawnFrom(random: SeededRandom): FaultRates {
  const presentIn12 = random.pick([1, 3, 3, 5, 8])
  return ratesOf((name) => {
    if (!random.chance(presentIn12, 12)) return 0
    return costly.has(name) ? random.pick([2, 5, 12]) : random.pick([3, 8, 20, 50])
  })
}

/** No fault at all, but for those named. */
export function onlyRates(rates: Partial<FaultRates>): FaultRates {
  return ratesOf((name) => rates[name] ?? 0)
}

function ratesOf(rateOf: (name: FaultName) => number): FaultRates {
  return Object.fromEntries(faultNames.map((name) => [name, rateOf(name)])) as Record<FaultName, number>
}
