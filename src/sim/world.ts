import { assert } from '../runtime/assert.ts'
import { drainMicrotasks, drainMicrotasksNow, outsideMicrotasks } from '../runtime/drain-microtasks.ts'
import { SeededRandom } from '../runtime/seeded-random.ts'
import { EventQueue, SimEvent } from './event-queue.ts'
import { NetworkFabric, type NetworkOptions } from './network-fabric.ts'
import type { DiskLatency } from './sim-disk.ts'
import { defaultDiskLatency } from './sim-disk.ts'
import { SimHost } from './sim-host.ts'
import type { SimProcess } from './sim-process.ts'
import { Trace } from './trace.ts'

/**
 * Events happen on this grid. It lets several of them reach a host at one instant, which makes them one turn of its event
 * loop: only so are batches longer than one ever seen.
 */
const gridUsDefault = 50

/** So often the process that runs the world gets to its own affairs: signals, output. */
const instantsPerSlice = 1_000

export interface WorldOptions {
  seed: string | number
  /** Wall time of every host at the start. */
  startWallMs?: number
  gridUs?: number
  network?: Partial<NetworkOptions>
  disk?: Partial<DiskLatency>
  /** How many of the last events the trace can show. */
  keptEvents?: number
  /** Is given every line of the trace as it happens. */
  echo?: (line: string) => void
}

export interface RunOptions {
  /** Stops when simulated time gets here. */
  untilMs?: number
  /** Stops when this holds; asked before the first event and after each instant at which anything happened. */
  until?: () => boolean
  /** With `until`: how much simulated time it may take before the run fails. Default one hour. */
  limitMs?: number
}

/**
 * A world of hosts with simulated time: the same seed and the same program make the same run, event for event.
 *
 * It takes the earliest instant at which anything happens; each host that something happens to has one turn of its event
 * loop: its events one by one, each with all promise continuations that follow from it, then what was put off to the end of
 * the turn, then the flush of what was written to its connections.
 */
export class World {
  readonly random: SeededRandom
  readonly trace: Trace
  readonly startWallMs: number
  readonly network: NetworkFabric
  readonly diskLatency: DiskLatency
  readonly queue = new EventQueue()
  readonly #gridUs: number
  readonly #seed: string | number
  readonly #hosts = new Map<string, SimHost>()
  readonly #due: SimProcess[] = []
  readonly #dueInWorld: SimEvent[] = []
  #nowUs = 0
  #order = 0
  #eventCount = 0
  #running = false
  #failure: Error | null = null

  constructor(options: WorldOptions) {
    this.#seed = options.seed
    this.random = new SeededRandom(options.seed)
    this.trace = new Trace({
      ...(options.keptEvents === undefined ? {} : { keptEvents: options.keptEvents }),
      ...(options.echo === undefined ? {} : { echo: options.echo }),
    })
    this.startWallMs = options.startWallMs ?? Date.UTC(2026, 0, 1)
    this.#gridUs = options.gridUs ?? gridUsDefault
    this.network = new NetworkFabric(this, options.network ?? {})
    this.diskLatency = { ...defaultDiskLatency, ...options.disk }
  }

  get nowUs(): number {
    return this.#nowUs
  }

  /** Simulated time since the world began. */
  get nowMs(): number {
    return this.#nowUs / 1000
  }

  /** Events that have happened so far. */
  get eventCount(): number {
    return this.#eventCount
  }

  get hosts(): IterableIterator<SimHost> {
    return this.#hosts.values()
  }

