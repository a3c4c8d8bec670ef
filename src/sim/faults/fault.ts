import type { SeededRandom } from '../../runtime/seeded-random.ts'
import type { SimEnsemble } from '../sim-ensemble.ts'
import type { FaultBudget } from './budget.ts'
import type { Caretaker } from './caretaker.ts'
import type { PassingFaults } from './passing-faults.ts'
import type { StopJudge } from './stop-judge.ts'

/** Every kind of fault, each with a rate of its own. */
export const faultNames = [
  // Links
  'jitter',
  'slowLink',
  'reset',
  // Partitions
  'oneWay',
  'isolatedServer',
  'isolatedLeader',
  'split',
  'bridge',
  'nonTransitive',
  'clientCut',
  'silentClient',
  // Crashes
  'powerLoss',
  'kill',
  'crashAtAwaitPoint',
  'crashInRecovery',
  'crashAll',
  // Restarts that people ask for
  'rollingRestart',
  'handOver',
  // Starved processes
  'freeze',
  'freezeLeader',
  'slowServer',
  'overloadedLeader',
  // Clocks
  'clockJumpForward',
  'clockJumpBackward',
  'clockDrift',
  // Disks
  'slowDisk',
  'writeError',
  'syncError',
  'fullDisk',
  // Data
  'logRot',
  'snapshotRot',
  'stateRot',
  'wipe',
  // Configuration files
  'lackingConfig',
  'wrongPort',
  'wrongId',
  // Several at once
  'rivalCandidates',
  'abandonedServer',
  'mutedLeader',
  'lingeringReign',
] as const

export type FaultName = (typeof faultNames)[number]

/** What faults have to work with. */
export interface FaultContext {
  readonly ensemble: SimEnsemble
  readonly budget: FaultBudget
  readonly passing: PassingFaults
  readonly caretaker: Caretaker
  readonly judge: StopJudge
}

/** Does one fault of its kind now; false when there is nothing to do it to, or when the budget forbids it. */
export type Strike = (random: SeededRandom) => boolean

/** The kinds of fault of one family. What they break for a while they hand to `PassingFaults`, which mends it. */
export type FaultFamily<Name extends FaultName> = Readonly<Record<Name, Strike>>
