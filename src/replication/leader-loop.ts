import { asError } from '../runtime/as-error.ts'
import { unreachable } from '../runtime/assert.ts'
import type { Log } from '../runtime/log.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { Timer } from '../runtime/timers.ts'
import type { Storage } from '../storage/storage.ts'
import { StorageError } from '../storage/storage-error.ts'
import { formatZxid } from '../tree/zxid.ts'
import { DecodeError } from '../wire/decode-error.ts'
import { sendHistory } from './history-sender.ts'
import { Leader } from './leader.ts'
import type { LeaderEffect } from './leader-effect.ts'
import type { LeaderOptions } from './leader-options.ts'
import { batchBytesMax, executedBytesMax, followerBacklogBytesMax, inFlightBytesMax } from './limits.ts'
import { type Link, SharedMessage } from './link.ts'
import type { FollowerMessage, LeaderMessage } from './messages.ts'
import type { Persister } from './persister.ts'
import { ProposalBatch } from './proposal-batch.ts'
import { ProposalSizes } from './proposal-sizes.ts'
import type { ReignFollowers } from './reign-followers.ts'
import type { StateMachine } from './state-machine.ts'
import { WaitingRequests } from './waiting-requests.ts'

export interface LeaderLoopEvents {
  onResigned(reason: string, successor: number | null): void
  onFailure(error: Error): void
}

export interface LeaderLoopTimes {
  heartbeatMs: number
  /** A quorum that is lost for this long ends the reign. */
  quorumLossMs: number
  /** A quorum must have joined by then. */
  discoveryMs: number
  /** The reign must be established by then. */
  establishMs: number
  /** A hand-over that takes longer is called off. */
  handOverMs: number
}

type Inbound = { from: number; message: FollowerMessage } | { from: number; gone: true }

/**
 * The leader loop: it runs beside the follower that every server has, takes what waits in its inbox, steps the `Leader`,
 * performs the effects, and again. Each turn drains all waiting requests and proposes what they come to at once.
 */
export class LeaderLoop {
  readonly #leader: Leader
  readonly #runtime: Runtime
  readonly #storage: Storage
  readonly #persister: Persister
  readonly #state: StateMachine
  readonly #events: LeaderLoopEvents
  readonly #log: Log
  readonly #times: LeaderLoopTimes
  readonly #resyncFull: boolean
  readonly #links = new Map<number, Link>()
  #inbox: Inbound[] = []
  readonly #requests = new WaitingRequests()
  /** The turn before had no time for all of them. */
  #interrupted = false
  #turnAsked = false
  #batch: ProposalBatch | null = null
  /** Sizes of the batches in flight, to bound their sum. */
  #inFlight: { lastZxid: number; bytes: number }[] = []
  #inFlightBytes = 0
  #executing = false
  #over = false
  readonly #timers: Timer[] = []
  readonly #startedMs: number
  #quorumLostAtMs: number | null = null
  #handOverSinceMs: number | null = null
  readonly #proposalSizes = new ProposalSizes()

