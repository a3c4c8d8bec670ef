import { locks } from '../../src/sim/workloads/locks.ts'
import { register } from '../../src/sim/workloads/register.ts'
import { transfers } from '../../src/sim/workloads/transfers.ts'
import type { MakeWorkload } from '../../src/sim/workloads/workload.ts'

/** Everything that clients do during the chaos, by the name of its own folder in the tree. */
export const workloads: Readonly<Record<string, MakeWorkload>> = { register, transfers, locks }
