import { Histogram } from './histogram.ts'

/** What all connections of a burst have achieved together, within the time that counts. */
export class Tally {
  readonly reads = new Histogram()
  readonly writes = new Histogram()
  /** Replies, whether they count or not. */
  answered = 0
  #asked = 0
  readonly #requestsMax: number
  readonly #onAllAnswered: () => void
  #beginMs = Number.POSITIVE_INFINITY
  #endMs = Number.POSITIVE_INFINITY

  /** `requestsMax`: how many requests there may be, warm-up included. */
  constructor(requestsMax: number, onAllAnswered: () => void) {
    this.#requestsMax = requestsMax
    this.#onAllAnswered = onAllAnswered
  }

  /** Replies count from `beginMs` on, until `endMs`. */
  measure(beginMs: number, endMs: number): void {
    this.#beginMs = beginMs
    this.#endMs = endMs
  }

  /** How many requests have been sent. */
  get asked(): number {
    return this.#asked
  }

  /** How many of `wanted` requests may still be sent; they count as sent. */
  mayAsk(wanted: number): number {
    const granted = Math.min(wanted, this.#requestsMax - this.#asked)
    this.#asked += granted
    return granted
  }

  add(read: boolean, sentMs: number, nowMs: number): void {
    if (nowMs >= this.#beginMs && nowMs < this.#endMs) {
      if (read) this.reads.add(nowMs - sentMs)
      else this.writes.add(nowMs - sentMs)
    }
    if (++this.answered === this.#requestsMax) this.#onAllAnswered()
  }
}
