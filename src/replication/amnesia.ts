import type { PeerStatus } from './messages.ts'
import { quorumSize } from './quorum.ts'

/**
 * The recovery rule for a server whose disk is empty (as in Viewstamped Replication): before it may be synchronized, a
 * majority counted without itself must have told it what they have promised; the leader's epoch must not be below any of
 * that. Without it, an epoch that the server promised and forgot could be completed behind its back.
 *
 * Promises come with heartbeats. Their connections were made by this process, so all were told after the disk was lost.
 */
export class Amnesia {
  readonly #quorum: number
  readonly #others: readonly number[]
  readonly #promised: Map<number, number>

  /** `promised`: what each server has told of its promises so far; it is added to. */
  constructor(
    options: { self: number; members: readonly number[] },
    promised: Map<number, number> = new Map(),
  ) {
    this.#quorum = quorumSize(options.members.length)
    this.#others = options.members.filter((id) => id !== options.self)
    this.#promised = promised
  }

  /** Takes in what live peers tell. A fresh peer has nothing to tell. */
  hear(peers: ReadonlyMap<number, PeerStatus>): void {
    for (const [id, peer] of peers) {
      if (peer.condition !== 'fresh') this.#promised.set(id, peer.promisedEpoch)
    }
  }

  /** The epoch that this server must count as promised; null while too few have told theirs. */
  get promisedEpoch(): number | null {
    return this.#promised.size >= this.#quorum ? Math.max(...this.#promised.values()) : null
  }

  /** For people: whom it waits for. */
  get waitingFor(): string {
    const missing = this.#others.filter((id) => !this.#promised.has(id))
    const count = this.#quorum - this.#promised.size
    return `this server's disk is empty: before it may take part, ${count} more of servers ${missing.join(', ')} must tell what they promised`
  }
}
