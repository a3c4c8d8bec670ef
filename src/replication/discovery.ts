import { assert } from '../runtime/assert.ts'
import { epochMax, type Zxid } from '../tree/zxid.ts'
import type { Condition, WireSummary } from './messages.ts'
import { quorumSize } from './quorum.ts'

/**
 * Phase 1 of Zab (Junqueira, Reed, Serafini 2011), with the amnesia rule: which epoch a would-be leader takes, and whose
 * history becomes the history of its reign.
 *
 * A fresh server has forgotten what it promised and acknowledged, so it does not count, with one exception: when nobody
 * in the quorum knows of a founded ensemble, there is nothing to forget, and they found one.
 * Bad timeline without it: (1) B and C promise epoch 5 to C; (2) B loses its disk, joins A, which still leads epoch 4, and
 * acknowledges T: A and B commit T; (3) B counts for C, whose history was chosen before T: T is lost.
 *
 * A provisional server has forgotten nothing, so it counts; but it cannot tell whether the founding was completed without
 * it, and no more can the fresh ones beside it, of which one may have lost its disk since. Bad timeline if they founded
 * together: (1) A, B and C found, C is cut off before it hears that it is done; (2) A and B commit T; (3) A is down and B
 * loses its disk: B (fresh) and C (provisional) found again, without T. So together with fresh servers it takes all
 * servers of the configuration: were the founding completed, one of them would know, as not all may lose their disks.
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

export interface DiscoveryState {
  joins: Map<number, Join>
  acks: Map<number, EpochAck>
  epoch: number
  /** Answers to this round of heartbeats, or a later one, confirm promises. */
  confirmRound: number
  confirmed: Set<number>
  /** Those whose promises stood when the history was chosen. */
  electors: Set<number>
  electedFresh: boolean
}

export const newDiscoveryState = (): DiscoveryState => ({
  joins: new Map(),
  acks: new Map(),
  epoch: 0,
  confirmRound: Number.POSITIVE_INFINITY,
  confirmed: new Set(),
  electors: new Set(),
  electedFresh: false,
})

export class Discovery {
  readonly #members: number
  readonly #quorum: number
  readonly #state: DiscoveryState

  /** `members`: how many servers the configuration names. */
  constructor(members: number, state: DiscoveryState = newDiscoveryState()) {
    this.#members = members
    this.#quorum = quorumSize(members)
    this.#state = state
  }

  /** The epoch of the reign; 0 until a quorum has joined. */
  get epoch(): number {
    return this.#state.epoch
  }

  join(server: number, join: Join): void {
    this.leave(server)
    this.#state.joins.set(server, join)
  }

  leave(server: number): void {
    this.#state.joins.delete(server)
    this.#state.acks.delete(server)
    this.#state.confirmed.delete(server)
    this.#state.electors.delete(server)
  }

  /** Whether those who joined know of no founded ensemble, and so found one. */
  get founding(): boolean {
    return this.#countOf('founded') === 0
  }

