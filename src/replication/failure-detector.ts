/**
 * Who has been silent for too long. Pure: it is told what was heard and what time it is.
 *
 * A server that was itself stopped (frozen, starved of CPU) finds all others silent when it wakes, although their
 * heartbeats lie unread in its sockets. So a gap between two looks at the clock is not held against the others.
 */
export class FailureDetector {
  readonly #timeoutMs: number
  readonly #lookEveryMs: number
  readonly #heardAtMs = new Map<number, number>()
  #lookedAtMs: number

  /** `timeoutMs`: silence that counts as failure. `lookEveryMs`: how often `silent` is going to be called. */
  constructor(options: { timeoutMs: number; lookEveryMs: number; nowMs: number }) {
    this.#timeoutMs = options.timeoutMs
    this.#lookEveryMs = options.lookEveryMs
    this.#lookedAtMs = options.nowMs
  }

  heard(server: number, nowMs: number): void {
    this.#heardAtMs.set(server, nowMs)
  }

  forget(server: number): void {
    this.#heardAtMs.delete(server)
  }

  /** The servers that have failed by now. */
  silent(nowMs: number): number[] {
    const ownPauseMs = Math.max(0, nowMs - this.#lookedAtMs - this.#lookEveryMs)
    this.#lookedAtMs = nowMs
    const failed: number[] = []
    for (const [server, heardAtMs] of this.#heardAtMs) {
      const creditedMs = Math.min(nowMs, heardAtMs + ownPauseMs)
      this.#heardAtMs.set(server, creditedMs)
      if (nowMs - creditedMs > this.#timeoutMs) failed.push(server)
    }
    return failed
  }
}
