/** How long a watch lasts and how far it sees. A watcher may have several of these at one path: they are bits. */
export const WatchMode = {
  /** Good for one event. */
  standard: 1,
  /** Stays until it is removed. */
  persistent: 2,
  /** Stays, and sees everything below the path too. */
  recursive: 4,
} as const

export const anyMode = WatchMode.standard | WatchMode.persistent | WatchMode.recursive

/** What one watch takes besides the characters of its path: two entries of maps, and their share of empty slots. */
const watchBytes = 160

/** What one watcher waits for. */
class Owned {
  /** By path. */
  readonly modes = new Map<string, number>()
  pathCharacters = 0

  get bytes(): number {
    return this.modes.size * watchBytes + this.pathCharacters
  }
}

const noPaths: ReadonlyMap<string, number> = new Map()

/**
 * Who waits for what to happen at which path. Most paths have a single watcher, so a set is made only for the second. A
 * watch is one (path, watcher) pair, in however many modes.
 */
export class WatchTable<W extends object> {
  readonly #watchersOf = new Map<string, W | Set<W>>()
  readonly #owned = new Map<W, Owned>()
  /** Of watchers that are gone: still to be taken out, and counted until then. At their paths they may be found no more. */
  readonly #leaving: { watcher: W; left: IterableIterator<[string, number]> }[] = []
  #size = 0
  #pathCharacters = 0
  #recursiveCount = 0
  /** No longer path is watched recursively: no longer ancestor has to be looked up. */
  #recursiveLengthMax = 0

  get size(): number {
    return this.#size
  }

  get pathCount(): number {
    return this.#watchersOf.size
  }

  /** Watchers with at least one path. */
  get watcherCount(): number {
    return this.#owned.size
  }

  get recursiveCount(): number {
    return this.#recursiveCount
  }

  /** Roughly what the table takes of memory. */
  get bytes(): number {
    return this.#size * watchBytes + this.#pathCharacters
  }

  bytesOf(watcher: W): number {
    return this.#owned.get(watcher)?.bytes ?? 0
  }

  paths(): IterableIterator<string> {
    return this.#watchersOf.keys()
  }

  watchers(): IterableIterator<W> {
    return this.#owned.keys()
  }

  /** With the modes. */
  pathsOf(watcher: W): ReadonlyMap<string, number> {
    return this.#owned.get(watcher)?.modes ?? noPaths
  }

  /** In the order in which they came. */
  watchersAt(path: string): readonly W[] {
    const watchers = this.#watchersOf.get(path)
    if (watchers === undefined) return []
    return [...(watchers instanceof Set ? watchers : [watchers])].filter((watcher) =>
      this.#owned.has(watcher),
    )
  }

