import { finish, mix, mixLong, type StateDigest } from './digest.ts'

/** How far one server's requests are done. */
export interface OriginEntry {
  readonly server: number
  /** Its newest start that a transaction of it is known of. */
  incarnation: number
  /** The highest number done of that incarnation. */
  number: number
}

/**
 * What each server's requests have come to: the reason why a server can tell, after any failover, which of its requests
 * in flight are done. One entry per server that ever forwarded a write.
 */
export class OriginTable {
  readonly #entries = new Map<number, OriginEntry>()
  readonly #digest: StateDigest

  constructor(digest: StateDigest) {
    this.#digest = digest
  }

  get(server: number): OriginEntry | undefined {
    return this.#entries.get(server)
  }

  entries(): IterableIterator<OriginEntry> {
    return this.#entries.values()
  }

  /** The highest number done; 0 when none of that incarnation is. */
  doneNumber(server: number, incarnation: number): number {
    const entry = this.#entries.get(server)
    return entry !== undefined && entry.incarnation === incarnation ? entry.number : 0
  }

  /** Notes that a request is done. What an older incarnation asked is no longer waited for by anybody. */
  done(server: number, incarnation: number, number: number): void {
    const entry = this.#entries.get(server)
    if (entry === undefined) {
      const created = { server, incarnation, number }
      this.#entries.set(server, created)
      this.#digest.add(0, hashOf(created))
      return
    }
    if (incarnation < entry.incarnation) return
    this.#digest.subtract(0, hashOf(entry))
    entry.number = incarnation > entry.incarnation ? number : Math.max(entry.number, number)
    entry.incarnation = incarnation
    this.#digest.add(0, hashOf(entry))
  }

  clear(): void {
    for (const entry of this.#entries.values()) this.#digest.subtract(0, hashOf(entry))
    this.#entries.clear()
  }
}

function hashOf(entry: OriginEntry): number {
  return finish(mixLong(mixLong(mix(0x0819, entry.server), entry.incarnation), entry.number))
}
