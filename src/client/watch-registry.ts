/** What a watch tells. `path` is as the application knows it, inside its chroot. */
export interface WatchEvent {
  readonly type: 'created' | 'deleted' | 'dataChanged' | 'childrenChanged'
  readonly path: string
  /** The transaction that made the change; -1 where the server does not tell (Apache ZooKeeper before 3.9). */
  readonly zxid: number
}

/** Called once, for the first change. */
export type WatchListener = (event: WatchEvent) => void

/**
 * Which list a watch stands in, on the server's model: `data` is left by getData, and by exists on a node that exists;
 * `exist` by exists on a node that does not; `child` by getChildren.
 */
export type WatchKind = 'data' | 'exist' | 'child'

/** The lists of one setWatches request. */
export interface WatchLists {
  readonly data: string[]
  readonly exist: string[]
  readonly child: string[]
}

/**
 * The one-shot watches that this client has left on the server, by the server's paths. Servers tie watches to the
 * connection, so the client must know them all to leave them again after a reconnect.
 */
export class WatchRegistry {
  readonly #lists: Record<WatchKind, Map<string, Set<WatchListener>>> = {
    data: new Map(),
    exist: new Map(),
    child: new Map(),
  }

  /** To be called when the reply that confirms the watch is handled, not before: until then the server has none. */
  file(kind: WatchKind, path: string, listener: WatchListener): void {
    const list = this.#lists[kind]
    const listeners = list.get(path)
    if (listeners === undefined) list.set(path, new Set([listener]))
    else listeners.add(listener)
  }

  /** Forgets one listener. The server may still send the event; nobody hears it. */
  remove(kind: WatchKind, path: string, listener: WatchListener): void {
    const listeners = this.#lists[kind].get(path)
    if (listeners?.delete(listener) && listeners.size === 0) this.#lists[kind].delete(path)
  }

  /**
   * The listeners that an event of the server fires, each once even when it stands in two lists. They are forgotten:
   * the server has used their watches up.
   */
  fired(type: WatchEvent['type'], path: string): WatchListener[] {
    const fired = new Set<WatchListener>()
    for (const kind of firedKinds[type]) {
      for (const listener of this.#lists[kind].get(path) ?? []) fired.add(listener)
      this.#lists[kind].delete(path)
    }
    return [...fired]
  }

  clear(): void {
    for (const list of Object.values(this.#lists)) list.clear()
  }

  get size(): number {
    return this.#lists.data.size + this.#lists.exist.size + this.#lists.child.size
  }

  /**
   * All watches, cut into portions whose paths take about `bytesMax` bytes, because a server refuses requests above its
   * `jute.maxbuffer`.
   */
  *portions(bytesMax: number): Generator<WatchLists> {
    let portion: WatchLists = { data: [], exist: [], child: [] }
    let bytes = 0
    for (const kind of ['data', 'exist', 'child'] as const) {
      for (const path of this.#lists[kind].keys()) {
        const pathBytes = 4 + Buffer.byteLength(path)
        if (bytes > 0 && bytes + pathBytes > bytesMax) {
          yield portion
          portion = { data: [], exist: [], child: [] }
          bytes = 0
        }
        portion[kind].push(path)
        bytes += pathBytes
      }
    }
    if (bytes > 0) yield portion
  }
}

const firedKinds: Record<WatchEvent['type'], readonly WatchKind[]> = {
  created: ['data', 'exist'],
  dataChanged: ['data', 'exist'],
  // No server leaves an exist watch to be fired by a deletion, but a node may have come and gone during a reconnect.
  deleted: ['data', 'exist', 'child'],
  childrenChanged: ['child'],
}
