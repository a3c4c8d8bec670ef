import { assert } from '../runtime/assert.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Timer, Timers } from '../runtime/timers.ts'
import { SimEvent } from './event-queue.ts'
import type { SimProcess } from './sim-process.ts'

/** Timers by the clock of the process's own host, which may run fast or slow. */
export class SimTimers implements Timers {
  readonly #process: SimProcess

  constructor(process: SimProcess) {
    this.#process = process
  }

  after(delayMs: number, call: () => void): Timer {
    assert(delayMs >= 0, () => `delay of ${delayMs} ms`)
    return this.#start(new TimerEvent(this.#process, delayMs, 0, call))
  }

  every(periodMs: number, call: () => void): Timer {
    assert(periodMs >= 1, () => `period of ${periodMs} ms`)
    return this.#start(new TimerEvent(this.#process, periodMs, periodMs, call))
  }

  endOfTurn(call: () => void): void {
    this.#process.callAtEndOfTurn(call)
  }

  #start(timer: TimerEvent): Timer {
    timer.start()
    return timer
  }
}

class TimerEvent extends SimEvent implements Timer {
  declare readonly process: SimProcess
  readonly #delayMs: number
  /** 0: only once. */
  readonly #periodMs: number
  readonly #call: () => void
  #queued = false

  constructor(process: SimProcess, delayMs: number, periodMs: number, call: () => void) {
    super(process)
    this.#delayMs = delayMs
    this.#periodMs = periodMs
    this.#call = call
  }

  start(): void {
    this.#queued = true
    this.process.schedule(this, this.#delayMs)
  }

  cancel(): void {
    if (this.cancelled) return
    this.cancelled = true
    if (this.#queued) this.process.host.world.queue.noteCancelled()
  }

  fire(): void {
    this.#queued = false
    this.#call()
    // From now on, not from when it was due: what a frozen process missed is not made up for, as in Node.
    if (this.#periodMs > 0 && !this.cancelled) this.start()
  }
}

/** The two times of a host. */
export class SimClock implements Clock {
  readonly #process: SimProcess

  constructor(process: SimProcess) {
    this.#process = process
  }

  wallMs(): number {
    return Math.floor(this.#process.host.wallMs())
  }

  monotonicMs(): number {
    return this.#process.host.monotonicMs()
  }
}
