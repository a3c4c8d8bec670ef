import type { Clock } from './clock.ts'
import type { Disk } from './disk.ts'
import type { Log } from './log.ts'
import type { Network } from './network.ts'
import type { Random } from './random.ts'
import type { Timers } from './timers.ts'

/**
 * The outside world, as one server or one client sees it. Everything above this folder reaches it only through here, so
 * a whole ensemble can run under a seed inside one process.
 */
export interface Runtime {
  readonly clock: Clock
  readonly timers: Timers
  readonly random: Random
  readonly network: Network
  readonly disk: Disk
  readonly log: Log
}
