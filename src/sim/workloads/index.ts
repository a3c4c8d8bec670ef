import { countingWriter } from './counting-writer.ts'
import { locks } from './locks.ts'
import { register } from './register.ts'
import { transfers } from './transfers.ts'
import type { MakeWorkload } from './workload.ts'

/** Every workload by the name that it has on the command line and in reports. */
export const workloads: Readonly<Record<string, MakeWorkload>> = {
  'counting-writer': countingWriter,
  locks,
  register,
  transfers,
}
