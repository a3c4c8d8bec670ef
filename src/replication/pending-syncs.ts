/** Who asked whether the leader still leads, and was not told yet. Each has a number, which goes on across reigns. */
export class PendingSyncs {
  readonly #pending = new Map<number, () => void>()
  #nextId = 1

  add(done: () => void): number {
    const id = this.#nextId++
    this.#pending.set(id, done)
    return id
  }

  isPending(id: number): boolean {
    return this.#pending.has(id)
  }

  /** In the order in which they asked. */
  ids(): IterableIterator<number> {
    return this.#pending.keys()
  }

  unanswered(): (() => void)[] {
    return [...this.#pending.values()]
  }

  /** Nothing happens when it was answered before. */
  answer(id: number): void {
    const done = this.#pending.get(id)
    if (done === undefined) return
    this.#pending.delete(id)
    done()
  }
}