  constructor(options: {
    self: number
    members: number
    runtime: Runtime
    storage: Storage
    persister: Persister
    state: StateMachine
    events: LeaderLoopEvents
    log: Log
    times: LeaderLoopTimes
    promisedElsewhere: LeaderOptions['promisedElsewhere']
    resyncFull: boolean
  }) {
    this.#runtime = options.runtime
    this.#storage = options.storage
    this.#persister = options.persister
    this.#state = options.state
    this.#events = options.events
    this.#log = options.log
    this.#times = options.times
    this.#resyncFull = options.resyncFull
    this.#leader = new Leader({
      self: options.self,
      members: options.members,
      newEnsembleId: () => options.runtime.random.bytes(16).toString('hex'),
      promisedElsewhere: options.promisedElsewhere,
      heldBytesMax: followerBacklogBytesMax,
    })
    this.#startedMs = options.runtime.clock.monotonicMs()
    this.#timers.push(
      options.runtime.timers.every(options.times.heartbeatMs, () =>
        this.#guard(() => this.#onHeartbeatDue()),
      ),
    )
  }

  get phase(): Leader['phase'] {
    return this.#leader.phase
  }

  get epoch(): number {
    return this.#leader.epoch
  }

  get followers(): ReignFollowers {
    return this.#leader.followers
  }

  /** For how long too few have followed for anything to be decided; 0 while enough do. */
  quorumLostMs(nowMs: number): number {
    return this.#quorumLostAtMs === null ? 0 : nowMs - this.#quorumLostAtMs
  }

  get proposalBytes(): ProposalSizes['told'] {
    return this.#proposalSizes.told
  }

  /** A follower has joined; a link that it had before must have been closed. */
  addFollower(server: number, link: Link): void {
    this.#links.set(server, link)
  }

  onMessage(from: number, link: Link, message: FollowerMessage): void {
    if (this.#over || this.#links.get(from) !== link) return
    this.#inbox.push({ from, message })
    this.#askForTurn()
  }

  onLinkClosed(server: number, link: Link): void {
    if (this.#over || this.#links.get(server) !== link) return
    this.#links.delete(server)
    this.#inbox.push({ from: server, gone: true })
    this.#askForTurn()
  }

  linkOf(server: number): Link | undefined {
    return this.#links.get(server)
  }

  sendTo(server: number, message: LeaderMessage): void {
    this.#links.get(server)?.send(message)
  }

  /** This server's own follower has applied the initial history: requests may be executed on the state. */
  beginReign(): void {
    if (this.#over || this.#leader.phase !== 'broadcast') return
    this.#executing = true
    this.#batch = new ProposalBatch(this.#leader.epoch, this.#leader.proposedZxid)
    this.#state.beginReign(this.#leader.epoch)
    this.#askForTurn()
  }

  resign(reason: string): void {
    this.#perform(this.#leader.resign(reason))
  }

  #askForTurn(): void {
    if (this.#turnAsked || this.#over) return
    this.#turnAsked = true
    this.#runtime.timers.endOfTurn(this.#turn)
  }

  readonly #work = (): void => {
    const inbox = this.#inbox
    this.#inbox = []
    for (const inbound of inbox) this.#take(inbound)
    this.#executeRequests()
    this.#perform(this.#leader.flush())
  }

  readonly #turn = (): void => {
    this.#turnAsked = false
    this.#guard(this.#work)
  }

  #guard(work: () => void): void {
    if (this.#over) return
    try {
      work()
    } catch (error) {
      this.#events.onFailure(asError(error))
    }
  }

  #take(inbound: Inbound): void {
    if (this.#over) return
    if ('gone' in inbound) {
      this.#perform(this.#leader.onGone(inbound.from))
      return
    }
    const { from, message } = inbound
    if (message.type === 'requests') this.#requests.push({ from, bytes: message.bytes })
    else if (message.type === 'message') {
      if (this.#executing) this.#refuseMalformed(from, () => this.#state.onMessage(from, message.bytes))
    } else this.#perform(this.#leader.onMessage(from, message))
    if (message.type === 'historyRecords' || message.type === 'historySnapshot') this.#throttle(from)
  }

  /** The freshest history comes in faster than this server's disk takes it. */
  #throttle(from: number): void {
    const link = this.#links.get(from)
    if (link === undefined || link.paused || !this.#persister.overloaded) return
    link.pause()
    this.#persister.whenRelieved(() => link.resume())
  }

  /** Bytes that are no requests are the sender's fault: it is cut off, and the reign goes on. Whether they were any. */
  #refuseMalformed(from: number, work: () => void): boolean {
    try {
      work()
      return true
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error
      this.#log.warn('a follower sends what cannot be understood', { server: from, problem: error.message })
      this.#links.get(from)?.close(`malformed requests: ${error.message}`)
      return false
    }
  }

  #executeRequests(): void {
    const batch = this.#batch
    if (!this.#executing || batch === null || this.#over) return
    this.#forgetCommitted()
    // What one turn could not do is not what gathering waits for.
    if (this.#gathers() && !this.#interrupted) return
    this.#interrupted = false
    let executedBytes = 0
    while (!this.#requests.isEmpty && this.#leader.takesRequests) {
      // The followers' own bounds limit what waits here meanwhile. An own disk that is slower than those of a quorum
      // holds no commit up, so it is looked at by itself; its acknowledgement brings the next turn.
      if (this.#inFlightBytes > inFlightBytesMax || this.#persister.overloaded) break
      if (executedBytes >= executedBytesMax) {
        this.#interrupted = true
        this.#askForTurn()
        break
      }
      const request = this.#requests.take()
      if (request === undefined) break
      executedBytes += request.bytes.length
      if (batch.bytes === 0) batch.begin(this.#leader.commitZxid)
      const { from, bytes } = request
      if (!this.#refuseMalformed(from, () => this.#state.execute(from, bytes, batch)))
        this.#requests.forget(from)
      if (batch.bytes > batchBytesMax) this.#propose(batch)
    }
    if (batch.bytes > 0) this.#propose(batch)
  }

  /**
   * Group commit, for the whole ensemble: while this server's own log is being written, requests gather, and become one
   * batch, one frame, one write and one sync on every server, rather than many small ones. Where the network is what takes
   * long, batches follow each other without a pause; and where the others' disks are faster, their commit ends the wait.
   */
  #gathers(): boolean {
    return this.#persister.bytes > 0 && this.#inFlight.length > 0
  }

  #propose(batch: ProposalBatch): void {
    if (batch.bytes === 0) return
    this.#proposalSizes.note(batch.bytes, batch.count)
    const records = batch.take()
    this.#inFlight.push({ lastZxid: batch.lastZxid, bytes: records.length })
    this.#inFlightBytes += records.length
    this.#perform(this.#leader.onProposals(records, batch.lastZxid))
  }

  #forgetCommitted(): void {
    let done = 0
    for (const sent of this.#inFlight) {
      if (sent.lastZxid > this.#leader.commitZxid) break
      this.#inFlightBytes -= sent.bytes
      done++
    }
    if (done > 0) this.#inFlight.splice(0, done)
  }

  #onHeartbeatDue(): void {
    const nowMs = this.#runtime.clock.monotonicMs()
    this.#perform(this.#leader.onHeartbeat())
    const problem = this.#overdue(nowMs)
    if (problem !== null) this.resign(problem)
    this.#watchHandOver(nowMs)
    this.#askForTurn()
  }

  #overdue(nowMs: number): string | null {
    const ageMs = nowMs - this.#startedMs
    const { phase } = this.#leader
    if (phase === 'broadcast') {
      if (this.#leader.followers.isQuorum) this.#quorumLostAtMs = null
      else this.#quorumLostAtMs ??= nowMs
      const lostMs = this.quorumLostMs(nowMs)
      return lostMs > this.#times.quorumLossMs ? `no quorum for ${Math.round(lostMs)} ms` : null
    }
    if (phase === 'discovery' && ageMs > this.#times.discoveryMs) {
      return `no quorum joined within ${this.#times.discoveryMs} ms`
    }
    return ageMs > this.#times.establishMs ? `not established within ${this.#times.establishMs} ms` : null
  }

  #watchHandOver(nowMs: number): void {
    if (!this.#leader.handsOver) {
      this.#handOverSinceMs = null
      return
    }
    this.#handOverSinceMs ??= nowMs
    if (nowMs - this.#handOverSinceMs < this.#times.handOverMs) return
    this.#log.warn('the hand-over took too long and is called off')
    this.#leader.cancelHandOver()
  }

  #perform(effects: readonly LeaderEffect[]): void {
    for (const effect of effects) {
      if (this.#over) return
      switch (effect.kind) {
        case 'send':
          this.#send(effect.to, effect.message)
          break
        case 'sendHistory':
          this.#sendHistory(effect)
          break
        case 'reign':
          this.#log.info('reign established', {
            epoch: effect.epoch,
            from: formatZxid(this.#leader.commitZxid),
          })
          break
        case 'drop':
          this.#links.get(effect.server)?.close(effect.reason)
          break
        case 'confirmed':
          this.sendTo(effect.server, { type: 'synced', id: effect.id })
          break
        case 'resign':
          this.#end(effect.reason, effect.successor)
          break
        default:
          unreachable(effect)
      }
    }
  }

  #send(to: readonly number[], message: LeaderMessage): void {
    const [only] = to
    if (to.length === 1 && only !== undefined) {
      this.sendTo(only, message)
      return
    }
    const shared = new SharedMessage(message)
    for (const server of to) {
      const link = this.#links.get(server)
      if (link === undefined) continue
      if (link.bufferedBytes > followerBacklogBytesMax) link.close('it takes proposals too slowly')
      else link.sendShared(shared)
    }
  }

  #sendHistory(effect: Extract<LeaderEffect, { kind: 'sendHistory' }>): void {
    const link = this.#links.get(effect.to)
    if (link === undefined) return
    const { upTo, summary } = effect
    const send = async (): Promise<void> => {
      // Proposals up to `upTo` may still be on their way to this server's own log.
      await this.#persister.settled()
      const options = { storage: this.#storage, link, receiver: summary, upTo, full: this.#resyncFull }
      const how = await sendHistory(options)
      this.#log.info('sent the history to a follower', { server: effect.to, how, upTo: formatZxid(upTo) })
    }
    send().then(
      () => {
        if (this.#links.get(effect.to) !== link) return
        this.#guard(() => this.#perform(this.#leader.onHistorySent(effect.to, upTo)))
        this.#askForTurn()
      },
      (error: unknown) => {
        // Not the receiver's fault but this server's disk: who leads must have a whole history.
        if (error instanceof StorageError && error.code !== 'PURGED')
          this.#guard(() => this.#events.onFailure(error))
        link.close(`sending the history failed: ${error instanceof Error ? error.message : String(error)}`)
      },
    )
  }

  #end(reason: string, successor: number | null): void {
    if (this.#over) return
    this.#over = true
    for (const timer of this.#timers) timer.cancel()
    if (this.#executing) this.#state.endReign()
    this.#executing = false
    const links = [...this.#links.values()]
    this.#links.clear()
    this.#events.onResigned(reason, successor)
    for (const link of links) link.close(reason)
  }
}