  counts(server: number): boolean {
    const join = this.#state.joins.get(server)
    if (join === undefined) return false
    return join.condition !== 'fresh' || (this.founding && (this.#allFresh || this.#needsAll))
  }

  /**
   * Chooses the epoch as soon as enough have joined: above everything promised by anybody known of.
   * `promisedElsewhere` is the highest promise heard of from servers that have not joined.
   */
  maybeChooseEpoch(promisedElsewhere: number): number | null {
    if (this.#state.epoch !== 0 || !this.#suffice(this.#state.joins.keys())) return null
    let highest = promisedElsewhere
    for (const join of this.#state.joins.values()) highest = Math.max(highest, join.promisedEpoch)
    assert(highest < epochMax, () => `epoch ${highest} is the last one that fits a zxid`)
    this.#state.epoch = highest + 1
    return this.#state.epoch
  }

  ack(server: number, ack: EpochAck): void {
    this.#state.acks.set(server, ack)
  }

  ackOf(server: number): EpochAck | undefined {
    return this.#state.acks.get(server)
  }

  /** Whether enough have promised the epoch; that they did is then to be confirmed. */
  get promised(): boolean {
    return this.#suffice(this.#promisers())
  }

  /**
   * A round of heartbeats starts behind all promises so far; a promise stands when its server answers it.
   *
   * A promise may have outlived the disk that it was written on, as long as its link is not known to be dead. Bad timeline:
   * (1) B promises epoch 5 to C and loses its disk at once; (2) B asks A and C what they have promised: nothing above 4,
   * C is just about to promise 5 itself; (3) B joins A, which leads epoch 4, and acknowledges T: A and B commit T; (4) C has
   * promised now, still counts B, and chooses its own history: T is lost. Whoever answers after all others have promised
   * had its disk by then, and loses it too late to be told of a lower epoch.
   */
  confirmFrom(round: number): void {
    this.#state.confirmRound = round
    this.#state.confirmed.clear()
  }

  confirm(server: number, round: number): void {
    if (round >= this.#state.confirmRound && this.#state.acks.has(server)) this.#state.confirmed.add(server)
  }

  /**
   * Once enough promises stand: the server with the freshest history among them; `preferred` where it is as fresh as any.
   */
  chosen(preferred: number): { server: number; ack: EpochAck } | null {
    const standing = this.#promisers().filter((server) => this.#state.confirmed.has(server))
    if (!this.#suffice(standing)) return null
    this.#state.electors = new Set(standing)
    this.#state.electedFresh = standing.some((server) => this.#state.joins.get(server)?.condition === 'fresh')
    let best: { server: number; ack: EpochAck } | null = null
    for (const server of standing) {
      const ack = this.#state.acks.get(server)
      if (ack === undefined) continue
      if (best === null || fresher(ack, best.ack) || (server === preferred && !fresher(best.ack, ack))) {
        best = { server, ack }
      }
    }
    return best
  }

  /** Whether all who joined have promised and confirmed it. */
  get unanimous(): boolean {
    return this.#state.confirmed.size === this.#state.joins.size
  }

  hasConfirmed(server: number): boolean {
    return this.#state.confirmed.has(server)
  }

  /** Whether this server's promise, given on the link that it still has, was one of those that the history was chosen by. */
  elected(server: number): boolean {
    return this.#state.electors.has(server)
  }

  /** Whether fresh servers counted when the history was chosen. */
  get electedFresh(): boolean {
    return this.#state.electedFresh
  }

  /**
   * The id of the ensemble whose history was chosen; null when nobody knows one. Of several foundings that were begun only the
   * latest can have been completed, and the freshest history is of that one.
   */
  ensembleId(chosen: number): string | null {
    for (const join of this.#state.joins.values()) if (join.condition === 'founded') return join.ensembleId
    return this.#state.joins.get(chosen)?.ensembleId ?? null
  }

  #promisers(): number[] {
    return [...this.#state.acks].filter(([, ack]) => ack.counts).map(([server]) => server)
  }

  #suffice(servers: Iterable<number>): boolean {
    let counted = 0
    for (const server of servers) if (this.counts(server)) counted++
    return counted >= (this.#needsAll ? this.#members : this.#quorum)
  }

  #countOf(condition: Condition): number {
    let count = 0
    for (const join of this.#state.joins.values()) if (join.condition === condition) count++
    return count
  }

  get #allFresh(): boolean {
    return this.#countOf('fresh') === this.#state.joins.size
  }

  /** Some took part in a founding that they do not know the end of, too few to know that nobody completed it. */
  get #needsAll(): boolean {
    return this.founding && !this.#allFresh && this.#countOf('provisional') < this.#quorum
  }
}

/** Whether `a` holds the fresher history: the later epoch taken part in, then the later transaction. */
export function fresher(
  a: Pick<EpochAck, 'currentEpoch' | 'lastZxid'>,
  b: Pick<EpochAck, 'currentEpoch' | 'lastZxid'>,
): boolean {
  return a.currentEpoch !== b.currentEpoch ? a.currentEpoch > b.currentEpoch : a.lastZxid > b.lastZxid
}
