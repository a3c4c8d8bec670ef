import type { Timer, Timers } from '../../runtime/timers.ts'

/** What the clients of a workload wait with: pauses that end early when the workload is asked to stop. */
export class UntilStopped {
  readonly #timers: Timers
  readonly #waiting = new Set<() => void>()
  #stopped = false

  constructor(timers: Timers) {
    this.#timers = timers
  }

  get stopped(): boolean {
    return this.#stopped
  }

  stop(): void {
    this.#stopped = true
    for (const wake of [...this.#waiting]) wake()
  }

  pause(ms: number): Promise<void> {
    return this.wait(() => () => {}, ms)
  }

  /**
   * Waits until something happens, `limitMs` have passed or the workload stops.
   *
   * @param begin is given what to call when it has happened, and returns how to leave off waiting for it
   */
  wait(begin: (happened: () => void) => () => void, limitMs: number): Promise<void> {
    if (this.#stopped) return Promise.resolve()
    return new Promise((resolve) => {
      let timer: Timer | null = null
      let leave: (() => void) | null = null
      const wake = (): void => {
        this.#waiting.delete(wake)
        timer?.cancel()
        leave?.()
        resolve()
      }
      this.#waiting.add(wake)
      timer = this.#timers.after(limitMs, wake)
      leave = begin(wake)
      // It happened at once.
      if (!this.#waiting.has(wake)) leave()
    })
  }
}
