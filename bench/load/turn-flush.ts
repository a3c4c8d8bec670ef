/** What has requests to send at the end of a turn. */
export interface Flushed {
  flush(nowMs: number): void
}

/** How often one more look is taken at what has arrived, while something has, before anything is sent. */
const looks = 2

/**
 * Sends for all connections together once what has arrived on any of them has been read. Sent one by one, each request would find
 * its server asleep, and wake it for itself: with one request in flight on each connection that costs generator and servers more
 * than everything else.
 */
export class TurnFlush {
  #waiting: Flushed[] = []
  #flushing: Flushed[] = []
  #looksLeft = 0
  #seen = 0
  readonly #look = (): void => {
    if (this.#looksLeft-- > 0 && this.#waiting.length > this.#seen) {
      this.#seen = this.#waiting.length
      setImmediate(this.#look)
      return
    }
    this.#flushAll()
  }

  /** Once for each turn. */
  add(connection: Flushed): void {
    if (this.#waiting.length === 0) {
      this.#looksLeft = looks
      this.#seen = 0
      setImmediate(this.#look)
    }
    this.#waiting.push(connection)
  }

  #flushAll(): void {
    const flushing = this.#waiting
    this.#waiting = this.#flushing
    this.#flushing = flushing
    const nowMs = performance.now()
    for (const connection of flushing) connection.flush(nowMs)
    flushing.length = 0
  }
}
