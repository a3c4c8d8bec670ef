import type { SeededRandom } from '../../../src/runtime/seeded-random.ts'
import type { EnsembleServer } from '../../processes/harness/ensemble-server.ts'
import type { ChaosEnsemble } from '../chaos-ensemble.ts'

/** What a fault has to work with. */
export interface FaultScene {
  readonly ensemble: ChaosEnsemble
  readonly random: SeededRandom
  /** Waits between two bounds, drawn; shorter when the chaos is to end. */
  pause(minMs: number, maxMs: number): Promise<void>
  /** Waits for something; gives up when the chaos is to end. */
  until(what: string, look: () => Promise<unknown>): Promise<void>
  note(what: string): void
}

/** Something that goes wrong for a while and comes to its end by itself: what it broke is whole when `run` resolves. */
export interface Fault {
  readonly name: string
  /** How often it is chosen, compared with the others. */
  readonly weight: number
  run(scene: FaultScene): Promise<void>
}

/** Any server, or the leader: it is the one whose faults matter most. */
export async function victim({ ensemble, random }: FaultScene): Promise<EnsembleServer> {
  const anyone = random.pick(ensemble.servers)
  return random.chance(1, 2) ? ((await ensemble.leader()) ?? anyone) : anyone
}

/** So many different ones, in any order. */
export function draw<T>(random: SeededRandom, from: readonly T[], count: number): T[] {
  const left = [...from]
  return Array.from({ length: count }, () => left.splice(random.below(left.length), 1)).flat()
}
