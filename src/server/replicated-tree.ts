import type { ProposalSink, StateMachine } from '../replication/state-machine.ts'
import { assert } from '../runtime/assert.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Timers } from '../runtime/timers.ts'
import type { ApplyListener } from '../tree/apply-listener.ts'
import { areReapRequests } from '../tree/reaping.ts'
import type { ReplicatedState } from '../tree/replicated-state.ts'
import { requestAttachment, requestBytes, requestNumber, requestSession } from '../tree/request.ts'
import type { Znode } from '../tree/znode.ts'
import type { Zxid } from '../tree/zxid.ts'
import { ErrorCode } from '../wire/error-codes.ts'
import { JuteWriter } from '../wire/jute-writer.ts'
import { OpCode } from '../wire/opcodes.ts'
import type { ClientConnection } from './client-connection.ts'
import type { ClientServices } from './client-services.ts'
import type { Reaper } from './reaper.ts'
import type { LeaderSessions } from './sessions/leader-sessions.ts'
import { readLeaderMessage } from './sessions/session-messages.ts'

/**
 * The replicated state between the replication, which feeds it, and the clients, who are told what comes of it: watch events
 * and replies go straight into the output of the connections that they concern.
 */
export class ReplicatedTree implements StateMachine, ApplyListener {
  readonly #state: ReplicatedState
  readonly #services: ClientServices
  readonly #leaderSessions: LeaderSessions
  readonly #reaper: Reaper
  readonly #clock: Clock
  readonly #timers: Timers
  /** Takes the answers that no client gets. */
  readonly #unread = new JuteWriter(256)
  readonly #stamp = { wallMs: 0 }
  readonly #digest = (): string => this.#state.digest()
  #lastProposed: Zxid = 0
  /** When the transactions that are being applied are answered; -1 until the first answer. */
  #nowMs = -1
  #replyZxid: Zxid = 0
  #replyError = 0
  /** The history is gone through anew, so requests come by that were answered the first time. */
  #replaying = false
  #answeredBefore = false
  /** The reply goes to a client: the connection, between `beginReply` and the end of the transaction. */
  #repliedTo: ClientConnection | null = null

  constructor(
    services: ClientServices,
    options: { leaderSessions: LeaderSessions; reaper: Reaper; clock: Clock; timers: Timers },
  ) {
    this.#services = services
    this.#state = services.state
    this.#leaderSessions = options.leaderSessions
    this.#reaper = options.reaper
    this.#clock = options.clock
    this.#timers = options.timers
  }

  /** Leader: the last transaction ordered in this reign. */
  get lastProposed(): Zxid {
    return Math.max(this.#lastProposed, this.#state.lastApplied)
  }

  // The replication's side

  get lastApplied(): Zxid {
    return this.#state.lastApplied
  }

  digest(): string {
    return this.#state.digest()
  }

  apply(zxid: Zxid, records: Buffer, start: number, end: number): void {
    this.#state.apply(zxid, records, this, start, end)
    const { digests } = this.#services
    if (digests.isDue(zxid)) digests.note(zxid, this.#digest)
    const connection = this.#repliedTo
    if (connection === null) return
    // Reads that waited for this write are answered now, before the next write of the same client takes effect.
    this.#repliedTo = null
    connection.order.writeDone()
    if (connection.order.isWaiting) this.#services.requests.drain(connection)
    else connection.regulate()
  }

  applied(): void {
    this.#nowMs = -1
    this.#leaderSessions.applied()
    this.#services.inFlight.giveRoom()
  }

  beginReign(epoch: number): void {
    this.#state.beginReign()
    this.#lastProposed = this.#state.lastApplied
    this.#reaper.beginReign()
    this.#leaderSessions.beginReign(epoch)
  }

  execute(from: number, requests: Buffer, sink: ProposalSink): void {
    this.#stamp.wallMs = this.#clock.wallMs()
    this.#state.execute(from, requests, this.#stamp, sink)
    if (areReapRequests(requests)) this.#reaper.decided()
    this.#lastProposed = sink.nextZxid - 1
    this.#heardOf(requests)
  }

  /** `requests` are whole and well formed, for they were executed. Many in a row are of one session. */
  #heardOf(requests: Buffer): void {
    let last = 0
    for (let at = 0; at < requests.length; at += requestBytes(requests, at)) {
      const sessionId = requestSession(requests, at)
      // What the leader itself asks is no sign of life.
      if (sessionId === last || requestNumber(requests, at) === 0) continue
      last = sessionId
      this.#leaderSessions.asked(sessionId, requestAttachment(requests, at))
    }
  }

  onMessage(from: number, message: Buffer): void {
    readLeaderMessage(message, from, this.#leaderSessions)
  }

  endReign(): void {
    this.#reaper.endReign()
    this.#leaderSessions.endReign()
    this.#state.endReign()
  }

  reset(): void {
    this.#willBeReplaced()
    this.#state.reset()
    this.#services.digests.loaded(this.lastApplied, this.#digest)
  }

  async load(zxid: Zxid, chunks: AsyncIterable<Buffer>): Promise<void> {
    this.#willBeReplaced()
    await this.#state.load(chunks)
    assert(
      this.#state.lastApplied === zxid,
      () => `the snapshot of ${zxid} holds the state of ${this.#state.lastApplied}`,
    )
    this.#services.digests.loaded(zxid, this.#digest)
    // Before anything behind the snapshot is applied and answered: events leave before replies.
    this.#services.watches.stateWasReplaced(this.#state)
  }

  snapshot(): AsyncIterable<Buffer> {
    return this.#state.snapshot(() => new Promise((resolve) => this.#timers.endOfTurn(resolve)))
  }

  endSnapshot(): void {
    this.#state.endSnapshot()
  }

  /** The state is whole, and goes on where the history ends. */
  replayed(): void {
    this.#replaying = false
    this.#state.tree.endReplay()
  }

  #count(connection: ClientConnection, nowMs: number, latencyMs: number): void {
    const { metrics, inFlight } = this.#services
    metrics.latencyMs.record(latencyMs)
    metrics.updateLatencyMs.record(latencyMs)
    metrics.updateLatencies.record(latencyMs)
    metrics.operations.add(inFlight.answeredOpcode)
    connection.statistics.answered(inFlight.answeredOpcode, nowMs, latencyMs)
  }

  #willBeReplaced(): void {
    this.#services.digests.clear()
    this.#replaying = true
    this.#state.tree.beginReplay()
    this.#services.requests.readable = false
    this.#services.watches.stateWillBeReplaced(this.#state)
  }

