import { assert } from '../runtime/assert.ts'
import { counterMax, counterOf, epochOf, formatZxid, type Zxid } from '../tree/zxid.ts'
import { Confirmation } from './confirmation.ts'
import { Discovery } from './discovery.ts'
import type { LeaderEffect } from './leader-effect.ts'
import type { LeaderOptions } from './leader-options.ts'
import {
  type FollowerInReign,
  type LeaderState,
  newLeaderState,
  type Phase,
  type SyncRequest,
} from './leader-state.ts'
import { counterReserve } from './limits.ts'
import type { FollowerMessage, HistoryMessage, LeaderMessage } from './messages.ts'
import { quorumSize } from './quorum.ts'
import { ReignFollowers } from './reign-followers.ts'

/**
 * One attempt to lead, from the first follower that joins to the end of the reign: phases 1 to 3 of Zab as a pure machine.
 * Its own server's follower is a follower like the others, and everything durable about this server happens there.
 *
 *     discovery ── a quorum promised ──▶ synchronization ── a quorum holds the history ──▶ broadcast
 *         └─ the freshest history is another's: adopting ─┘
 */
export class Leader {
  /** Who follows it, this server's own follower among them. */
  readonly followers: ReignFollowers
  readonly #self: number
  readonly #options: LeaderOptions
  readonly #discovery: Discovery
  readonly #confirmation: Confirmation<SyncRequest>
  readonly #state: LeaderState

  /** `state`: where an attempt that was shown by `state` goes on. */
  constructor(options: LeaderOptions, state: LeaderState = newLeaderState()) {
    this.#self = options.self
    this.#options = options
    this.#state = state
    const quorum = quorumSize(options.members)
    this.followers = new ReignFollowers({ self: options.self, quorum }, state.followers)
    this.#discovery = new Discovery(options.members, state.discovery)
    this.#confirmation = new Confirmation(quorum, state.confirmation)
  }

  /** All that it remembers, as it is now; not a copy. */
  get state(): LeaderState {
    return this.#state
  }

  get phase(): Phase {
    return this.#state.phase
  }

  get epoch(): number {
    return this.#discovery.epoch
  }

  get proposedZxid(): Zxid {
    return this.#state.proposedZxid
  }

  get commitZxid(): Zxid {
    return this.#state.commitZxid
  }

  /** Whether requests may be executed now; they wait while the crown is handed over. */
  get takesRequests(): boolean {
    return this.#state.phase === 'broadcast' && this.#state.successor === null
  }

