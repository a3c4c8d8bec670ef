import type { Address } from '../runtime/network.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { Timer } from '../runtime/timers.ts'
import { ErrorCode } from '../wire/error-codes.ts'
import type { JuteReader } from '../wire/jute-reader.ts'
import { OpCode, SpecialXid } from '../wire/opcodes.ts'
import type { ConnectResponse } from '../wire/records.ts'
import { WatcherEvent } from '../wire/records.ts'
import { Empty, SetWatches2Request, SetWatchesRequest } from '../wire/requests.ts'
import type { Credentials } from './credentials.ts'
import { encodeRequest } from './encode-request.ts'
import type { Attempt } from './host-list.ts'
import { HostList } from './host-list.ts'
import { PendingRequest } from './pending-request.ts'
import { RequestQueue } from './request-queue.ts'
import { ServerConnection } from './server-connection.ts'
import type { ClientState } from './types.ts'
import type { WatchRegistry } from './watch-registry.ts'
import { ZkError } from './zk-error.ts'

/** How many writes an exactly-once session leaves unanswered; the servers keep as many answers. */
const exactlyOnceWindowWanted = 64
/** One setWatches request; well below any server's `jute.maxbuffer`. */
const setWatchesBytesMax = 128 * 1024
/** Of those bytes, what is no path: xid, opcode, zxid and the lengths of five lists. */
const setWatchesBytesFixed = 4 + 4 + 8 + 5 * 4
const attemptTimeoutMsMin = 250
const attemptTimeoutMsMax = 10_000
/** `close` waits so long for the server to confirm. */
const closeTimeoutMs = 5000
/** What the end of a client says when no server has confirmed it. */
const unconfirmed = 'no server has confirmed it: the session and its ephemeral nodes end by its timeout'
/** The same, when no server has ever answered. */
const noSession = 'it had no session yet: there is none to end'

export interface SessionOptions {
  readonly runtime: Runtime
  readonly servers: readonly Address[]
  /** What is asked for; the server may grant another. */
  readonly sessionTimeoutMs: number
  readonly readOnlyAllowed: boolean
  readonly exactlyOnce: boolean
  readonly requestsMax: number
  readonly suspendedTimeoutMs: number
  readonly frameBytesMax: number
  readonly watches: WatchRegistry
  readonly credentials: Credentials
  /** `detail` says why, where there is something to say. */
  readonly onState: (state: ClientState, detail: string | null) => void
  /** `path` is the server's. */
  readonly onWatch: (type: number, path: string, zxid: number) => void
}

/**
 * The session with the ensemble, over as many connections as it takes: finds a server, attaches, sends what waits in the
 * order of the calls, and starts over with the next server when a connection is lost.
 */
export class Session {
  readonly #options: SessionOptions
  readonly #runtime: Runtime
  readonly #hosts: HostList
  readonly #queue: RequestQueue
  #state: ClientState = 'idle'
  #connection: ServerConnection | null = null
  /** The server has answered the connect request: requests may flow. */
  #attached = false
  #sessionId = 0n
  #password: Uint8Array = new Uint8Array(16)
  #timeoutMs: number
  #exactlyOnceWindow = 0
  /** Made by a server that was cut off from the rest: no other server knows it. */
  #localSession = false
  #lastZxid = 0
  /** The newest transaction that an event has told of. A server behind it must not answer: what was announced would be gone. */
  #announcedZxid = 0
  #lastFault: string | null = null
  #attemptTimer: Timer | null = null
  #suspendedTimer: Timer | null = null
  /** The connection is gone for so long that calls fail at once instead of waiting. */
  #givenUp = false
  #closing: (() => void) | null = null
  #closed: Promise<void> | null = null

  constructor(options: SessionOptions) {
    this.#options = options
    this.#runtime = options.runtime
    this.#hosts = new HostList(options.servers, options.runtime.random)
    this.#queue = new RequestQueue(options.requestsMax)
    this.#timeoutMs = options.sessionTimeoutMs
  }

  get state(): ClientState {
    return this.#state
  }

  get sessionId(): bigint {
    return this.#sessionId
  }

  get timeoutMs(): number {
    return this.#timeoutMs
  }

  get exactlyOnce(): boolean {
    return this.#exactlyOnceWindow > 0
  }

  get lastZxid(): number {
    return this.#lastZxid
  }

  /** The server that this client is attached to. */
  get server(): Address | null {
    return this.#attached ? (this.#connection?.address ?? null) : null
  }

  /** Why the last connection, or attempt at one, failed. */
  get lastFault(): string | null {
    return this.#lastFault
  }

  /** Begins a new session. Only before the first one, or after the last one expired. */
  start(): void {
    this.#forgetSession()
    this.#givenUp = false
    this.#setState('connecting', null)
    this.#attempt()
  }

  submit(request: PendingRequest): void {
    const refusal = this.#refusal(request.path)
    if (refusal !== null) {
      request.end.onFailure(refusal)
      return
    }
    if (!this.#queue.add(request)) {
      request.end.onFailure(
        new ZkError(
          ErrorCode.throttledOp,
          request.path,
          `${this.#queue.length} calls of this client wait already: wait for some of them before calling on`,
        ),
      )
      return
    }
    this.#pump()
  }

