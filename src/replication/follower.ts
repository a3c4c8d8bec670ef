import { holds } from '../storage/history-summary.ts'
import { inspectRecords } from '../storage/record.ts'
import type { HistorySummary } from '../storage/storage.ts'
import { formatZxid, type Zxid } from '../tree/zxid.ts'
import { summaryEpochsMax } from './message-schema.ts'
import type { Condition, FollowerMessage, LeaderMessage, WireSummary } from './messages.ts'

/**
 * One attempt to follow a leader, from joining to the end of the link: the follower's side of Zab as a pure machine.
 * The leader's own server runs one as well.
 *
 * What promises something hangs in `after` on the write that it rests on, so that no driver can send it early. The driver
 * performs writes in the order given; each may rest on those before it.
 */
export type FollowerEffect =
  | { kind: 'send'; message: FollowerMessage }
  /** Change the durable state, once everything before is durable. */
  | { kind: 'saveState'; changes: StateChanges; after: FollowerEffect[] }
  /** Records right behind the transaction `behind`. `proposal`: they are committed one by one, soon. */
  | {
      kind: 'append'
      records: Buffer
      behind: Zxid
      lastZxid: Zxid
      proposal: boolean
      after: FollowerEffect[]
    }
  /** Wipe everything behind `to`. */
  | { kind: 'truncate'; to: Zxid }
  /** Build a whole history beside the present one ... */
  | { kind: 'startReplacement' }
  | { kind: 'replacementSnapshot'; bytes: Buffer }
  | { kind: 'replacementRecords'; records: Buffer }
  /** ... and switch to it, with these changes of the durable state. */
  | { kind: 'finishReplacement'; changes: StateChanges; after: FollowerEffect[] }
  /** When everything before is durable. */
  | { kind: 'whenDurable'; after: FollowerEffect[] }
  /** Everything up to `zxid` is committed. */
  | { kind: 'commit'; zxid: Zxid }
  /** The reign is established and its initial history applied here. */
  | { kind: 'serve'; epoch: number }
  /** The leader wants this server's history behind what it shares with `summary`. */
  | { kind: 'sendOwnHistory'; summary: WireSummary }
  | { kind: 'synced'; id: number }
  | { kind: 'message'; bytes: Buffer }
  | { kind: 'leave'; reason: string; successor: number | null }

export interface StateChanges {
  promisedEpoch?: number
  promisedTo?: number | null
  currentEpoch?: number
  ensembleId?: string
  founded?: boolean
}

/** What this server had on disk when the link was made; nothing else writes there while it lives. */
export interface FollowerFacts {
  leader: number
  promisedEpoch: number
  promisedTo: number | null
  currentEpoch: number
  ensembleId: string | null
  condition: Condition
  lastZxid: Zxid
  summary: HistorySummary
  /** Its disk was empty, and it has learned from a majority of others what they have promised (see `amnesia.ts`). */
  recovered: boolean
}

type Stage = 'joining' | 'promised' | 'receiving' | 'replacing' | 'acking' | 'following' | 'over'

/** Plain data, so that it can be shown, compared and copied. */
export interface FollowerState {
  stage: Stage
  /** The epoch of the reign it was offered; 0 before. */
  epoch: number
  /** Where the history ends once everything asked of the disk is written. */
  lastZxid: Zxid
  founded: boolean
}

const newFollowerState = (facts: FollowerFacts): FollowerState => ({
  stage: 'joining',
  epoch: 0,
  lastZxid: facts.lastZxid,
  founded: facts.condition === 'founded',
})

export class Follower {
  readonly #facts: FollowerFacts
  readonly #state: FollowerState

  /** `state`: where an attempt that was shown by `state` goes on. */
  constructor(facts: FollowerFacts, state: FollowerState = newFollowerState(facts)) {
    this.#facts = facts
    this.#state = state
  }

  /** All that it remembers besides the facts, as it is now; not a copy. */
  get state(): FollowerState {
    return this.#state
  }

  get stage(): Stage {
    return this.#state.stage
  }

  /** The epoch of the reign it was offered; 0 before. */
  get epoch(): number {
    return this.#state.epoch
  }

