import { finish, mix, mixLong, type StateDigest } from './digest.ts'

/** How far one server's requests are done. */
export interface OriginEntry {
  readonly server: number
  /** Its newest start that a transaction of it is known of. */
  incarnation: number
  /** The highest number done of that incarnation. */
  number: number
  /** What the entry adds to the state's digest. */
  hash: number
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
      const hash = hashOf(server, incarnation, number)
      this.#entries.set(server, { server, incarnation, number, hash })
      this.#digest.add(0, hash)
      return
    }
    if (incarnation < entry.incarnation) return
    entry.number = incarnation > entry.incarnation ? number : Math.max(entry.number, number)
    entry.incarnation = incarnation
    const before = entry.hash
    entry.hash = hashOf(server, incarnation, entry.number)
    this.#digest.add(0, entry.hash - before)
  }

  clear(): void {
    for (const entry of this.#entries.values()) this.#digest.subtract(0, entry.hash)
    this.#entries.clear()
  }
}

function hashOf(server: number, incarnation: number, number: number): number {
  return finish(mixLong(mixLong(mix(0x0819, server), incarnation), number))
}
