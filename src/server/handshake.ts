import type { Random } from '../runtime/random.ts'
import type { Timer, Timers } from '../runtime/timers.ts'
import { passwordBytes } from '../tree/sessions.ts'
import { ErrorCode } from '../wire/error-codes.ts'
import { JuteReader } from '../wire/jute-reader.ts'
import { JuteWriter } from '../wire/jute-writer.ts'
import { OpCode } from '../wire/opcodes.ts'
import type { ClientConnection } from './client-connection.ts'
import type { ClientServices } from './client-services.ts'
import { limits } from './limits.ts'
import { attachMessage, type ServerMessages } from './sessions/session-messages.ts'

/** A connect request, checked and clamped, on its way to a session. */
interface Handshake {
  readonly connection: ClientConnection
  readonly lastZxidSeen: number
  readonly timeoutMs: number
  /** 0 for a new session. */
  readonly sessionId: number
  /** Null when what came cannot be one. */
  password: Buffer | null
  /** Old clients neither send nor expect the byte. */
  readonly hasReadOnly: boolean
  /** Null when the client did not ask. */
  readonly exactlyOnceWindow: number | null
}

const noPassword = Buffer.alloc(passwordBytes)

/**
 * Connect requests, from the first frame to the answer. A new session is created through the history; an old one is taken
 * over with the leader's word, which alone knows whether it has expired and where its client was before. Both take a quorum.
 *
 * Order of checks, as in ZooKeeper: serving, client not ahead of this server, timeout clamped, then the session.
 */
export class Handshakes implements ServerMessages {
  readonly #services: ClientServices
  readonly #random: Random
  readonly #timers: Timers
  readonly #sendMessage: (message: Buffer) => void
  /** What the leader was asked, by the number of the question. */
  readonly #attaching = new Map<number, Handshake>()
  readonly #questionOf = new Map<ClientConnection, number>()
  #nextAttach = 1
  readonly #creating = new Map<ClientConnection, Handshake>()
  #state: 'refusing' | 'holding' | 'serving' = 'refusing'
  #held: Handshake[] = []
  #holding: Timer | null = null

  constructor(
    services: ClientServices,
    options: { random: Random; timers: Timers; sendMessage: (message: Buffer) => void },
  ) {
    this.#services = services
    this.#random = options.random
    this.#timers = options.timers
    this.#sendMessage = options.sendMessage
  }

