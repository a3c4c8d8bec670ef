import type { Runtime } from '../runtime/runtime.ts'
import type { Timer } from '../runtime/timers.ts'

/**
 * Keeps one connection honest, by the negotiated session timeout T:
 * - nothing sent for T/3: a ping, so that the session lives on while the application is silent;
 * - nothing received for 2T/3: the server counts as dead, which leaves T/3 to find another one before the session ends.
 */
export class Heartbeat {
  readonly #runtime: Runtime
  readonly #onPing: () => void
  readonly #onSilence: (silentMs: number) => void
  readonly #pingMs: number
  readonly #silenceMs: number
  #sentMs: number
  #receivedMs: number
  #suspected = false
  #timer: Timer | null = null

  constructor(options: {
    runtime: Runtime
    sessionTimeoutMs: number
    /** Must send something, which is reported by `sent`. */
    onPing: () => void
    /** Called at most once; the heartbeat has stopped. */
    onSilence: (silentMs: number) => void
  }) {
    this.#runtime = options.runtime
    this.#onPing = options.onPing
    this.#onSilence = options.onSilence
    this.#pingMs = options.sessionTimeoutMs / 3
    this.#silenceMs = (options.sessionTimeoutMs * 2) / 3
    this.#sentMs = options.runtime.clock.monotonicMs()
    this.#receivedMs = this.#sentMs
    this.#arm()
  }

  sent(): void {
    this.#sentMs = this.#runtime.clock.monotonicMs()
  }

  received(): void {
    this.#receivedMs = this.#runtime.clock.monotonicMs()
    this.#suspected = false
  }

  stop(): void {
    this.#timer?.cancel()
    this.#timer = null
  }

  #arm(): void {
    const nowMs = this.#runtime.clock.monotonicMs()
    const dueMs = Math.min(this.#sentMs + this.#pingMs, this.#receivedMs + this.#silenceMs)
    // At least a millisecond, so that rounding in a clock cannot make this a busy loop.
    this.#timer = this.#runtime.timers.after(Math.max(1, Math.ceil(dueMs - nowMs)), () => this.#check())
  }

  #check(): void {
    this.#timer = null
    const nowMs = this.#runtime.clock.monotonicMs()
    if (nowMs - this.#receivedMs >= this.#silenceMs) {
      // 1. this process is frozen for a while; 2. it wakes up, and timers run before sockets are read; 3. what the server
      // sent long ago is still unread. So the sockets get one more turn before the verdict.
      if (this.#suspected) {
        this.#onSilence(nowMs - this.#receivedMs)
        return
      }
      this.#suspected = true
    }
    if (nowMs - this.#sentMs >= this.#pingMs) {
      this.#onPing()
      this.#sentMs = nowMs
    }
    this.#arm()
  }
}
