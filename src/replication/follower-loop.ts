import { BrokenInvariant, unreachable } from '../runtime/assert.ts'
import type { Log } from '../runtime/log.ts'
import { type HistoryReplacement, type Storage, StorageError } from '../storage/storage.ts'
import type { Applier } from './applier.ts'
import { conditionOf } from './condition.ts'
import { Follower, type FollowerEffect } from './follower.ts'
import { sendHistory } from './history-sender.ts'
import type { Link } from './link.ts'
import type { FollowerMessage, LeaderMessage } from './messages.ts'
import type { Persister } from './persister.ts'
import type { StateMachine } from './state-machine.ts'

export interface FollowerLoopEvents {
  /** The reign is established and its initial history applied here. */
  onServe(epoch: number): void
  onSynced(id: number): void
  /** It promises the leader this epoch: from here on it may be counted for it. */
  onPromise(epoch: number): void
  onMessage(message: Buffer): void
  /** The link to the leader has ended. `successor`: whom it named when it stepped down in an orderly way. */
  onLeft(reason: string, successor: number | null): void
}

/**
 * Drives a `Follower` on one link: performs its effects on disk, link and state. One lives at a time, and its successor
 * is made only when its writes have come to rest.
 */
export class FollowerLoop {
  readonly leader: number
  readonly #follower: Follower
  readonly #storage: Storage
  readonly #persister: Persister
  readonly #applier: Applier
  readonly #state: StateMachine
  readonly #events: FollowerLoopEvents
  readonly #log: Log
  readonly #resyncFull: boolean
  readonly #beforeSwitch: () => Promise<void>
  #link: Link | null = null
  #replacement: HistoryReplacement | null = null
  #over = false