  /** The machine of this name, which is also its address; made when it is first asked for. */
  host(name: string): SimHost {
    let host = this.#hosts.get(name)
    if (host === undefined) {
      host = new SimHost(this, name, this.#hosts.size)
      this.#hosts.set(name, host)
    }
    return host
  }

  findHost(name: string): SimHost | undefined {
    return this.#hosts.get(name)
  }

  /** Something that the one who drives the world does later: a fault, a check. Not part of any host's turn. */
  at(atMs: number, call: () => void): void {
    this.scheduleAt(new WorldEvent(call), atMs * 1000)
  }

  scheduleIn(event: SimEvent, inUs: number): void {
    this.scheduleAt(event, this.#nowUs + inUs)
  }

  /** On the grid, and always later than now: what an instant leads to comes behind it. */
  scheduleAt(event: SimEvent, atUs: number): void {
    event.atUs = this.#onGrid(atUs)
    event.order = this.#order++
    this.queue.push(event)
  }

  #onGrid(atUs: number): number {
    const rounded = Math.ceil(atUs / this.#gridUs) * this.#gridUs
    return Math.max(rounded, this.#nowUs + this.#gridUs)
  }

  /**
   * Queues again, at the next instant, what was due already. It keeps its order: bytes that were held must come before
   * bytes of the same connection that were sent after them and may be due at that instant too.
   */
  requeue(event: SimEvent): void {
    event.atUs = this.#nowUs + this.#gridUs
    this.queue.push(event)
  }

  /** Ends the run that is under way with this error, at the end of the present instant. */
  fail(error: Error): void {
    this.#failure ??= error
  }

  /** Lets the world go on. Rejects when `until` does not hold within `limitMs`, naming the seed. */
  async run(options: RunOptions): Promise<void> {
    const { untilMs, until, limitMs = 3_600_000 } = options
    assert(untilMs !== undefined || until !== undefined, 'run: say until when')
    assert(!this.#running, 'run: the world is running already')
    const lastUs = (untilMs ?? this.nowMs + limitMs) * 1000
    this.#running = true
    try {
      // What the caller has started just before.
      await drainMicrotasks()
      if (await this.#advance(until, lastUs)) return
      if (untilMs === undefined) throw this.#overdue(limitMs)
      this.#nowUs = Math.max(this.#nowUs, lastUs)
    } finally {
      this.#running = false
    }
  }

  runFor(ms: number): Promise<void> {
    return this.run({ untilMs: this.nowMs + ms })
  }

  /** Runs until the promise settles, and gives what it gives. The caller's way to wait for a call on a host. */
  async settle<T>(pending: Promise<T>, limitMs = 3_600_000): Promise<T> {
    let settled = false
    const mark = (): void => {
      settled = true
    }
    pending.then(mark, mark)
    await this.run({ until: () => settled, limitMs })
    return pending
  }

  /** True: `until` holds; false: nothing else happens up to `lastUs`. */
  #advance(until: (() => boolean) | undefined, lastUs: number): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const slice = (): void => {
        try {
          for (let left = instantsPerSlice; left > 0; left--) {
            if (this.#failure !== null) throw this.#failure
            if (until?.()) return resolve(true)
            const next = this.queue.peek()
            if (next === undefined || next.atUs > lastUs) return resolve(false)
            this.#instant(next.atUs)
          }
          outsideMicrotasks(slice)
        } catch (error) {
          reject(error)
        }
      }
      outsideMicrotasks(slice)
    })
  }

  #instant(atUs: number): void {
    this.#nowUs = atUs
    this.#gather(atUs)
    try {
      for (const event of this.#dueInWorld) {
        this.#eventCount++
        event.fire()
        drainMicrotasksNow()
      }
      for (const process of this.#due) this.#turn(process)
    } finally {
      for (const process of this.#due) process.ready.length = 0
      this.#dueInWorld.length = 0
      this.#due.length = 0
    }
  }

  #gather(atUs: number): void {
    for (
      let event = this.queue.peek();
      event !== undefined && event.atUs === atUs;
      event = this.queue.peek()
    ) {
      this.queue.pop()
      if (event.cancelled) continue
      const process = event.process
      if (process === null) this.#dueInWorld.push(event)
      else if (process.alive) {
        if (process.busyUntilUs > atUs) {
          // As in `requeue`: whatever the slow processor delays keeps its order.
          event.atUs = this.#onGrid(process.busyUntilUs)
          this.queue.push(event)
          continue
        }
        if (process.ready.length === 0) this.#due.push(process)
        process.ready.push(event)
      }
    }
  }

  #turn(process: SimProcess): void {
    process.inTurn = true
    let handled = 0
    for (const event of process.ready) {
      // Each may have crashed or frozen the host, or taken back a later one.
      if (event.cancelled || !process.alive) continue
      if (process.host.frozen) {
        process.held.push(event)
        continue
      }
      this.#eventCount++
      handled++
      event.fire()
      drainMicrotasksNow()
      process.reachAwaitPoint()
    }
    process.ready.length = 0
    if (process.alive && !process.host.frozen) {
      process.finishTurn()
      drainMicrotasksNow()
      process.flush()
      process.busyUntilUs = this.#nowUs + handled * process.host.cpuUsPerEvent
    }
    process.closeTurn()
  }

  #overdue(limitMs: number): Overdue {
    const why = this.queue.length === 0 ? 'nothing is left to happen' : `not within ${limitMs} ms`
    const tail = this.trace.lines(40).join('\n')
    return new Overdue(`what the run waits for did not come, ${why} (at ${this.nowMs} ms)`, this.#seed, tail)
  }
}

/** What a run waited for did not come. */
export class Overdue extends Error {
  readonly why: string

  constructor(why: string, seed: string | number, tail: string) {
    super(`seed ${seed}: ${why}\n${tail}`)
    this.why = why
  }
}

class WorldEvent extends SimEvent {
  readonly #call: () => void

  constructor(call: () => void) {
    super(null)
    this.#call = call
  }

  fire(): void {
    this.#call()
  }
}