  /** Sends the newest of the credentials, when there is a connection; otherwise it goes with all others on the next one. */
  sendCredential(): void {
    const connection = this.#connection
    if (this.#attached && connection !== null) connection.send(this.#options.credentials.encodeLast())
  }

  /**
   * Ends the session, behind all calls made so far. Without a connection there is nobody to tell: the ensemble ends the
   * session by its timeout.
   */
  close(): Promise<void> {
    if (this.#closed !== null) return this.#closed
    if (!this.#attached) {
      this.#shut(this.#sessionId === 0n ? noSession : unconfirmed)
      return Promise.resolve()
    }
    this.#closed = new Promise((resolve) => {
      const timer = this.#runtime.timers.after(closeTimeoutMs, () => this.#shut(unconfirmed))
      this.#closing = () => {
        timer.cancel()
        resolve()
      }
    })
    const end = { onReply: () => this.#shut(null), onFailure: () => this.#shut(unconfirmed) }
    const frame = encodeRequest(OpCode.closeSession, Empty, {})
    this.#queue.addLast(new PendingRequest({ path: null, isWrite: true, frame, end }))
    this.#pump()
    return this.#closed
  }

  /** Ends everything at once, without a word to the server. */
  abandon(detail: string | null): void {
    this.#shut(detail ?? 'no server has answered')
  }

