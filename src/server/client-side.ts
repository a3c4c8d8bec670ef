import type { Replica } from '../replication/replica.ts'
import type { Reign, ReplicaEvents, ReplicaStatus } from '../replication/replica-config.ts'
import { assert } from '../runtime/assert.ts'
import type { Clock } from '../runtime/clock.ts'
import { type Environment, noEnvironment } from '../runtime/environment.ts'
import type { Log } from '../runtime/log.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { Timer, Timers } from '../runtime/timers.ts'
import { ReplicatedState } from '../tree/replicated-state.ts'
import { OpCode } from '../wire/opcodes.ts'
import type { ClientConnection } from './client-connection.ts'
import { ClientPort } from './client-port.ts'
import type { ClientServices } from './client-services.ts'
import type { ServerConfig } from './config/index.ts'
import { DigestHistory } from './digest-history.ts'
import { FlushList } from './flush-list.ts'
import type { ServerMode, ServerView } from './four-letter-words/server-view.ts'
import { FourLetterWords } from './four-letter-words/words.ts'
import { Handshakes } from './handshake.ts'
import { encodeExpiries, InFlight } from './in-flight.ts'
import { LimitLog } from './limit-log.ts'
import { ServerMetrics } from './metrics.ts'
import { QuotaLog } from './quota-log.ts'
import { Reads } from './reads/reads.ts'
import { Reaper } from './reaper.ts'
import { ReplicatedTree } from './replicated-tree.ts'
import { WaitingBytes } from './request-order.ts'
import { Requests } from './requests.ts'
import type { ServerObserver } from './server-observer.ts'
import { LeaderSessions } from './sessions/leader-sessions.ts'
import { LocalSessions } from './sessions/local-sessions.ts'
import { readServerMessage } from './sessions/session-messages.ts'
import type { SessionBucket } from './sessions/session-tracker.ts'
import { TurnShare } from './turn-share.ts'
import { UnsentBytes } from './unsent-bytes.ts'
import { WatchManager } from './watches/watch-manager.ts'

/** The part of a replica that clients' requests need. */
export type ReplicaLink = Pick<
  Replica,
  'sendRequests' | 'sendMessage' | 'messageTo' | 'sync' | 'status' | 'isCutOff'
>

export interface ClientSideOptions {
  runtime: Runtime
  config: ServerConfig
  replica: ReplicaLink
  environment?: Environment
  observer?: ServerObserver | undefined
  /** Why the disk cannot be used at present. */
  diskTrouble?: () => string | null
  onBroken: (error: unknown) => void
}