  /** Who watches recursively, and the paths where. Looks through all watches. */
  *recursive(): Generator<[W, string]> {
    if (this.#recursiveCount === 0) return
    for (const [watcher, { modes }] of this.#owned) {
      for (const [path, mode] of modes) if ((mode & WatchMode.recursive) !== 0) yield [watcher, path]
    }
  }

  /** Adding a mode again changes nothing. */
  add(path: string, watcher: W, mode: number): void {
    let owned = this.#owned.get(watcher)
    if (owned === undefined) {
      owned = new Owned()
      this.#owned.set(watcher, owned)
    }
    const before = owned.modes.get(path) ?? 0
    if ((before | mode) === before) return
    owned.modes.set(path, before | mode)
    this.#countRecursive(before, before | mode)
    if ((mode & WatchMode.recursive) !== 0) {
      this.#recursiveLengthMax = Math.max(this.#recursiveLengthMax, path.length)
    }
    if (before !== 0) return
    this.#size++
    this.#pathCharacters += path.length
    owned.pathCharacters += path.length
    const present = this.#watchersOf.get(path)
    if (present === undefined) this.#watchersOf.set(path, watcher)
    else if (present instanceof Set) present.add(watcher)
    else this.#watchersOf.set(path, new Set([present, watcher]))
  }

  /** Whether the watcher waits at the path in one of the modes. */
  has(path: string, watcher: W, modes: number): boolean {
    return ((this.#owned.get(watcher)?.modes.get(path) ?? 0) & modes) !== 0
  }

  /** Takes the modes off a watch; false when it had none of them. */
  remove(path: string, watcher: W, modes: number): boolean {
    const owned = this.#owned.get(watcher)
    const before = owned?.modes.get(path) ?? 0
    if (owned === undefined || (before & modes) === 0) return false
    if (!this.#leave(path, watcher, owned, before, before & ~modes)) this.#unlink(path, watcher)
    return true
  }

  /**
   * Something happens at the path: whom it concerns, each once, in the order in which they came; undefined when nobody.
   * Watches that are good for one event are gone then. What is returned is good until the next change.
   */
  trigger(path: string): W | ReadonlySet<W> | undefined {
    const here = this.#takeStandard(path)
    return this.#recursiveCount === 0 ? here : this.#withRecursive(path, here)
  }

  /** A watcher is gone: it waits for nothing any more. `sweep` takes its watches out. */
  drop(watcher: W): void {
    const owned = this.#owned.get(watcher)
    if (owned === undefined) return
    this.#owned.delete(watcher)
    this.#leaving.push({ watcher, left: owned.modes.entries() })
  }

  /** Takes out what `drop` has left, so many watches at the most; whether that was all. */
  sweep(countMax: number): boolean {
    let count = 0
    for (let last = this.#leaving.at(-1); last !== undefined; last = this.#leaving.at(-1)) {
      for (let next = last.left.next(); !next.done; next = last.left.next()) {
        const [path, modes] = next.value
        this.#size--
        this.#pathCharacters -= path.length
        this.#countRecursive(modes, 0)
        this.#unlink(path, last.watcher)
        if (++count >= countMax) return false
      }
      this.#leaving.pop()
    }
    return true
  }

  #takeStandard(path: string): W | ReadonlySet<W> | undefined {
    const watchers = this.#watchersOf.get(path)
    if (watchers === undefined) return undefined
    if (!(watchers instanceof Set)) {
      if (!this.#staysFired(path, watchers)) this.#watchersOf.delete(path)
      return watchers
    }
    let staying = 0
    for (const watcher of watchers) if (this.#staysFired(path, watcher)) staying++
    if (staying === watchers.size) return watchers
    this.#watchersOf.delete(path)
    if (staying > 0) {
      const left = new Set<W>()
      for (const watcher of watchers) if (this.#owned.get(watcher)?.modes.has(path)) left.add(watcher)
      this.#watchersOf.set(path, left)
    }
    return watchers
  }

  #staysFired(path: string, watcher: W): boolean {
    const owned = this.#owned.get(watcher)
    const modes = owned?.modes.get(path)
    if (owned === undefined || modes === undefined) return false
    return this.#leave(path, watcher, owned, modes, modes & ~WatchMode.standard)
  }

  #withRecursive(path: string, here: W | ReadonlySet<W> | undefined): W | ReadonlySet<W> | undefined {
    const lengthMax = this.#recursiveLengthMax
    let all: Set<W> | null = null
    // The root, then ever deeper, but not the path itself.
    for (let end = 1; end <= lengthMax && end < path.length; ) {
      const watchers = this.#watchersOf.get(path.substring(0, end))
      if (watchers !== undefined) {
        const ancestor = path.substring(0, end)
        for (const watcher of watchers instanceof Set ? watchers : [watchers]) {
          if (!this.has(ancestor, watcher, WatchMode.recursive)) continue
          all ??= here === undefined ? new Set() : new Set(here instanceof Set ? here : [here as W])
          all.add(watcher)
        }
      }
      end = path.indexOf('/', end + 1)
      if (end < 0) break
    }
    return all ?? here
  }

  /** Changes a watch's modes; with none left it is forgotten, but still linked at its path, and the answer is false. */
  #leave(path: string, watcher: W, owned: Owned, before: number, after: number): boolean {
    if (before === after) return true
    this.#countRecursive(before, after)
    if (after !== 0) {
      owned.modes.set(path, after)
      return true
    }
    owned.modes.delete(path)
    owned.pathCharacters -= path.length
    this.#pathCharacters -= path.length
    this.#size--
    if (owned.modes.size === 0) this.#owned.delete(watcher)
    return false
  }

  #unlink(path: string, watcher: W): void {
    const watchers = this.#watchersOf.get(path)
    if (watchers === watcher) this.#watchersOf.delete(path)
    else if (!(watchers instanceof Set)) return
    else if (watchers.delete(watcher) && watchers.size === 0) this.#watchersOf.delete(path)
  }

  #countRecursive(before: number, after: number): void {
    this.#recursiveCount += bit(after, WatchMode.recursive) - bit(before, WatchMode.recursive)
    if (this.#recursiveCount === 0) this.#recursiveLengthMax = 0
  }
}

const bit = (modes: number, mask: number): number => ((modes & mask) !== 0 ? 1 : 0)
