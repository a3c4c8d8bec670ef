/**
 * What is to happen when the input of one turn of the event loop has been handled: first the calls that were asked for,
 * then, as the very last, the flushes of everything that was written meanwhile, so what those calls write leaves in the
 * same turn and in one system call per connection.
 *
 * setImmediate is that moment: Node runs it right behind the phase that hands out what the sockets and files had ready.
 */
export class TurnEnd {
  #calls: (() => void)[] = []
  #spareCalls: (() => void)[] = []
  #flushes: (() => void)[] = []
  #spareFlushes: (() => void)[] = []
  #scheduled = false
  readonly #run = () => this.#finish()

  /** Made once. What is asked for from within such a call is made in the next turn. */
  call(call: () => void): void {
    this.#calls.push(call)
    this.#schedule()
  }

  /** Made once, behind all calls of this turn, also when it is asked for from within one of them. */
  flush(flush: () => void): void {
    this.#flushes.push(flush)
    this.#schedule()
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(this.#run)
  }

  #finish(): void {
    const calls = this.#calls
    this.#calls = this.#spareCalls
    this.#scheduled = false
    try {
      for (const call of calls) call()
    } finally {
      calls.length = 0
      this.#spareCalls = calls
      const flushes = this.#flushes
      this.#flushes = this.#spareFlushes
      for (const flush of flushes) flush()
      flushes.length = 0
      this.#spareFlushes = flushes
    }
  }
}