  start(): FollowerEffect[] {
    const { promisedEpoch, condition, ensembleId } = this.#facts
    return [this.#send({ type: 'join', promisedEpoch, condition, ensembleId })]
  }

  onMessage(message: LeaderMessage): FollowerEffect[] {
    if (this.#state.stage === 'over') return []
    switch (message.type) {
      case 'newEpoch':
        return this.#onNewEpoch(message.epoch)
      case 'fetch':
        return [{ kind: 'sendOwnHistory', summary: message.summary }]
      case 'historyStart':
        return this.#onHistoryStart(message.full, message.common)
      case 'historySnapshot':
        if (this.#state.stage !== 'replacing') return this.#leave('a piece of a snapshot was not expected')
        return [{ kind: 'replacementSnapshot', bytes: message.bytes }]
      case 'historyRecords':
        return this.#onHistoryRecords(message.bytes, message.lastZxid)
      case 'historyEnd':
        return this.#onHistoryEnd(message.lastZxid)
      case 'newLeader':
        return this.#onNewLeader(message)
      case 'established':
        return this.#onEstablished(message)
      case 'propose':
        return this.#onPropose(message.records, message.lastZxid, message.commit)
      case 'commit':
        return this.#state.stage === 'following' ? [this.#commit(message.zxid)] : []
      case 'heartbeat':
        return [this.#send({ type: 'heartbeatAck', round: message.round })]
      case 'synced':
        return [{ kind: 'synced', id: message.id }]
      case 'message':
        return [{ kind: 'message', bytes: message.bytes }]
      case 'handOver':
        return this.#leave(`the leader hands over to server ${message.successor}`, message.successor)
      case 'notLeading':
        return this.#leave(`server ${this.#facts.leader} does not lead`)
      case 'hello':
        return []
      default:
        return this.#leave(`${(message as { type: string }).type} is not for a leader to say`)
    }
  }

  #send(message: FollowerMessage): FollowerEffect {
    return { kind: 'send', message }
  }

  #leave(reason: string, successor: number | null = null): FollowerEffect[] {
    this.#state.stage = 'over'
    return [{ kind: 'leave', reason, successor }]
  }

  #onNewEpoch(epoch: number): FollowerEffect[] {
    const { promisedEpoch, promisedTo, leader, currentEpoch, lastZxid, summary } = this.#facts
    if (this.#state.stage !== 'joining') return this.#leave('an epoch was offered twice')
    if (epoch < promisedEpoch) return this.#leave(`epoch ${epoch} is below the promised ${promisedEpoch}`)
    this.#state.stage = 'promised'
    this.#state.epoch = epoch
    const wireSummary: WireSummary = summary
      .slice(-summaryEpochsMax)
      .map((end) => [end.epoch, end.lastCounter])
    const ack = (counts: boolean): FollowerEffect =>
      this.#send({ type: 'ackEpoch', epoch, counts, currentEpoch, lastZxid, summary: wireSummary })
    if (epoch > promisedEpoch) {
      const changes = { promisedEpoch: epoch, promisedTo: leader }
      return [{ kind: 'saveState', changes, after: [ack(true)] }]
    }
    // Two servers may pick the same epoch at the same time. Counted for both, this server could complete two quorums,
    // and one epoch would have two leaders; so the promise holds for the one it was made to. The other may still lead
    // with the help of others, and take this server in as a late comer.
    return [ack(promisedTo === leader)]
  }

  #onHistoryStart(full: boolean, common: Zxid): FollowerEffect[] {
    if (this.#state.stage !== 'promised') return this.#leave('a history was not expected')
    if (full) {
      this.#state.stage = 'replacing'
      this.#state.lastZxid = common
      return [{ kind: 'startReplacement' }]
    }
    if (!holds(this.#facts.summary, common)) {
      return this.#leave(`the common point ${formatZxid(common)} is not in this server's history`)
    }
    this.#state.stage = 'receiving'
    if (common === this.#state.lastZxid) return []
    this.#state.lastZxid = common
    return [{ kind: 'truncate', to: common }]
  }

  #onHistoryRecords(records: Buffer, lastZxid: Zxid): FollowerEffect[] {
    if (this.#state.stage !== 'receiving' && this.#state.stage !== 'replacing') {
      return this.#leave('records of a history were not expected')
    }
    const behind = this.#state.lastZxid
    const problem = this.#take(records, lastZxid)
    if (problem !== null) return this.#leave(problem)
    if (this.#state.stage === 'replacing') return [{ kind: 'replacementRecords', records }]
    return [{ kind: 'append', records, behind, lastZxid, proposal: false, after: [] }]
  }

  /** The history of the freshest server has come in whole; this is the leader's own follower. */
  #onHistoryEnd(lastZxid: Zxid): FollowerEffect[] {
    if (this.#state.stage !== 'receiving' && this.#state.stage !== 'replacing') {
      return this.#leave('the end of a history was not expected')
    }
    if (lastZxid !== this.#state.lastZxid) return this.#leave(this.#incomplete(lastZxid))
    const replaced = this.#state.stage === 'replacing'
    this.#state.stage = 'receiving'
    const after = [this.#send({ type: 'adopted', lastZxid })]
    return [replaced ? { kind: 'finishReplacement', changes: {}, after } : { kind: 'whenDurable', after }]
  }

  #incomplete(lastZxid: Zxid): string {
    return `the history ends at ${formatZxid(this.#state.lastZxid)} instead of ${formatZxid(lastZxid)}`
  }

  #onNewLeader(message: Extract<LeaderMessage, { type: 'newLeader' }>): FollowerEffect[] {
    const { epoch, lastZxid, ensembleId } = message
    if (
      this.#state.stage !== 'promised' &&
      this.#state.stage !== 'receiving' &&
      this.#state.stage !== 'replacing'
    ) {
      return this.#leave('a new leader was not expected')
    }
    if (epoch !== this.#state.epoch) return this.#leave(`epoch ${epoch} instead of ${this.#state.epoch}`)
    if (lastZxid !== this.#state.lastZxid) return this.#leave(this.#incomplete(lastZxid))
    // A server whose disk is empty and that only joins, be it in the middle of a founding, may have promised a later epoch
    // before (see `amnesia.ts`). Where its promise of this one was counted, no later one can be under way without it.
    if (this.#facts.condition === 'fresh' && !this.#facts.recovered && !message.counted) {
      return this.#leave('its disk is empty, and it has not yet heard from enough others what they promised')
    }
    this.#state.founded ||= message.founded
    const changes = { currentEpoch: epoch, ensembleId, founded: this.#state.founded }
    const replaced = this.#state.stage === 'replacing'
    this.#state.stage = 'acking'
    const after = [this.#send({ type: 'ackLeader', epoch, zxid: lastZxid })]
    return [replaced ? { kind: 'finishReplacement', changes, after } : { kind: 'saveState', changes, after }]
  }

  #onEstablished(message: Extract<LeaderMessage, { type: 'established' }>): FollowerEffect[] {
    if (this.#state.stage !== 'acking') return this.#leave('a reign was not expected')
    this.#state.stage = 'following'
    const serve: FollowerEffect[] = [this.#commit(message.commit), { kind: 'serve', epoch: message.epoch }]
    if (this.#state.founded) return serve
    // A quorum took part in the founding. This is durable before the first transaction is acknowledged (see `#onPropose`),
    // so that no later quorum can take the ensemble for one that was never founded.
    this.#state.founded = true
    const changes = { founded: true, ensembleId: message.ensembleId }
    const after = [this.#send({ type: 'ack', zxid: this.#state.lastZxid }), ...serve]
    return [{ kind: 'saveState', changes, after }]
  }

  #onPropose(records: Buffer, lastZxid: Zxid, commit: Zxid): FollowerEffect[] {
    if (this.#state.stage !== 'acking' && this.#state.stage !== 'following') {
      return this.#leave('a proposal was not expected')
    }
    const behind = this.#state.lastZxid
    const problem = this.#take(records, lastZxid)
    if (problem !== null) return this.#leave(problem)
    // Before this server knows that its ensemble is founded, it acknowledges nothing: `#onEstablished` does it for all.
    const after = this.#state.founded ? [this.#send({ type: 'ack', zxid: lastZxid })] : []
    const append: FollowerEffect = { kind: 'append', records, behind, lastZxid, proposal: true, after }
    return this.#state.stage === 'following' ? [append, this.#commit(commit)] : [append]
  }

  #commit(zxid: Zxid): FollowerEffect {
    return { kind: 'commit', zxid: Math.min(zxid, this.#state.lastZxid) }
  }

  /**
   * Checks records at the gate: whole, and each right behind the one before. Null when they are. Their own checksums are not
   * looked at: the frame's has vouched for all of them at once.
   */
  #take(records: Buffer, lastZxid: Zxid): string | null {
    const run = inspectRecords(records, this.#state.lastZxid, { checksums: false })
    if (run.problem !== null) return `records that do not follow: ${run.problem}`
    if (run.last !== lastZxid)
      return `records end at ${formatZxid(run.last)} instead of ${formatZxid(lastZxid)}`
    this.#state.lastZxid = lastZxid
    return null
  }
}