  #attempt(): void {
    const attempt = this.#hosts.next()
    this.#attemptTimer = this.#runtime.timers.after(attempt.delayMs, () => {
      this.#attemptTimer = null
      this.#connect(attempt)
    })
  }

  #connect({ address, round }: Attempt): void {
    // A third of the session timeout is left when silence was noticed: all servers must get their chance within it.
    const fairShareMs = (this.#timeoutMs / 3 / this.#hosts.size) * 2 ** Math.min(round, 10)
    const connection: ServerConnection = new ServerConnection({
      runtime: this.#runtime,
      address,
      hello: {
        protocolVersion: 0,
        lastZxidSeen: Math.max(this.#lastZxid, this.#announcedZxid),
        timeoutMs: this.#options.sessionTimeoutMs,
        sessionId: this.#localSession ? 0n : this.#sessionId,
        password: this.#localSession ? new Uint8Array(16) : this.#password,
        readOnly: this.#options.readOnlyAllowed,
        exactlyOnceWindow: this.#options.exactlyOnce ? exactlyOnceWindowWanted : undefined,
      },
      timeoutMs: Math.min(attemptTimeoutMsMax, Math.max(attemptTimeoutMsMin, fairShareMs)),
      frameBytesMax: this.#options.frameBytesMax,
      events: {
        onWelcome: (welcome) => this.#welcomed(connection, welcome),
        onReply: (xid, zxid, errorCode, body) => this.#replied(xid, zxid, errorCode, body),
        onNotification: (zxid, body) => {
          const event = WatcherEvent.read(body)
          if (zxid > this.#announcedZxid) this.#announcedZxid = zxid
          this.#options.onWatch(event.type, event.path, zxid)
        },
        onRoom: () => this.#pump(),
        onLost: (reason) => this.#lost(reason),
      },
    })
    this.#connection = connection
  }

  #welcomed(connection: ServerConnection, welcome: ConnectResponse): void {
    const isNew = this.#sessionId === 0n || this.#localSession
    if (welcome.timeoutMs <= 0 || welcome.sessionId === 0n) {
      if (isNew) connection.close('the server refused a new session')
      else this.#expire()
      return
    }
    this.#attached = true
    this.#hosts.succeeded()
    this.#sessionId = welcome.sessionId
    this.#password = Buffer.from(welcome.password ?? [])
    this.#timeoutMs = welcome.timeoutMs
    this.#exactlyOnceWindow = welcome.exactlyOnceWindow ?? 0
    this.#localSession = isNew && welcome.readOnly === true
    if (isNew) this.#queue.restartIds()
    // Only a server that knows what was answered may see a write twice.
    if (!this.exactlyOnce) this.#failLost(this.#queue.connectionLost(false))
    this.#suspendedTimer?.cancel()
    this.#suspendedTimer = null
    this.#givenUp = false
    connection.startHeartbeat(this.#timeoutMs)
    for (const frame of this.#options.credentials.encodeAll()) connection.send(frame)
    this.#sendWatches(connection)
    this.#pump()
    this.#setState(welcome.readOnly === true ? 'readonly' : 'connected', null)
  }

  /**
   * Leaves all watches again. The server compares with the last transaction that this client saw, and reports at once
   * what was missed. Events do not count as seen here: others of the same transaction may
   * have been lost. No call waits for the answer, so the requests carry the xid that says so.
   */
  #sendWatches(connection: ServerConnection): void {
    for (const lists of this.#options.watches.portions(setWatchesBytesMax - setWatchesBytesFixed)) {
      const body = {
        relativeZxid: this.#lastZxid,
        dataWatches: lists.data,
        existWatches: lists.exist,
        childWatches: lists.child,
        persistentWatches: lists.persistent,
        persistentRecursiveWatches: lists.recursive,
      }
      // Servers before 3.6 know neither the newer request nor the watches that need it.
      const frame =
        lists.persistent.length + lists.recursive.length > 0
          ? encodeRequest(OpCode.setWatches2, SetWatches2Request, body, SpecialXid.setWatches)
          : encodeRequest(OpCode.setWatches, SetWatchesRequest, body, SpecialXid.setWatches)
      connection.send(frame)
    }
  }

  #pump(): void {
    const connection = this.#connection
    if (!this.#attached || connection === null) return
    const writesMax = this.exactlyOnce ? this.#exactlyOnceWindow : Number.POSITIVE_INFINITY
    while (connection.hasRoom) {
      const request = this.#queue.takeNext(writesMax)
      if (request === null) return
      connection.send(request.frame)
    }
  }

  #replied(xid: number, zxid: number, errorCode: number, body: JuteReader): void {
    if (xid === SpecialXid.setWatches) return
    if (xid === SpecialXid.auth) {
      this.#options.credentials.answered(errorCode)
      return
    }
    const request = this.#queue.answered(xid)
    if (request === null) throw new Error(`a reply to request ${xid} came out of order`)
    if (zxid > this.#lastZxid) this.#lastZxid = zxid
    request.end.onReply(errorCode, zxid, body)
  }

  #lost(reason: string): void {
    const wasAttached = this.#attached
    this.#connection = null
    this.#attached = false
    this.#lastFault = reason
    this.#options.credentials.connectionLost()
    if (this.#state === 'closed' || this.#state === 'expired') return
    if (this.#closing !== null) {
      this.#shut(unconfirmed)
      return
    }
    this.#failLost(this.#queue.connectionLost(this.exactlyOnce))
    this.#attempt()
    if (!wasAttached) return
    this.#suspendedTimer = this.#runtime.timers.after(this.#options.suspendedTimeoutMs, () => {
      this.#givenUp = true
      this.#failAll(ErrorCode.connectionLoss, this.#noConnection())
    })
    this.#setState('suspended', reason)
  }

  #expire(): void {
    this.#end('expired', ErrorCode.sessionExpired, null)
  }

  #shut(detail: string | null): void {
    if (this.#state !== 'closed') {
      this.#options.credentials.closed()
      this.#end('closed', ErrorCode.closing, detail)
    }
    this.#closing?.()
  }

  #end(state: 'expired' | 'closed', code: number, detail: string | null): void {
    // The state first, so that the loss of the connection surprises nobody.
    this.#state = state
    this.#options.watches.clear()
    this.#stop()
    this.#failAll(code, code === ErrorCode.closing ? 'the client was closed' : undefined)
    this.#options.onState(state, detail)
  }

  #stop(): void {
    this.#attemptTimer?.cancel()
    this.#suspendedTimer?.cancel()
    this.#attemptTimer = null
    this.#suspendedTimer = null
    const connection = this.#connection
    this.#connection = null
    this.#attached = false
    connection?.close('no longer needed')
  }

  #forgetSession(): void {
    this.#sessionId = 0n
    this.#password = new Uint8Array(16)
    this.#timeoutMs = this.#options.sessionTimeoutMs
    this.#exactlyOnceWindow = 0
    this.#localSession = false
  }

  /** Why a call cannot be taken now; null when it can. */
  #refusal(path: string | null): ZkError | null {
    if (this.#closing !== null || this.#state === 'closed') {
      return new ZkError(ErrorCode.closing, path, 'the client is closed')
    }
    if (this.#state === 'idle') {
      return new ZkError(ErrorCode.invalidState, path, 'call connect() before anything else')
    }
    if (this.#state === 'expired') return new ZkError(ErrorCode.sessionExpired, path)
    if (this.#givenUp) return new ZkError(ErrorCode.connectionLoss, path, this.#noConnection())
    return null
  }

  #noConnection(): string {
    return `no server could be reached for ${this.#options.suspendedTimeoutMs} ms (last: ${this.#lastFault ?? 'none'})`
  }

  #failLost(requests: readonly PendingRequest[]): void {
    for (const request of requests) {
      request.end.onFailure(
        new ZkError(
          ErrorCode.connectionLoss,
          request.path,
          request.isWrite
            ? 'the connection was lost before the answer came: the write may or may not have taken effect'
            : 'the connection was lost before the answer came, with a later write under way that it must not show: read again',
        ),
      )
    }
  }

  #failAll(code: number, detail?: string): void {
    for (const request of this.#queue.clear()) {
      request.end.onFailure(new ZkError(code, request.path, detail))
    }
  }

  #setState(state: ClientState, detail: string | null): void {
    if (this.#state === state) return
    this.#state = state
    this.#options.onState(state, detail)
  }
}
