import type { Timers } from '../runtime/timers.ts'

export interface Flushable {
  flush(): void
}

/** Connections with gathered replies: each is flushed once, at the end of the turn. */
export class FlushList {
  readonly #timers: Timers
  readonly #onBroken: (error: unknown) => void
  #dirty: Flushable[] = []
  #spare: Flushable[] = []
  readonly #run = (): void => this.flush()

  constructor(timers: Timers, onBroken: (error: unknown) => void) {
    this.#timers = timers
    this.#onBroken = onBroken
  }

  add(flushable: Flushable): void {
    if (this.#dirty.length === 0) this.#timers.endOfTurn(this.#run)
    this.#dirty.push(flushable)
  }

  flush(): void {
    const dirty = this.#dirty
    this.#dirty = this.#spare
    try {
      for (const flushable of dirty) flushable.flush()
    } catch (error) {
      this.#onBroken(error)
    }
    dirty.length = 0
    this.#spare = dirty
  }
}
