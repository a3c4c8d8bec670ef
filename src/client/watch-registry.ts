import { parentOf } from './paths.ts'

/** What a watch tells. `path` is as the application knows it, inside its chroot. */
export interface WatchEvent {
  readonly type: 'created' | 'deleted' | 'dataChanged' | 'childrenChanged'
  readonly path: string
  /** The transaction that made the change; -1 where the server does not tell (Apache ZooKeeper before 3.9). */
  readonly zxid: number
}

/** Called for the first change; by a persistent watch, for every one. */
export type WatchListener = (event: WatchEvent) => void

/**
 * Which list a watch stands in, on the server's model: `data` is left by getData, and by exists on a node that exists;
 * `exist` by exists on a node that does not; `child` by getChildren. Those three are used up by their first event.
 * `persistent` and `recursive` are left by addWatch, and stay.
 */
export const watchKinds = ['data', 'exist', 'child', 'persistent', 'recursive'] as const
export type WatchKind = (typeof watchKinds)[number]

/** Paths by list, for one request that leaves watches again. */
export type WatchLists = Readonly<Record<WatchKind, string[]>>

/**
 * The watches that this client has left on the server, by the server's paths. Servers tie watches to the connection, so
 * the client must know them all to leave them again after a reconnect; and they keep one watch of a kind for a path, so
 * the client knows how many listeners share it.
 */
export class WatchRegistry {
  readonly #lists: Readonly<Record<WatchKind, Map<string, Set<WatchListener>>>> = {
    data: new Map(),
    exist: new Map(),
    child: new Map(),
    persistent: new Map(),
    recursive: new Map(),
  }
  /** How many calls under way will leave a watch on a path. */
  readonly #arming = new Map<string, number>()

  /** To be called when the reply that confirms the watch is handled, not before: until then the server has none. */
  file(kind: WatchKind, path: string, listener: WatchListener): void {
    const list = this.#lists[kind]
    const listeners = list.get(path)
    if (listeners === undefined) list.set(path, new Set([listener]))
    else listeners.add(listener)
  }

  /** A call that will leave a watch on this path goes out. What is returned is to be called when it has ended. */
  arm(path: string): () => void {
    this.#arming.set(path, (this.#arming.get(path) ?? 0) + 1)
    return () => {
      const left = (this.#arming.get(path) ?? 1) - 1
      if (left === 0) this.#arming.delete(path)
      else this.#arming.set(path, left)
    }
  }

  /** Whether a call under way will leave a watch on this path. */
  isArming(path: string): boolean {
    return this.#arming.has(path)
  }

  has(kind: WatchKind, path: string): boolean {
    return this.#lists[kind].has(path)
  }

  /**
   * Forgets one listener, or all of that kind and path. The server may still send the event; nobody hears it.
   *
   * @returns whether there was one
   */
  remove(kind: WatchKind, path: string, listener?: WatchListener): boolean {
    const listeners = this.#lists[kind].get(path)
    if (listeners === undefined) return false
    if (listener === undefined) return this.#lists[kind].delete(path)
    if (!listeners.delete(listener)) return false
    if (listeners.size === 0) this.#lists[kind].delete(path)
    return true
  }

  /**
   * The listeners that an event of the server fires, each once even when it stands in two lists. Those of one-shot watches
   * are forgotten: the server has used their watches up.
   */
  fired(type: WatchEvent['type'], path: string): WatchListener[] {
    const fired = new Set<WatchListener>()
    const take = (kind: WatchKind, at: string): void => {
      for (const listener of this.#lists[kind].get(at) ?? []) fired.add(listener)
    }
    for (const kind of firedKinds[type]) {
      take(kind, path)
      this.#lists[kind].delete(path)
    }
    take('persistent', path)
    // A changed list of children is told to recursive watches as the child's own creation or deletion. Where such an event
    // comes, another watch on the same path has asked for it.
    if (type === 'childrenChanged' || this.#lists.recursive.size === 0) return [...fired]
    for (let at = path; ; at = parentOf(at)) {
      take('recursive', at)
      if (at === '/') return [...fired]
    }
  }

  clear(): void {
    for (const kind of watchKinds) this.#lists[kind].clear()
  }

  /** How many paths are watched, each counted once for every kind. */
  get size(): number {
    return watchKinds.reduce((sum, kind) => sum + this.#lists[kind].size, 0)
  }

  /**
   * All watches, cut into portions whose paths take no more than `bytesMax` bytes (one that is longer stands alone),
   * because a server refuses requests above its `jute.maxbuffer`.
   */
  *portions(bytesMax: number): Generator<WatchLists> {
    let portion = emptyLists()
    let bytes = 0
    for (const kind of watchKinds) {
      for (const path of this.#lists[kind].keys()) {
        const pathBytes = 4 + Buffer.byteLength(path)
        if (bytes > 0 && bytes + pathBytes > bytesMax) {
          yield portion
          portion = emptyLists()
          bytes = 0
        }
        portion[kind].push(path)
        bytes += pathBytes
      }
    }
    if (bytes > 0) yield portion
  }
}

function emptyLists(): WatchLists {
  return { data: [], exist: [], child: [], persistent: [], recursive: [] }
}

const firedKinds: Record<WatchEvent['type'], readonly WatchKind[]> = {
  created: ['data', 'exist'],
  dataChanged: ['data', 'exist'],
  // No server leaves an exist watch to be fired by a deletion, but a node may have come and gone during a reconnect.
  deleted: ['data', 'exist', 'child'],
  childrenChanged: ['child'],
}
