import { type Log, silentLog } from './log.ts'
import { nodeClock } from './node-clock.ts'
import { nodeDisk } from './node-disk.ts'
import { nodeNetwork } from './node-network.ts'
import { nodeRandom } from './node-random.ts'
import { nodeTimers } from './node-timers.ts'
import type { Runtime } from './runtime.ts'

/** The real world. `log`: where it is written; silent when left out. */
export function nodeRuntime(options: { log?: Log } = {}): Runtime {
  return {
    clock: nodeClock,
    timers: nodeTimers,
    random: nodeRandom,
    network: nodeNetwork,
    disk: nodeDisk,
    log: options.log ?? silentLog,
  }
}
