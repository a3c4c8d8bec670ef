/** Requests of one server, as they came: many, end to end. */
export interface RequestBatch {
  readonly from: number
  readonly bytes: Buffer
}

/** What waits for the leader to execute it, in the order it came. The servers bound what they have in flight, and so this. */
export class WaitingRequests {
  #batches: RequestBatch[] = []
  /** The first that was not taken. */
  #at = 0

  push(batch: RequestBatch): void {
    this.#batches.push(batch)
  }

  get isEmpty(): boolean {
    return this.#at === this.#batches.length
  }

  take(): RequestBatch | undefined {
    const batch = this.#batches[this.#at]
    if (batch === undefined) return undefined
    this.#at++
    if (this.isEmpty) {
      this.#batches = []
      this.#at = 0
    }
    return batch
  }

  /**
   * Drops what a server has sent behind requests that were refused; it sends all again, in order, when it is back. The bad
   * timeline without that: 1. request 9 is refused; 2. request 10, which waited behind it, is executed and committed, and by
   * that 9 counts as done everywhere; 3. the server, which has no answer to 9, stops at the answer to 10.
   */
  forget(from: number): void {
    this.#batches = this.#batches.slice(this.#at).filter((batch) => batch.from !== from)
    this.#at = 0
  }
}
