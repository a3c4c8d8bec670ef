type Listener = (...args: readonly unknown[]) => void

/** Listeners by event name; the types of their arguments come from `Events`. */
export class Emitter<Events extends { [Name in keyof Events]: readonly unknown[] }> {
  readonly #listeners = new Map<keyof Events, Set<Listener>>()

  /**
   * Calls `listener` for every such event from now on.
   *
   * @returns a call that takes the listener away again
   */
  on<Name extends keyof Events>(name: Name, listener: (...args: Events[Name]) => void): () => void {
    let listeners = this.#listeners.get(name)
    if (listeners === undefined) {
      listeners = new Set()
      this.#listeners.set(name, listeners)
    }
    listeners.add(listener as unknown as Listener)
    return () => this.off(name, listener)
  }

  /** Calls `listener` for the next such event only. */
  once<Name extends keyof Events>(name: Name, listener: (...args: Events[Name]) => void): () => void {
    const off = this.on(name, (...args: Events[Name]) => {
      off()
      listener(...args)
    })
    return off
  }

  off<Name extends keyof Events>(name: Name, listener: (...args: Events[Name]) => void): void {
    this.#listeners.get(name)?.delete(listener as unknown as Listener)
  }

  protected emit<Name extends keyof Events>(name: Name, ...args: Events[Name]): void {
    const listeners = this.#listeners.get(name)
    if (listeners === undefined) return
    for (const listener of [...listeners]) {
      callListener(() => listener(...args))
    }
  }
}

/**
 * Runs code of the application from inside the library. What it throws surfaces as an uncaught error, where the
 * application sees it, and not in the middle of the library's own work.
 */
export function callListener(call: () => void): void {
  try {
    call()
  } catch (error) {
    queueMicrotask(() => {
      throw error
    })
  }
}
