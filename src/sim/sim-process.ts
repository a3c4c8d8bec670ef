import type { Clock } from '../runtime/clock.ts'
import type { Disk } from '../runtime/disk.ts'
import type { Log } from '../runtime/log.ts'
import type { Network } from '../runtime/network.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { SeededRandom } from '../runtime/seeded-random.ts'
import type { Timers } from '../runtime/timers.ts'
import { SimEvent } from './event-queue.ts'
import type { SimConnection } from './sim-connection.ts'
import { SimDisk } from './sim-disk.ts'
import type { SimHost } from './sim-host.ts'
import { SimLog } from './sim-log.ts'
import { SimNetwork } from './sim-network.ts'
import { SimClock, SimTimers } from './sim-timers.ts'

/**
 * One life of a host, from boot to crash, and the runtime that the program running on it sees. After a crash nothing that
 * belonged to it happens any more: no timer fires, no promise of its disk or network settles.
 */
export class SimProcess implements Runtime {
  readonly host: SimHost
  readonly clock: Clock
  readonly timers: Timers
  readonly random: SeededRandom
  readonly network: Network
  readonly disk: Disk
  readonly log: Log
  alive = true
  /** What came due in the present turn. Only the world touches it. */
  readonly ready: SimEvent[] = []
  /** What came due while the host was frozen, in order. */
  readonly held: SimEvent[] = []
  readonly connections = new Set<SimConnection>()
  /** Connections that were written to since the last flush. */
  #written: SimConnection[] = []
  #calls: (() => void)[] = []
  #turnQueued = false
  inTurn = false
  /** While its processor is slow: no turn begins before this. */
  busyUntilUs = 0
  /** Await points until it crashes; 0 when it does not. Set by its host. */
  pointsLeft = 0
  crashesHow: 'power' | 'process' = 'power'

  constructor(host: SimHost, life: number) {
    this.host = host
    this.random = host.world.random.fork(`process ${host.name} ${life}`)
    this.clock = new SimClock(this)
    this.timers = new SimTimers(this)
    this.network = new SimNetwork(this)
    this.disk = new SimDisk(this)
    this.log = new SimLog(this)
  }

  /** Queues an event of this process, `delayMs` from now by its own clock. */
  schedule(event: SimEvent, delayMs: number): void {
    if (this.alive) this.host.world.scheduleIn(event, (delayMs * 1000) / this.host.clockRate)
  }

  callAtEndOfTurn(call: () => void): void {
    if (!this.alive) return
    this.#calls.push(call)
    this.#needTurn()
  }

  flushAtEndOfTurn(connection: SimConnection): void {
    this.#written.push(connection)
    this.#needTurn()
  }

  /** Everything asked for until now; what these calls ask for themselves is left for the next turn. */
  finishTurn(): void {
    const calls = this.#calls
    if (calls.length > 0) {
      this.#calls = []
      for (const call of calls) if (this.alive) call()
    }
    this.flush()
  }

  flush(): void {
    const written = this.#written
    if (written.length === 0) return
    this.#written = []
    for (const connection of written) {
      connection.flush()
      this.reachAwaitPoint()
    }
  }

  /** A moment at which a crash may fall: between an effect and the program's hearing of it. */
  reachAwaitPoint(): void {
    if (this.pointsLeft === 0 || !this.alive) return
    this.pointsLeft--
    if (this.pointsLeft === 0) this.host.crash(this.crashesHow)
  }

  /** After a turn: there may be calls that were asked for by the calls at its end. */
  closeTurn(): void {
    this.inTurn = false
    if (this.#calls.length > 0 || this.#written.length > 0) this.#needTurn()
  }

  turnCame(): void {
    this.#turnQueued = false
  }

  #needTurn(): void {
    if (this.inTurn || this.#turnQueued || !this.alive) return
    this.#turnQueued = true
    this.host.world.scheduleIn(new TurnEvent(this), 0)
  }
}

/** Has no input of its own: only makes the process have a turn. */
class TurnEvent extends SimEvent {
  declare readonly process: SimProcess

  fire(): void {
    this.process.turnCame()
  }
}