  // What a transaction does

  // Not a getter: a private one is a call into the runtime each time.
  #hasWatchers(): boolean {
    return this.#services.watches.size > 0
  }

  nodeCreated(node: Znode, zxid: Zxid): void {
    const { tree } = this.#state
    if (this.#hasWatchers()) this.#services.watches.nodeCreated(tree.path(node), tree.acl(node), zxid)
  }

  nodeDeleted(node: Znode, zxid: Zxid): void {
    const { tree } = this.#state
    if (this.#hasWatchers()) this.#services.watches.nodeDeleted(tree.path(node), tree.acl(node), zxid)
  }

  nodeDataChanged(node: Znode, zxid: Zxid): void {
    const { tree } = this.#state
    if (this.#hasWatchers()) this.#services.watches.nodeDataChanged(tree.path(node), tree.acl(node), zxid)
  }

  nodeChildrenChanged(node: Znode, zxid: Zxid): void {
    const { tree } = this.#state
    if (this.#hasWatchers()) this.#services.watches.nodeChildrenChanged(tree.path(node), tree.acl(node), zxid)
  }

  sessionCreated(id: number, timeoutMs: number): void {
    this.#leaderSessions.sessionCreated(id, timeoutMs)
  }

  sessionClosed(id: number): void {
    this.#leaderSessions.sessionClosed(id)
    const connection = this.#services.sessions.get(id)
    // The client that asked for it gets its answer first. Who did not has been too silent: it is told nothing.
    if (connection !== undefined && !connection.goodbyeSaid) connection.endExpired()
  }

  wantsReply(server: number, incarnation: number): boolean {
    return server === this.#services.config.serverId && incarnation === this.#services.inFlight.incarnation
  }

  beginReply(number: number, zxid: Zxid, error: number): JuteWriter {
    const { inFlight } = this.#services
    this.#answeredBefore = this.#replaying && number < inFlight.firstNumber
    if (this.#answeredBefore) {
      this.#unread.reset()
      return this.#unread
    }
    // A snapshot has brought the requests before this one, and the log goes on behind it.
    if (this.#replaying) this.#services.answerThrough(number - 1)
    inFlight.answer(number)
    this.#replyZxid = zxid
    this.#replyError = error
    const connection = inFlight.answeredConnection
    const opcode = inFlight.answeredOpcode
    if (opcode !== OpCode.createSession) connection?.endIfOvertaken()
    if (
      connection === null ||
      connection.stage === 'closed' ||
      opcode === OpCode.createSession ||
      error === ErrorCode.sessionMoved
    ) {
      this.#unread.reset()
      return this.#unread
    }
    this.#repliedTo = connection
    return connection.beginReply(inFlight.answeredXid, zxid, error)
  }

  endReply(): void {
    if (this.#answeredBefore) return
    const { inFlight, handshakes } = this.#services
    const connection = inFlight.answeredConnection
    if (connection === null || connection.stage === 'closed') return
    if (inFlight.answeredOpcode === OpCode.createSession) {
      handshakes.created(connection, this.#replyZxid, this.#replyError)
      return
    }
    if (this.#replyError === ErrorCode.sessionMoved) {
      // Closed rather than answered, as in ZooKeeper: clients know how to lose a connection.
      connection.endMoved()
      return
    }
    if (this.#nowMs < 0) this.#nowMs = this.#clock.monotonicMs()
    this.#count(connection, this.#nowMs, this.#nowMs - inFlight.answeredStartedMs)
    connection.endReply()
    if (inFlight.answeredOpcode === OpCode.closeSession) connection.end()
  }
}
