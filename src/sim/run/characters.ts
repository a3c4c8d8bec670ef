import type { SeededRandom } from '../../runtime/seeded-random.ts'
import type { FaultRates } from '../faults/rates.ts'
import type { Plan } from './plan.ts'

/**
 * What sets a run apart from those that draw everything alike: few faults, often, and the workloads whose promises they are hard
 * on. A timeline that takes three rare things at once comes up within some hundred seeds so, and not within a hundred thousand.
 */
export interface Character {
  readonly name: string
  readonly servers: readonly number[]
  /** All of these take part ... */
  readonly workloads: readonly string[]
  /** ... and one of these, or none. */
  readonly alsoOneOf: readonly string[]
  /** Each is there in every run of the character, at one of these rates. */
  readonly faults: Readonly<Partial<Record<keyof FaultRates, readonly number[]>>>
  readonly config?: Partial<Plan['config']>
}

export const characters: readonly Character[] = [
  {
    name: 'rival candidates',
    servers: [3, 3, 5],
    workloads: [],
    alsoOneOf: ['counting-writer', 'register', 'exactly-once'],
    faults: { rivalCandidates: [40, 80], bridge: [0, 8], slowDisk: [0, 20], jitter: [0, 8] },
  },
  {
    name: 'moving clients',
    servers: [3, 3, 5],
    workloads: ['register'],
    alsoOneOf: ['queue', 'locks', 'watches', 'transfers'],
    faults: { abandonedServer: [40, 80], slowDisk: [0, 8], clientCut: [0, 20], reset: [0, 20] },
  },
  {
    name: 'silent clients',
    servers: [1, 3, 3],
    workloads: ['ephemerals'],
    alsoOneOf: ['locks', 'sessions'],
    faults: { silentClient: [40, 80], kill: [0, 0, 3] },
  },
  {
    name: 'a lone server that freezes',
    servers: [1],
    workloads: ['ephemerals'],
    alsoOneOf: ['locks', 'watches', 'register'],
    faults: { freeze: [20, 50], slowServer: [0, 8] },
  },
  {
    name: 'whole states brought over under reads',
    servers: [3, 3, 5],
    workloads: ['register'],
    alsoOneOf: ['watches', 'sessions', 'snapshots-under-load'],
    faults: { reset: [100, 200], slowDisk: [8, 20], split: [0, 8], isolatedServer: [0, 8] },
    config: { resync: 'full' },
  },
  {
    name: 'a leader that is not heard',
    servers: [3, 3, 5],
    workloads: ['register'],
    alsoOneOf: ['queue', 'ephemerals', 'exactly-once'],
    faults: { mutedLeader: [30, 60], isolatedLeader: [0, 8], freezeLeader: [0, 8] },
  },
  {
    name: 'clients between two reigns',
    servers: [3, 5, 5],
    workloads: ['register'],
    alsoOneOf: ['ephemerals', 'transfers', 'watches', 'queue'],
    faults: { lingeringReign: [30, 60], jitter: [0, 8], clientCut: [0, 8] },
  },
]

/** One run in three has a character. */
export function drawCharacter(random: SeededRandom): Character | null {
  return random.chance(1, 3) ? random.pick(characters) : null
}

/** The workloads of a run of this character. */
export function workloadsOf({ workloads, alsoOneOf }: Character, random: SeededRandom): string[] {
  const also = workloads.length === 0 || random.chance(1, 3) ? [random.pick(alsoOneOf)] : []
  return [...workloads, ...also]
}

/** The faults of a run of this character; none but those. */
export function ratesOf({ faults }: Character, random: SeededRandom): Partial<FaultRates> {
  return Object.fromEntries(Object.entries(faults).map(([name, rates]) => [name, random.pick(rates)]))
}