  /** Throws DecodeError when the frame is no connect request: the connection is to be closed. */
  begin(connection: ClientConnection, frame: Buffer): void {
    const handshake = this.#decode(connection, frame)
    // A leader without a quorum could promise nothing that lasts: the client had better try another server.
    if (this.#state === 'serving' && this.#services.isCutOff()) connection.end()
    else if (this.#state === 'serving') this.#proceed(handshake)
    else if (this.#state === 'holding') this.#held.push(handshake)
    else connection.end()
  }

  /** There is a leader: those that were held go on, those that the last one did not answer are asked again. */
  onServing(): void {
    this.#state = 'serving'
    this.#holding?.cancel()
    for (const [question, handshake] of this.#attaching) this.#ask(question, handshake)
    const held = this.#held
    this.#held = []
    for (const handshake of held) if (handshake.connection.stage === 'connecting') this.#proceed(handshake)
  }

  /** The leader is lost: who comes now waits a little for the next one, before it is sent elsewhere. */
  onAdrift(): void {
    this.#state = 'holding'
    this.#holding = this.#timers.after(limits.handshakeHoldMs, () => this.refuse())
  }

  /** Nobody is taken until there is a leader. */
  refuse(): void {
    this.#state = 'refusing'
    this.#holding?.cancel()
    const held = this.#held
    this.#held = []
    for (const handshake of held) handshake.connection.end()
  }

  /** The connection is gone. */
  drop(connection: ClientConnection): void {
    this.#creating.delete(connection)
    const question = this.#questionOf.get(connection)
    if (question !== undefined) this.#takeQuestion(question)
    if (this.#held.length > 0) {
      this.#held = this.#held.filter((handshake) => handshake.connection !== connection)
    }
  }

  /** The history has answered the creation: `zxid` is the session's id. */
  created(connection: ClientConnection, zxid: number, error: number): void {
    const handshake = this.#creating.get(connection)
    if (handshake === undefined) return
    this.#creating.delete(connection)
    if (error !== ErrorCode.ok) {
      connection.end()
      return
    }
    const { metrics, clock, sessions } = this.#services
    const nowMs = clock.monotonicMs()
    metrics.operations.add(OpCode.createSession)
    connection.statistics.lastXid = 0
    connection.statistics.lastZxid = zxid
    connection.statistics.answered(OpCode.createSession, nowMs, nowMs - connection.arrivedMs)
    this.#accept(handshake, zxid, zxid, handshake.exactlyOnceWindow ?? 0)
    sessions.tell(connection)
  }

  attached(question: number, attachment: number): void {
    const handshake = this.#takeQuestion(question)
    if (handshake === undefined) return
    const { state } = this.#services
    const session = state.sessions.get(handshake.sessionId)
    // Commits and this message share one ordered link, but commits wait for the disk: the session may be still to come.
    if (session === undefined && handshake.sessionId > state.lastApplied) this.#attach(handshake)
    // It was closed right behind.
    else if (session === undefined) this.#refuse(handshake)
    else this.#accept(handshake, session.id, attachment, session.exactlyOnceWindow)
  }

  refused(question: number): void {
    const handshake = this.#takeQuestion(question)
    if (handshake === undefined) return
    this.#refuse(handshake)
  }

  moved(sessionId: number, attachment: number): void {
    const connection = this.#services.sessions.get(sessionId)
    if (connection !== undefined && connection.attachment < attachment) connection.endMoved()
  }

  #decode(connection: ClientConnection, frame: Buffer): Handshake {
    const { config } = this.#services
    const reader = new JuteReader(frame)
    reader.int()
    const lastZxidSeen = reader.long()
    const timeoutMs = reader.int()
    const sessionId = reader.long()
    const sent = reader.buffer()
    // Only one of this length can be right; a longer one is not carried about.
    const password = sent?.length === passwordBytes ? Buffer.from(sent) : null
    const hasReadOnly = reader.remaining > 0
    if (hasReadOnly) reader.bool()
    const window = reader.remaining >= 4 ? reader.int() : null
    return {
      connection,
      lastZxidSeen,
      timeoutMs: Math.min(Math.max(timeoutMs, config.minSessionTimeoutMs), config.maxSessionTimeoutMs),
      sessionId,
      password,
      hasReadOnly,
      exactlyOnceWindow: window === null ? null : Math.min(Math.max(window, 0), limits.exactlyOnceWindowMax),
    }
  }

  #proceed(handshake: Handshake): void {
    const { metrics, state, limitLog } = this.#services
    const { connection, lastZxidSeen, sessionId, password } = handshake
    if (lastZxidSeen > state.lastApplied) {
      metrics.handshakesAhead++
      limitLog.info(
        'ahead',
        () =>
          `refused ${connection.describe()}: its client has seen zxid 0x${lastZxidSeen.toString(16)}, this server has got to ` +
          `0x${state.lastApplied.toString(16)}; another server will take it. If all refuse it, their data is older than the client: ` +
          'restart the client.',
      )
      connection.end()
    } else if (sessionId === 0) {
      this.#create(handshake)
    } else if (password === null || !Number.isSafeInteger(sessionId) || sessionId < 0) {
      // An id or a password of another kind of server. Our ids are zxids.
      this.#refuse(handshake)
    } else {
      this.#attach(handshake)
    }
  }

  /**
   * A quorum is heard first, as a new session is by being written. A leader that is cut off does not know it for a while, and
   * would hold on to clients that another server could serve.
   */
  #attach(handshake: Handshake): void {
    const { connection } = handshake
    const patience = this.#timers.after(limits.attachQuorumMs, () => connection.end())
    this.#services.sync(() => {
      patience.cancel()
      if (connection.stage !== 'connecting') return
      const question = this.#nextAttach
      this.#nextAttach = (this.#nextAttach % 0x7fffffff) + 1
      this.#attaching.set(question, handshake)
      this.#questionOf.set(connection, question)
      this.#ask(question, handshake)
    })
  }

  #create(handshake: Handshake): void {
    const { connection, timeoutMs, exactlyOnceWindow } = handshake
    const password = this.#random.bytes(passwordBytes)
    handshake.password = password
    const body = new JuteWriter(32)
      .int(timeoutMs)
      .buffer(password)
      .int(exactlyOnceWindow ?? 0)
      .take()
    this.#creating.set(connection, handshake)
    this.#services.inFlight.send(
      connection,
      OpCode.createSession,
      0,
      connection.arrivedMs,
      connection.identities,
      body,
      0,
      body.length,
    )
  }

  #takeQuestion(question: number): Handshake | undefined {
    const handshake = this.#attaching.get(question)
    if (handshake === undefined) return undefined
    this.#attaching.delete(question)
    this.#questionOf.delete(handshake.connection)
    return handshake
  }

  #ask(question: number, { sessionId, timeoutMs, password }: Handshake): void {
    this.#sendMessage(attachMessage(question, sessionId, timeoutMs, password ?? noPassword))
  }

  #accept(handshake: Handshake, sessionId: number, attachment: number, window: number): void {
    const { connection, timeoutMs, password } = handshake
    connection.sessionId = sessionId
    connection.attachment = attachment
    connection.timeoutMs = timeoutMs
    const before = this.#services.sessions.bind(connection)
    this.#answer(handshake, timeoutMs, sessionId, password ?? noPassword, window)
    before?.end()
    connection.open()
  }

  /** The one answer to whatever is wrong with a session: expired, closed, unknown, wrong password. */
  #refuse(handshake: Handshake): void {
    this.#answer(handshake, 0, 0, noPassword, 0)
    handshake.connection.end()
  }

  #answer(
    { connection, hasReadOnly, exactlyOnceWindow }: Handshake,
    timeoutMs: number,
    sessionId: number,
    password: Buffer,
    window: number,
  ): void {
    const out = connection.beginBareFrame().int(0).int(timeoutMs).long(sessionId).buffer(password)
    if (hasReadOnly) out.bool(false)
    if (exactlyOnceWindow !== null) out.int(window)
    connection.endReply()
  }
}
