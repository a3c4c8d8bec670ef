import type { Zxid } from '../tree/zxid.ts'
import type { FollowerInReign } from './leader-state.ts'

/** Who follows in a reign, the leader's own server among them, and what a quorum of them holds. */
export class ReignFollowers {
  readonly #self: number
  readonly #quorum: number
  readonly #all: Map<number, FollowerInReign>

  /** `all`: part of the leader's state; it is changed here. */
  constructor(options: { self: number; quorum: number }, all: Map<number, FollowerInReign>) {
    this.#self = options.self
    this.#quorum = options.quorum
    this.#all = all
  }

  /** In the order in which they joined. */
  get all(): ReadonlyMap<number, FollowerInReign> {
    return this.#all
  }

  ids(): number[] {
    return [...this.#all.keys()]
  }

  get(id: number): FollowerInReign | undefined {
    return this.#all.get(id)
  }

  has(id: number): boolean {
    return this.#all.has(id)
  }

  join(id: number): void {
    this.#all.set(id, {
      stage: 'joined',
      ackedZxid: -1,
      established: false,
      wantsCrown: false,
      held: [],
      heldBytes: 0,
    })
  }

  /** @returns whether it was there */
  delete(id: number): boolean {
    return this.#all.delete(id)
  }

  /** Connected ones, without the leader's own server. */
  get connected(): number {
    return this.#all.size - (this.#all.has(this.#self) ? 1 : 0)
  }

  /** Those of them that hold the reign's history. */
  get synced(): number {
    let synced = 0
    for (const [id, follower] of this.#all) if (id !== this.#self && follower.ackedZxid >= 0) synced++
    return synced
  }

  /** Whether a quorum, the leader's server counted, is connected and in step; a leader without it must not last. */
  get isQuorum(): boolean {
    return this.synced + 1 >= this.#quorum
  }

  /** It has acknowledged the reign's history: it takes part in no earlier reign any more. */
  isBound(id: number): boolean {
    return this.holds(id, 0)
  }

  /** It has acknowledged everything up to `zxid`. */
  holds(id: number, zxid: Zxid): boolean {
    return (this.#all.get(id)?.ackedZxid ?? -1) >= zxid
  }

  /** Whether a quorum has acknowledged everything up to `zxid`. */
  quorumHolds(zxid: Zxid): boolean {
    return this.#holding(zxid) >= this.#quorum
  }

  /** The last transaction that a quorum has acknowledged; 0 for none. Asked with every acknowledgement, so it makes no list. */
  reachedZxid(): Zxid {
    let reached = 0
    for (const { ackedZxid } of this.#all.values()) {
      if (ackedZxid > reached && this.#holding(ackedZxid) >= this.#quorum) reached = ackedZxid
    }
    return reached
  }

  #holding(zxid: Zxid): number {
    let holding = 0
    for (const follower of this.#all.values()) if (follower.ackedZxid >= zxid) holding++
    return holding
  }

  /** Of those that asked to lead; -Infinity when none did. */
  highestWantingCrown(): number {
    return Math.max(...[...this.#all].filter(([, { wantsCrown }]) => wantsCrown).map(([id]) => id))
  }
}