/** Everything of a server that faces its clients, around the replicated state that they share. */
export class ClientSide
  implements ClientServices, ServerView, Pick<ReplicaEvents, 'onServing' | 'onAdrift' | 'onMessage'>
{
  readonly config: ServerConfig
  readonly clock: Clock
  readonly timers: Timers
  readonly log: Log
  readonly limitLog: LimitLog
  readonly waiting = new WaitingBytes()
  readonly unsent = new UnsentBytes()
  readonly metrics = new ServerMetrics()
  readonly environment: Environment
  readonly digests: DigestHistory
  readonly state: ReplicatedState
  readonly watches: WatchManager<ClientConnection>
  readonly flushes: FlushList
  readonly turnShare: TurnShare
  readonly sessions: LocalSessions<ClientConnection>
  readonly inFlight: InFlight
  readonly handshakes: Handshakes
  readonly requests: Requests
  readonly reads: Reads
  readonly words: FourLetterWords
  readonly port: ClientPort
  /** What the replication drives. */
  readonly tree: ReplicatedTree
  readonly #runtime: Runtime
  readonly #observer: ServerObserver | null
  readonly #replica: ReplicaLink
  readonly #onBroken: (error: unknown) => void
  readonly #diskTrouble: () => string | null
  readonly #startedMs: number
  readonly #leaderSessions: LeaderSessions
  #servingAs: ServerMode | null = null
  #servingSinceMs = 0
  #touching: Timer | null = null
  #leaderless: Timer | null = null
  #stopped = false

  constructor(options: ClientSideOptions) {
    const { runtime, config, replica, environment, observer, onBroken } = options
    const { clock, timers, random } = runtime
    this.digests = new DigestHistory(observer ?? null)
    this.#observer = observer ?? null
    this.config = config
    this.clock = clock
    this.timers = timers
    this.environment = environment ?? noEnvironment
    this.log = runtime.log.child('clients')
    this.limitLog = new LimitLog(this.log, clock)
    const quotaLog = new QuotaLog(clock, this.log, config.enforceQuota)
    this.state = new ReplicatedState(config, (excess) => quotaLog.report(excess))
    if (!config.standalone) this.state.showMembership(config.membership)
    this.#runtime = runtime
    this.#replica = replica
    this.#onBroken = onBroken
    this.#diskTrouble = options.diskTrouble ?? (() => null)
    this.#startedMs = clock.monotonicMs()
    const sendMessage = (message: Buffer): void => replica.sendMessage(message)
    this.watches = new WatchManager((call) =>
      timers.endOfTurn(() => {
        try {
          call()
        } catch (error) {
          onBroken(error)
        }
      }),
    )
    this.flushes = new FlushList(timers, onBroken)
    this.turnShare = new TurnShare(timers, this.flushes, onBroken)
    this.sessions = new LocalSessions(sendMessage)
    this.inFlight = new InFlight({
      requestsMax: config.globalOutstandingLimit,
      timers,
      sendRequests: (requests) => replica.sendRequests(requests),
    })
    this.handshakes = new Handshakes(this, { random, timers, sendMessage })
    this.requests = new Requests(this)
    this.reads = new Reads(this)
    this.words = new FourLetterWords(this)
    this.port = new ClientPort(runtime, this)
    this.#leaderSessions = new LeaderSessions({
      clock,
      timers,
      tickTimeMs: config.tickTimeMs,
      sessions: this.state.sessions,
      lastApplied: () => this.state.lastApplied,
      lastProposed: () => this.tree.lastProposed,
      messageTo: (server, message) => replica.messageTo(server, message),
      isCutOff: () => replica.isCutOff(),
      expired: (ids) => this.#noteExpired(ids),
      closeSessions: (ids) => replica.sendRequests(encodeExpiries(ids)),
    })
    const reaper = new Reaper({
      clock,
      timers,
      log: this.log,
      tree: this.state.tree,
      intervalMs: config.reapIntervalMs,
      perMinuteMax: config.reapedPerMinuteMax,
      neverUsedContainerMs: config.neverUsedContainerMs,
      serving: () => this.#servingAs !== null,
      sendRequests: (requests) => replica.sendRequests(requests),
    })
    this.tree = new ReplicatedTree(this, { leaderSessions: this.#leaderSessions, reaper, clock, timers })
  }

  /** Takes clients from here on. Rejects with the listen error of the client port. */
  async start(): Promise<void> {
    await this.port.start()
    const { tickTimeMs, minSessionTimeoutMs } = this.config
    const periodMs = Math.max(1, Math.floor(Math.min(tickTimeMs / 2, minSessionTimeoutMs / 3)))
    this.#touching = this.#runtime.timers.every(periodMs, () => {
      if (this.#servingAs !== null) this.sessions.sendTouches()
    })
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#touching?.cancel()
    this.#leaderless?.cancel()
    this.handshakes.refuse()
    await this.port.stop()
  }

  // The replica's events

  /**
   * There is a reign, and its history is applied here. What clients wait for is settled in this order: events of what came
   * by snapshot, answers to what is done already, and then everything else is sent to the new leader.
   */
  onServing(reign: Reign): void {
    const { leading } = reign
    this.#observer?.serving(reign)
    this.#leaderless?.cancel()
    this.#servingAs = this.config.standalone ? 'standalone' : leading ? 'leader' : 'follower'
    this.#servingSinceMs = this.clock.monotonicMs()
    this.#settleIncarnation()
    this.requests.readable = true
    this.tree.replayed()
    this.#endLostSessions()
    this.watches.stateWasReplaced(this.state)
    this.answerThrough(this.state.doneNumber(this.config.serverId, this.inFlight.incarnation))
    this.inFlight.giveRoom()
    this.inFlight.resume()
    this.sessions.announce()
    this.handshakes.onServing()
    for (const connection of [...this.port.connections]) this.requests.drain(connection)
  }

  onAdrift(leaderlessMs: number): void {
    this.#servingAs = null
    this.inFlight.suspend()
    if (this.#stopped) return
    this.handshakes.onAdrift()
    const { syncLimitTicks, tickTimeMs } = this.config
    const patienceMs = syncLimitTicks * tickTimeMs
    this.#leaderless = this.#runtime.timers.after(Math.max(0, patienceMs - leaderlessMs), () => {
      const { size } = this.port.connections
      if (size > 0) {
        this.log.warn(`closed ${size} client connections, because there was no leader for ${patienceMs} ms`)
      }
      this.port.endAll()
    })
  }

  onMessage(message: Buffer): void {
    readServerMessage(message, this.handshakes)
  }

  // What connections ask for

  sync(done: () => void): void {
    this.#replica.sync(done)
  }

  isCutOff(): boolean {
    return this.#replica.isCutOff()
  }

  answerThrough(number: number): void {
    const { inFlight, state } = this
    while (inFlight.firstNumber <= number) {
      inFlight.answer(inFlight.firstNumber)
      const connection = inFlight.answeredConnection
      const created = inFlight.answeredOpcode === OpCode.createSession
      if (!created) connection?.endIfOvertaken()
      if (connection === null || connection.stage === 'closed') continue
      const session = created ? undefined : state.sessions.get(connection.sessionId)
      const kept = session?.answerTo(inFlight.answeredXid)
      if (kept === undefined) {
        connection.end()
        continue
      }
      connection.beginReply(inFlight.answeredXid, kept.zxid, kept.error).raw(kept.body)
      connection.endReply()
      // Reads between these writes are not answered in between: the state is that behind all of them.
      connection.order.writeDone()
    }
  }

  connectionClosed(connection: ClientConnection): void {
    this.port.forget(connection)
  }

  onBroken(error: unknown): void {
    this.#onBroken(error)
  }

  // What the four-letter words tell

  get connections(): ReadonlySet<ClientConnection> {
    return this.port.connections
  }

  mode(): ServerMode | null {
    return this.#servingAs
  }

  replica(): ReplicaStatus {
    return this.#replica.status()
  }

  diskTrouble(): string | null {
    return this.#diskTrouble()
  }

  uptimeMs(): number {
    return this.clock.monotonicMs() - this.#startedMs
  }

  sessionBuckets(): readonly SessionBucket[] | null {
    return this.#leaderSessions.buckets
  }

  leaderUptimeMs(): number {
    return this.#servingAs === 'leader' ? this.clock.monotonicMs() - this.#servingSinceMs : 0
  }

  dataBytes(): Promise<number> {
    return this.#runtime.disk.usedBytes(this.config.serverDir)
  }

  /**
   * Drawn when the history is first known, so that it is above that of every start before, also when the clock was set
   * back meanwhile. Another server under the same id would draw a later one.
   */
  #settleIncarnation(): void {
    const { serverId } = this.config
    const latest = this.state.origins.get(serverId)?.incarnation ?? 0
    const { inFlight } = this
    if (inFlight.incarnation === 0) {
      inFlight.begin(Math.max(Math.floor(this.clock.wallMs()), latest + 1))
    } else {
      assert(
        latest <= inFlight.incarnation,
        () =>
          `found requests of another server ${serverId}, started as ${latest}; this one started as ${inFlight.incarnation}`,
      )
    }
  }

  /** Sessions whose end came by snapshot. */
  #endLostSessions(): void {
    for (const connection of [...this.port.connections]) {
      const { sessionId, goodbyeSaid } = connection
      if (sessionId === 0 || goodbyeSaid || this.state.sessions.get(sessionId) !== undefined) continue
      connection.end()
    }
  }

  #noteExpired(ids: readonly number[]): void {
    this.metrics.sessionsExpired += ids.length
    this.log.info(ids.length === 1 ? '1 session has expired' : `${ids.length} sessions have expired`, {
      first: `0x${(ids[0] ?? 0).toString(16)}`,
    })
  }
}
