import { countingWriter } from './counting-writer.ts'
import { ephemerals } from './ephemerals.ts'
import { exactlyOnce } from './exactly-once.ts'
import { locks } from './locks.ts'
import { queue } from './queue.ts'
import { register } from './register.ts'
import { sessions } from './sessions.ts'
import { transfers } from './transfers.ts'
import { largeTree, snapshotsUnderLoad } from './tree.ts'
import { watches } from './watches.ts'
import type { MakeWorkload } from './workload.ts'

/** Every workload by the name that it has on the command line and in reports. */
export const workloads: Readonly<Record<string, MakeWorkload>> = {
  'counting-writer': countingWriter,
  ephemerals,
  'exactly-once': exactlyOnce,
  'large-tree': largeTree,
  locks,
  queue,
  register,
  sessions,
  'snapshots-under-load': snapshotsUnderLoad,
  transfers,
  watches,
}
