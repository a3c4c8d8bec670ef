import { assert } from '../runtime/assert.ts'
import { epochMax, type Zxid } from '../tree/zxid.ts'
import type { Condition, WireSummary } from './messages.ts'

/**
 * Phase 1 of Zab (Junqueira, Reed, Serafini 2011), with the amnesia rule: which epoch a would-be leader takes, and whose
 * history becomes the history of its reign.
 *
 * A fresh server has forgotten what it promised and acknowledged, so it does not count, with one exception: when nobody
 * in the quorum knows of a founded ensemble, there is nothing to forget, and they found one.
 * Bad timeline without it: (1) B and C promise epoch 5 to C; (2) B loses its disk, joins A, which still leads epoch 4, and
 * acknowledges T: A and B commit T; (3) B counts for C, whose history was chosen before T: T is lost.
 *
 * A provisional server has forgotten nothing: it counts either way.
 */
export interface Join {
  promisedEpoch: number
  condition: Condition
  ensembleId: string | null
}

export interface EpochAck {
  /** False when the server had promised this epoch to somebody else. */
  counts: boolean
  currentEpoch: number
  lastZxid: Zxid
  summary: WireSummary
}

export class Discovery {
  readonly #quorum: number
  readonly #joins = new Map<number, Join>()
  readonly #acks = new Map<number, EpochAck>()
  #epoch = 0

  constructor(quorum: number) {
    this.#quorum = quorum
  }

  /** The epoch of the reign; 0 until a quorum has joined. */
  get epoch(): number {
    return this.#epoch
  }

  join(server: number, join: Join): void {
    this.#joins.set(server, join)
    this.#acks.delete(server)
  }

  leave(server: number): void {
    this.#joins.delete(server)
    this.#acks.delete(server)
  }

  /** Whether those who joined know of no founded ensemble, and so found one. */
  get founding(): boolean {
    for (const join of this.#joins.values()) if (join.condition === 'founded') return false
    return true
  }

  /** The id of the ensemble that the joined servers belong to, or were about to found; null when there is none. */
  get ensembleId(): string | null {
    let provisional: string | null = null
    for (const join of this.#joins.values()) {
      if (join.condition === 'founded') return join.ensembleId
      provisional ??= join.ensembleId
    }
    return provisional
  }

  counts(server: number): boolean {
    const join = this.#joins.get(server)
    return join !== undefined && (this.founding || join.condition !== 'fresh')
  }

  /**
   * Chooses the epoch as soon as a quorum has joined: above everything promised by anybody known of.
   * `promisedElsewhere` is the highest promise heard of from servers that have not joined.
   */
  maybeChooseEpoch(promisedElsewhere: number): number | null {
    if (this.#epoch !== 0 || !this.#isQuorum(this.#joins.keys())) return null
    let highest = promisedElsewhere
    for (const join of this.#joins.values()) highest = Math.max(highest, join.promisedEpoch)
    assert(highest < epochMax, () => `epoch ${highest} is the last one that fits a zxid`)
    this.#epoch = highest + 1
    return this.#epoch
  }

  ack(server: number, ack: EpochAck): void {
    this.#acks.set(server, ack)
  }

  ackOf(server: number): EpochAck | undefined {
    return this.#acks.get(server)
  }

  /**
   * Once a quorum has promised: the server with the freshest history among it; `preferred` where it is as fresh as any.
   */
  chosen(preferred: number): { server: number; ack: EpochAck } | null {
    const promised = [...this.#acks].filter(([server, ack]) => ack.counts && this.counts(server))
    if (promised.length < this.#quorum) return null
    let best: { server: number; ack: EpochAck } | null = null
    for (const [server, ack] of promised) {
      if (best === null || fresher(ack, best.ack) || (server === preferred && !fresher(best.ack, ack))) {
        best = { server, ack }
      }
    }
    return best
  }

  #isQuorum(servers: Iterable<number>): boolean {
    let counted = 0
    for (const server of servers) if (this.counts(server)) counted++
    return counted >= this.#quorum
  }
}

/** Whether `a` holds the fresher history: the later epoch taken part in, then the later transaction. */
export function fresher(
  a: Pick<EpochAck, 'currentEpoch' | 'lastZxid'>,
  b: Pick<EpochAck, 'currentEpoch' | 'lastZxid'>,
): boolean {
  return a.currentEpoch !== b.currentEpoch ? a.currentEpoch > b.currentEpoch : a.lastZxid > b.lastZxid
}