  onMessage(from: number, message: FollowerMessage): LeaderEffect[] {
    if (this.#state.phase === 'over') return []
    switch (message.type) {
      case 'join':
        return this.#onJoin(from, message)
      case 'ackEpoch':
        return this.#onAckEpoch(from, message)
      case 'historyStart':
      case 'historySnapshot':
      case 'historyRecords':
      case 'historyEnd':
        return this.#onFetched(from, message)
      case 'adopted':
        return this.#onAdopted(from, message.lastZxid)
      case 'ackLeader':
        return message.epoch === this.epoch ? this.#onAck(from, message.zxid) : []
      case 'ack':
        return this.#onAck(from, message.zxid)
      case 'heartbeatAck':
        return this.#onHeartbeatAck(from, message.round)
      case 'sync':
        return this.#onSync(from, message.id)
      case 'crown':
        return this.#onCrown(from)
      default:
        return []
    }
  }

  /** A follower's link is gone. */
  onGone(server: number): LeaderEffect[] {
    if (this.#state.phase === 'over' || !this.followers.delete(server)) return []
    this.#discovery.leave(server)
    this.#confirmation.leave(server)
    if (server === this.#self) return this.resign('its own follower has left')
    if (this.#state.phase === 'adopting' && server === this.#state.source) {
      return this.resign(`server ${server} left while its history was being fetched`)
    }
    if (server === this.#state.successor) this.#state.successor = null
    return []
  }

  /** The history up to `upTo` has been sent to a follower; it may take part. */
  onHistorySent(to: number, upTo: Zxid): LeaderEffect[] {
    const follower = this.followers.get(to)
    if (this.#state.phase === 'over' || follower === undefined || follower.stage !== 'receiving') return []
    follower.stage = 'synced'
    const effects: LeaderEffect[] = [this.#newLeader(to, upTo)]
    for (const message of follower.held) effects.push({ kind: 'send', to: [to], message })
    follower.held = []
    follower.heldBytes = 0
    return effects
  }

  /** Orders a batch of transactions, encoded as records behind `proposedZxid`. */
  onProposals(records: Buffer, lastZxid: Zxid): LeaderEffect[] {
    assert(this.#state.phase === 'broadcast', () => `proposal in phase ${this.#state.phase}`)
    assert(epochOf(lastZxid) === this.epoch, () => `proposal ${lastZxid} is not of epoch ${this.epoch}`)
    assert(
      lastZxid > this.#state.proposedZxid,
      () => `proposal ${lastZxid} behind ${this.#state.proposedZxid}`,
    )
    this.#state.proposedZxid = lastZxid
    this.#state.toldCommitZxid = this.#state.commitZxid
    const effects = this.#toSynced(
      { type: 'propose', commit: this.#state.commitZxid, lastZxid, records },
      records.length,
    )
    // Clients see nothing but a pause: the next reign begins at counter 1 of the next epoch.
    if (counterOf(lastZxid) >= counterMax - counterReserve)
      effects.push(...this.resign('the epoch is used up'))
    return effects
  }

  /** End of a turn: tells the commit point, unless a proposal has carried it. */
  flush(): LeaderEffect[] {
    if (this.#state.phase !== 'broadcast' || this.#state.toldCommitZxid === this.#state.commitZxid) return []
    this.#state.toldCommitZxid = this.#state.commitZxid
    return [...this.#toSynced({ type: 'commit', zxid: this.#state.commitZxid }, 0), ...this.#maybeHandOver()]
  }

  /** A heartbeat is due, or somebody waits for a confirmation. */
  onHeartbeat(): LeaderEffect[] {
    if (this.#state.phase === 'over') return []
    const round = this.#confirmation.nextRound()
    const heartbeat = this.#send(this.followers.ids(), { type: 'heartbeat', round })
    return this.#state.phase === 'discovery' ? [heartbeat, ...this.#maybeChooseHistory()] : [heartbeat]
  }

  /** The hand-over did not come about in time: go on leading. */
  cancelHandOver(): void {
    this.#state.successor = null
  }

  get handsOver(): boolean {
    return this.#state.successor !== null
  }

  resign(reason: string, successor: number | null = null): LeaderEffect[] {
    if (this.#state.phase === 'over') return []
    this.#state.phase = 'over'
    return [{ kind: 'resign', reason, successor }]
  }

  #send(to: readonly number[], message: LeaderMessage): LeaderEffect {
    return { kind: 'send', to, message }
  }

  #drop(server: number, reason: string): LeaderEffect[] {
    return [{ kind: 'drop', server, reason }, ...this.onGone(server)]
  }

  #onJoin(from: number, join: Extract<FollowerMessage, { type: 'join' }>): LeaderEffect[] {
    this.followers.join(from)
    this.#discovery.join(from, join)
    if (this.#foundsBesideFounded) {
      return this.resign('fresh servers took part in founding an ensemble that was founded before')
    }
    if (this.epoch !== 0) {
      // It promised a later epoch to somebody: only a new reign above that one can take it in.
      if (join.promisedEpoch > this.epoch) {
        return this.resign(`server ${from} has promised epoch ${join.promisedEpoch}, above ${this.epoch}`)
      }
      return [this.#send([from], { type: 'newEpoch', epoch: this.epoch })]
    }
    if (!this.followers.has(this.#self)) return []
    const epoch = this.#discovery.maybeChooseEpoch(this.#options.promisedElsewhere())
    if (epoch === null) return []
    return [this.#send(this.followers.ids(), { type: 'newEpoch', epoch })]
  }

  /** It turned out that an ensemble is founded, and what is being done would need servers that have forgotten it. */
  get #foundsBesideFounded(): boolean {
    if (this.#state.phase === 'broadcast' || this.#discovery.founding) return false
    if (this.#state.phase !== 'discovery') return this.#discovery.electedFresh
    return this.followers.has(this.#self) && !this.#discovery.counts(this.#self)
  }

  #onAckEpoch(from: number, ack: Extract<FollowerMessage, { type: 'ackEpoch' }>): LeaderEffect[] {
    const follower = this.followers.get(from)
    if (follower?.stage !== 'joined' || ack.epoch !== this.epoch) return []
    follower.stage = 'promised'
    this.#discovery.ack(from, ack)
    switch (this.#state.phase) {
      case 'discovery':
        return this.#maybeConfirmPromises()
      case 'synchronization':
      case 'broadcast':
        return this.#sendHistory(from, follower)
      default:
        return []
    }
  }

  /** Enough have promised: whether they still stand to it is asked in one more round (see `Discovery.confirmFrom`). */
  #maybeConfirmPromises(): LeaderEffect[] {
    if (this.#discovery.ackOf(this.#self) === undefined || !this.#discovery.promised) return []
    const round = this.#confirmation.nextRound()
    this.#discovery.confirmFrom(round)
    return [this.#send(this.followers.ids(), { type: 'heartbeat', round })]
  }

  #maybeChooseHistory(): LeaderEffect[] {
    const own = this.#discovery.ackOf(this.#self)
    if (own === undefined || !this.#discovery.hasConfirmed(this.#self)) return []
    const chosen = this.#discovery.chosen(this.#self)
    if (chosen === null) return []
    this.#state.ensembleId = this.#discovery.ensembleId(chosen.server) ?? this.#options.newEnsembleId()
    if (chosen.server === this.#self) return this.#synchronize(own.lastZxid)
    this.#state.phase = 'adopting'
    this.#state.source = chosen.server
    return [this.#send([chosen.server], { type: 'fetch', summary: own.summary })]
  }

  /** The freshest history comes in: this server's own follower takes it over as it would from any leader. */
  #onFetched(from: number, message: HistoryMessage): LeaderEffect[] {
    if (this.#state.phase !== 'adopting' || from !== this.#state.source) return []
    return [this.#send([this.#self], message)]
  }

  #onAdopted(from: number, lastZxid: Zxid): LeaderEffect[] {
    if (this.#state.phase !== 'adopting' || from !== this.#self) return []
    return this.#synchronize(lastZxid)
  }

  #synchronize(initialZxid: Zxid): LeaderEffect[] {
    this.#state.phase = 'synchronization'
    this.#state.initialZxid = initialZxid
    this.#state.proposedZxid = initialZxid
    const effects: LeaderEffect[] = []
    for (const [id, follower] of this.followers.all) {
      if (follower.stage !== 'promised') continue
      if (id === this.#self) {
        follower.stage = 'synced'
        effects.push(this.#newLeader(id, initialZxid))
      } else {
        effects.push(...this.#sendHistory(id, follower))
      }
    }
    return effects
  }

  #sendHistory(to: number, follower: FollowerInReign): LeaderEffect[] {
    const ack = this.#discovery.ackOf(to)
    assert(ack !== undefined, () => `server ${to} has not acknowledged the epoch`)
    follower.stage = 'receiving'
    return [{ kind: 'sendHistory', to, summary: ack.summary, upTo: this.#state.proposedZxid }]
  }

  #newLeader(to: number, lastZxid: Zxid): LeaderEffect {
    return this.#send([to], {
      type: 'newLeader',
      epoch: this.epoch,
      lastZxid,
      ensembleId: this.#state.ensembleId,
      founded: this.#state.phase === 'broadcast' || !this.#discovery.founding,
      counted: this.#discovery.elected(to),
    })
  }

  #onAck(from: number, zxid: Zxid): LeaderEffect[] {
    const follower = this.followers.get(from)
    if (follower?.stage !== 'synced') return []
    if (zxid > this.#state.proposedZxid) {
      const found = `it acknowledges ${formatZxid(zxid)}, proposed is ${formatZxid(this.#state.proposedZxid)}`
      return this.#drop(from, found)
    }
    follower.ackedZxid = Math.max(follower.ackedZxid, zxid)
    if (this.#state.phase === 'synchronization') return this.#maybeEstablish()
    if (this.#state.phase !== 'broadcast') return []
    this.#advanceCommit()
    if (!follower.established) return [this.#establish(from, follower)]
    return this.#state.successor === null ? [] : this.#maybeHandOver()
  }

  #maybeEstablish(): LeaderEffect[] {
    if (!this.followers.quorumHolds(this.#state.initialZxid) || !this.followers.isBound(this.#self)) return []
    this.#state.phase = 'broadcast'
    this.#state.commitZxid = this.#state.initialZxid
    this.#state.toldCommitZxid = this.#state.initialZxid
    const effects: LeaderEffect[] = []
    for (const [id, follower] of this.followers.all) {
      if (follower.ackedZxid >= 0) effects.push(this.#establish(id, follower))
    }
    // Confirmations are counted from here on.
    return [...effects, { kind: 'reign', epoch: this.epoch }, ...this.onHeartbeat()]
  }

  #establish(to: number, follower: FollowerInReign): LeaderEffect {
    follower.established = true
    return this.#send([to], {
      type: 'established',
      epoch: this.epoch,
      commit: this.#state.commitZxid,
      ensembleId: this.#state.ensembleId,
    })
  }

  /** A transaction is committed when a quorum holds it on disk; with it, everything before it. */
  #advanceCommit(): void {
    const reached = this.followers.reachedZxid()
    // Only transactions of this reign are counted one by one; the initial history was committed as a whole.
    if (reached > this.#state.commitZxid && epochOf(reached) === this.epoch) this.#state.commitZxid = reached
  }

  #toSynced(message: LeaderMessage, bytes: number): LeaderEffect[] {
    const to: number[] = []
    const effects: LeaderEffect[] = []
    for (const [id, follower] of this.followers.all) {
      if (follower.stage === 'synced') to.push(id)
      else if (follower.stage === 'receiving') {
        follower.held.push(message)
        follower.heldBytes += bytes
        if (follower.heldBytes > this.#options.heldBytesMax)
          effects.push(...this.#drop(id, 'it takes the history more slowly than it grows'))
      }
    }
    effects.push(this.#send(to, message))
    return effects
  }

  #onHeartbeatAck(from: number, round: number): LeaderEffect[] {
    if (this.#state.phase === 'discovery') {
      this.#discovery.confirm(from, round)
      // A fresh server that is not among the founders must first hear what others promised: so those who are about to
      // promise are waited for, until the next heartbeat.
      return this.#discovery.founding && !this.#discovery.unanimous ? [] : this.#maybeChooseHistory()
    }
    // Only who is bound to this reign can confirm it.
    if (!this.followers.isBound(from)) return []
    const effects: LeaderEffect[] = this.#confirmation
      .answer(from, round)
      .map((request) => ({ kind: 'confirmed', server: request.server, id: request.id }))
    if (this.#confirmation.wantsRound) effects.push(...this.onHeartbeat())
    return effects
  }

  #onSync(from: number, id: number): LeaderEffect[] {
    if (this.#state.phase !== 'broadcast') return []
    this.#confirmation.hold({ server: from, id })
    return this.#confirmation.wantsRound ? this.onHeartbeat() : []
  }

  #onCrown(from: number): LeaderEffect[] {
    const follower = this.followers.get(from)
    if (this.#state.phase !== 'broadcast' || follower?.established !== true || from <= this.#self) return []
    follower.wantsCrown = true
    if (this.#state.successor !== null) return []
    this.#state.successor = this.followers.highestWantingCrown()
    return this.#maybeHandOver()
  }

  /** Everything proposed is committed, and the successor holds it and has been told so. */
  #maybeHandOver(): LeaderEffect[] {
    const successor = this.#state.successor
    if (successor === null || this.#state.phase !== 'broadcast') return []
    const { proposedZxid, commitZxid } = this.#state
    if (!this.followers.holds(successor, proposedZxid) || commitZxid < proposedZxid) return []
    const effects = this.#state.toldCommitZxid === this.#state.commitZxid ? [] : this.flush()
    if ((this.#state.phase as Phase) === 'over') return effects
    effects.push(this.#send(this.followers.ids(), { type: 'handOver', successor }))
    effects.push(...this.resign(`server ${successor} has the higher id and is in step`, successor))
    return effects
  }
}
