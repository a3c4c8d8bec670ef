import { type Log, silentLog } from './log.ts'
import { nodeClock } from './node-clock.ts'
import { nodeDisk } from './node-disk.ts'
import { NodeNetwork } from './node-network.ts'
import { nodeRandom } from './node-random.ts'
import { NodeTimers } from './node-timers.ts'
import type { Runtime } from './runtime.ts'
import { TurnEnd } from './turn-end.ts'

/** The real world: this machine's clocks, network and disk. `log` defaults to silence; see nodeLog in node-log.ts. */
export function nodeRuntime(options: { log?: Log } = {}): Runtime {
  const log = options.log ?? silentLog
  const turnEnd = new TurnEnd()
  return {
    clock: nodeClock,
    timers: new NodeTimers(turnEnd),
    random: nodeRandom,
    network: new NodeNetwork(turnEnd, log),
    disk: nodeDisk,
    log,
  }
}
