/**
 * Who waits for what to happen at which path; every entry is good for one event. Most paths have a single watcher, so a
 * set is made only for the second.
 */
export class WatchTable<W extends object> {
  readonly #watchersOf = new Map<string, W | Set<W>>()
  readonly #pathsOf = new Map<W, Set<string>>()
  #size = 0

  /** Entries: (path, watcher) pairs. */
  get size(): number {
    return this.#size
  }

  get pathCount(): number {
    return this.#watchersOf.size
  }

  get paths(): IterableIterator<string> {
    return this.#watchersOf.keys()
  }

  /** Watchers with at least one path, and their paths. */
  get watchers(): ReadonlyMap<W, ReadonlySet<string>> {
    return this.#pathsOf
  }

  /** Adding a pair again changes nothing. */
  add(path: string, watcher: W): void {
    let paths = this.#pathsOf.get(watcher)
    if (paths === undefined) {
      paths = new Set()
      this.#pathsOf.set(watcher, paths)
    }
    if (paths.has(path)) return
    paths.add(path)
    this.#size++
    const present = this.#watchersOf.get(path)
    if (present === undefined) this.#watchersOf.set(path, watcher)
    else if (present instanceof Set) present.add(watcher)
    else this.#watchersOf.set(path, new Set([present, watcher]))
  }

  has(path: string, watcher: W): boolean {
    return this.#pathsOf.get(watcher)?.has(path) ?? false
  }

  /** Removes all watchers of a path and returns them in the order in which they came; undefined when there are none. */
  take(path: string): W | Set<W> | undefined {
    const watchers = this.#watchersOf.get(path)
    if (watchers === undefined) return undefined
    this.#watchersOf.delete(path)
    if (watchers instanceof Set) {
      for (const watcher of watchers) this.#forget(path, watcher)
    } else {
      this.#forget(path, watchers)
    }
    return watchers
  }

  /** Removes everything that one watcher waits for. */
  drop(watcher: W): void {
    const paths = this.#pathsOf.get(watcher)
    if (paths === undefined) return
    this.#pathsOf.delete(watcher)
    this.#size -= paths.size
    for (const path of paths) {
      const watchers = this.#watchersOf.get(path)
      if (watchers instanceof Set) {
        watchers.delete(watcher)
        if (watchers.size === 0) this.#watchersOf.delete(path)
      } else {
        this.#watchersOf.delete(path)
      }
    }
  }

  #forget(path: string, watcher: W): void {
    const paths = this.#pathsOf.get(watcher)
    if (paths === undefined) return
    paths.delete(path)
    this.#size--
    if (paths.size === 0) this.#pathsOf.delete(watcher)
  }
}
