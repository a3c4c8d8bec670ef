import { countingWriter } from './counting-writer.ts'
import { ephemerals } from './ephemerals.ts'
import { locks } from './locks.ts'
import { queue } from './queue.ts'
import { register } from './register.ts'
import { transfers } from './transfers.ts'
import { largeTree, snapshotsUnderLoad } from './tree.ts'
import type { MakeWorkload } from './workload.ts'

/** Every workload by the name that it has on the command line and in reports. */
export const workloads: Readonly<Record<string, MakeWorkload>> = {
  'counting-writer': countingWriter,
  ephemerals,
  'large-tree': largeTree,
  locks,
  queue,
  register,
  'snapshots-under-load': snapshotsUnderLoad,
  transfers,
}
