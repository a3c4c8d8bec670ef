import type { SeededRandom } from '../../runtime/seeded-random.ts'
import type { SimEnsemble } from '../sim-ensemble.ts'
import { PlainTrouble, plainTroubleKinds } from './plain-trouble.ts'

/** Milliseconds between two faults of a kind, on average; a kind that is left out does not happen. */
export type FaultRates = Readonly<Record<string, number>>

/** Makes faults happen in a simulated ensemble, within what it must survive. */
export interface Trouble {
  start(): void
  /** No more faults; everything is repaired, and what is down is on its way up. */
  stop(): void
  /** A server stopped by itself. True: one of the faults explains this, and the server will be brought back. */
  explains(id: number, error: unknown): boolean
  /** How often each kind has happened. */
  readonly counts: ReadonlyMap<string, number>
}

export const faultKinds: readonly string[] = plainTroubleKinds

/** Half of the kinds, each at a rate of its own; all of those that are named. */
export function drawFaultRates(random: SeededRandom, named: readonly string[]): FaultRates {
  const rates: Record<string, number> = {}
  for (const kind of faultKinds) {
    const own = random.fork(kind)
    const drawn = own.chance(1, 2)
    const everyMs = own.between(500, 6_000)
    if (named.length > 0 ? named.includes(kind) : drawn) rates[kind] = everyMs
  }
  return rates
}

export function makeTrouble(ensemble: SimEnsemble, random: SeededRandom, rates: FaultRates): Trouble {
  return new PlainTrouble(ensemble, random, rates)
}
