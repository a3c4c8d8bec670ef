import type { SeededRandom } from '../../runtime/seeded-random.ts'
import { type FaultName, faultNames } from '../faults/fault.ts'
import { type FaultRates, onlyRates, ratesDrawnFrom } from '../faults/rates.ts'

/** In place of the name of a fault: none at all. */
export const noFault = 'none'

/** How often faults strike that were asked for by name. */
const namedStrikesPerMinute = 20

/** Rates as drawn; of the named kinds alone where there are any. */
export function drawFaultRates(random: SeededRandom, named: readonly string[]): FaultRates {
  if (named.length === 0) return ratesDrawnFrom(random)
  const rates: Partial<Record<FaultName, number>> = {}
  for (const name of faultNames) if (named.includes(name)) rates[name] = namedStrikesPerMinute
  return onlyRates(rates)
}