  constructor(options: {
    leader: number
    storage: Storage
    persister: Persister
    applier: Applier
    state: StateMachine
    events: FollowerLoopEvents
    log: Log
    resyncFull: boolean
    recovered: boolean
    /** Work on the present history that must end before another takes its place. */
    beforeSwitch: () => Promise<void>
  }) {
    this.leader = options.leader
    this.#storage = options.storage
    this.#persister = options.persister
    this.#applier = options.applier
    this.#state = options.state
    this.#events = options.events
    this.#log = options.log
    this.#resyncFull = options.resyncFull
    this.#beforeSwitch = options.beforeSwitch
    const { state } = options.storage
    this.#follower = new Follower({
      leader: options.leader,
      recovered: options.recovered,
      promisedEpoch: state.promisedEpoch,
      promisedTo: state.promisedTo,
      currentEpoch: state.currentEpoch,
      ensembleId: state.ensembleId,
      condition: conditionOf(state),
      lastZxid: options.storage.lastZxid,
      summary: options.storage.summary(),
    })
  }

  get epoch(): number {
    return this.#follower.epoch
  }

  /** Waiting for, or receiving, the leader's history. */
  get synchronizing(): boolean {
    return this.#follower.stage !== 'joining' && this.#follower.stage !== 'following'
  }

  start(link: Link): void {
    this.#link = link
    this.#perform(this.#follower.start())
  }

  onMessage(message: LeaderMessage): void {
    if (this.#over) return
    this.#perform(this.#follower.onMessage(message))
    this.#throttle()
  }

  /** The disk is slower than the link. */
  #throttle(): void {
    const link = this.#link
    if (link === null || link.paused || !this.#persister.overloaded) return
    link.pause()
    this.#persister.whenRelieved(() => link.resume())
  }

  send(message: FollowerMessage): void {
    if (!this.#over) this.#link?.send(message)
  }

  onLinkClosed(reason: string): void {
    this.leave(reason, null)
  }

  /** Ends it. Writes that have not begun are forgotten: nobody was promised anything about them. */
  leave(reason: string, successor: number | null): void {
    if (this.#over) return
    this.#over = true
    this.#link?.close(reason)
    this.#events.onLeft(reason, successor)
  }

  /** To be awaited after the end, before the next one is made. */
  async rest(): Promise<void> {
    await this.#persister.abandon()
    await this.#replacement?.abandon()
    this.#applier.forgetProposals()
  }

  #perform(effects: readonly FollowerEffect[]): void {
    for (const effect of effects) {
      if (this.#over) return
      this.#performOne(effect)
    }
  }

  #performOne(effect: FollowerEffect): void {
    switch (effect.kind) {
      case 'send':
        if (effect.message.type === 'ackEpoch' && effect.message.counts) {
          this.#events.onPromise(effect.message.epoch)
        }
        return this.send(effect.message)
      case 'saveState':
        return this.#write(() => this.#storage.saveState(effect.changes), effect.after)
      case 'append':
        return this.#append(effect)
      case 'truncate':
        this.#log.info('wiping what the reign does not hold', { from: this.#storage.lastZxid, to: effect.to })
        return this.#write(() => this.#storage.truncate(effect.to), [])
      case 'startReplacement':
        this.#log.info('wiping the whole history, to replay the leader’s')
        return this.#write(async () => {
          this.#replacement = await this.#storage.beginReplacement()
        }, [])
      case 'replacementSnapshot':
        return this.#build((history) => history.addSnapshotBytes(effect.bytes), effect.bytes.length)
      case 'replacementRecords':
        return this.#build((history) => history.appendRecords(effect.records), effect.records.length)
      case 'finishReplacement':
        return this.#write(() => this.#orLeave(this.#switchHistory(effect.changes)), effect.after)
      case 'whenDurable':
        return this.#write(() => Promise.resolve(), effect.after)
      case 'commit':
        return this.#applier.commitTo(effect.zxid)
      case 'serve':
        return this.#serve(effect.epoch)
      case 'sendOwnHistory':
        return this.#sendOwnHistory(effect.summary)
      case 'synced':
        return this.#events.onSynced(effect.id)
      case 'message':
        return this.#events.onMessage(effect.bytes)
      case 'leave':
        return this.leave(effect.reason, effect.successor)
      default:
        return unreachable(effect)
    }
  }

  #write(work: () => Promise<void>, after: FollowerEffect[]): void {
    this.#persister.barrier(work, () => this.#perform(after))
  }

  #append(effect: Extract<FollowerEffect, { kind: 'append' }>): void {
    if (effect.proposal) this.#applier.add(effect.records, effect.behind)
    this.#persister.append(effect.records, effect.lastZxid, () => {
      this.#perform(effect.after)
      this.#applier.advance()
    })
  }

  #serve(epoch: number): void {
    const { commitTarget } = this.#applier
    this.#applier.whenApplied(commitTarget, () => {
      if (!this.#over) this.#events.onServe(epoch)
    })
  }

  #build(work: (history: HistoryReplacement) => Promise<void>, bytes: number): void {
    this.#persister.barrier(() => this.#orLeave(work(this.#building())), noop, bytes)
  }

  /** A history that arrived damaged is given up and asked for again; the one on the disk is as it was. */
  async #orLeave(built: Promise<void>): Promise<void> {
    try {
      await built
    } catch (error) {
      if (!(error instanceof StorageError) || error.code !== 'RECEIVED' || this.#replacement === null)
        throw error
      this.leave(error.message, null)
    }
  }

  #building(): HistoryReplacement {
    if (this.#replacement === null) throw new BrokenInvariant('no history is being built')
    return this.#replacement
  }

  async #switchHistory(changes: Parameters<Storage['saveState']>[0]): Promise<void> {
    const replacement = this.#building()
    await this.#beforeSwitch()
    await replacement.commit(changes)
    this.#replacement = null
    this.#applier.forgetProposals()
    await this.#storage.recover(this.#state)
    this.#applier.forgetProposals()
  }

  #sendOwnHistory(summary: [number, number][]): void {
    const link = this.#link
    if (link === null) return
    const upTo = this.#storage.lastZxid
    sendHistory({ storage: this.#storage, link, receiver: summary, upTo, full: this.#resyncFull }).then(
      () => link.send({ type: 'historyEnd', lastZxid: upTo }),
      (error: unknown) => {
        // Not the candidate's fault but this server's disk, which must not be voted with. Behind the end of the link it need not
        // be the disk's either: the next leader may have had cut off what was being read.
        if (!this.#over && error instanceof StorageError && error.code !== 'PURGED') {
          this.#persister.barrier(() => Promise.reject(error), noop)
        }
        this.leave(`sending the own history failed: ${String(error)}`, null)
      },
    )
  }
}

const noop = (): void => {}
