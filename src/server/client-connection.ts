import type { Connection, ConnectionHandlers } from '../runtime/network.ts'
import { Identities } from '../tree/identities.ts'
import { DecodeError } from '../wire/decode-error.ts'
import { FrameError, FrameSplitter } from '../wire/frame-splitter.ts'
import { JuteWriter } from '../wire/jute-writer.ts'
import type { ClientServices } from './client-services.ts'
import { ConnectionAge } from './connection-age.ts'
import { ConnectionStatistics } from './connection-statistics.ts'
import type { Flushable } from './flush-list.ts'
import { WordAsker } from './four-letter-words/word-asker.ts'
import { Gate, gatesOfAnswers, gatesOfReading } from './gate.ts'
import { malformedLine, noRoomLine, outstandingLine, slowReaderLine, tooLargeLine } from './limit-lines.ts'
import { limits } from './limits.ts'
import { RequestOrder } from './request-order.ts'
import type { SessionHolder } from './sessions/local-sessions.ts'
import { UnsentShare } from './unsent-bytes.ts'
import type { Watcher } from './watches/watcher.ts'

/**
 * `fresh`: nothing came yet. `connecting`: its handshake is under way. `open`: it has a session. `closed`:
 * nothing is taken and nothing sent any more.
 */
export type ConnectionStage = 'fresh' | 'connecting' | 'open' | 'closed'

/** One client's connection: bytes in, frames to whom they concern, replies out. */
export class ClientConnection implements ConnectionHandlers, Flushable, SessionHolder, Watcher {
  stage: ConnectionStage = 'fresh'
  /** The client has asked for the end of its session: what it sends behind that is dropped. */
  goodbyeSaid = false
  sessionId = 0
  timeoutMs = 0
  attachment = 0
  /** Who the client is, as of now. Requests keep those that they came with. */
  identities: Identities
  touched = false
  readonly order: RequestOrder
  /** When the bytes came that are being handled, or were last. */
  arrivedMs: number
  readonly age = new ConnectionAge()
  readonly openedAtWallMs: number
  readonly statistics = new ConnectionStatistics()

  readonly #services: ClientServices
  readonly #socket: Connection
  readonly #splitter: FrameSplitter
  readonly #onFrame = (frame: Buffer): void => this.#takeFrame(frame)
  readonly #asker: WordAsker
  readonly #out = new JuteWriter(512)
  #replyMark = 0
  #dirty = false
  readonly #unsent: UnsentShare
  #gates = 0
  #paused = false

  constructor(socket: Connection, services: ClientServices) {
    this.#socket = socket
    this.#services = services
    this.order = new RequestOrder(services.waiting)
    this.#unsent = new UnsentShare(services.unsent)
    this.#splitter = new FrameSplitter(services.config.juteMaxBuffer)
    this.arrivedMs = services.clock.monotonicMs()
    this.openedAtWallMs = services.clock.wallMs()
    this.identities = Identities.at(this.remoteHost, services.config.access.skipAcl)
    const { timers, words } = services
    this.#asker = new WordAsker({
      socket,
      timers,
      words,
      onWord: () => this.#takeWord(),
      onEnd: (error) => this.#endAnswer(error),
    })
  }

  /** Without brackets, and without the prefix of an IPv4 address that came over an IPv6 socket. */
  get remoteHost(): string {
    const { host } = this.#socket.remote
    return host.startsWith('::ffff:') ? host.substring(7) : host
  }

  get remotePort(): number {
    return this.#socket.remote.port
  }

  get isClosed(): boolean {
    return this.stage === 'closed'
  }

  /** Whether requests may be handled now, rather than wait. */
  get isFlowing(): boolean {
    return this.#gates === 0 && this.stage === 'open'
  }

  /** Whether an answer may be given, even if the client is slow to read it or its writes have to wait. */
  get mayAnswer(): boolean {
    return (this.#gates & gatesOfAnswers) === 0 && this.stage === 'open'
  }

  /**
   * Ends it if the write that is done now has overtaken one of its reads: the answer to that would show the write, which was
   * asked for later. Bad timeline: (1) a client sends get, and set x=1 behind it, which both wait; (2) the server is sent the
   * leader's state as a whole, with x=1 in it; (3) the get shows x=1.
   */
  endIfOvertaken(): void {
    if (this.order.isReadOverdue) this.end()
  }

  onData(bytes: Buffer): void {
    try {
      this.#take(bytes)
    } catch (error) {
      if (error instanceof DecodeError) this.closeMalformed(error)
      else this.#services.onBroken(error)
    }
  }

  onDrain(): void {
    if (this.#asker.isAsking) return this.#asker.goOn()
    this.#unsent.set(0)
    try {
      this.#openGate(Gate.output)
    } catch (error) {
      this.#services.onBroken(error)
    }
  }

  /** Who asks a word may say at once that nothing else will come, as `nc` does at the end of its input, and reads on. */
  onEnd(): void {
    if (!this.#asker.isAsking) this.end()
  }

  onClose(): void {
    this.#release()
    this.#services.connectionClosed(this)
  }

  // Replies

  /** Write the body into what this returns, then call `endReply`. */
  beginReply(xid: number, zxid: number, error: number): JuteWriter {
    const out = this.#out
    this.#replyMark = out.beginFrame()
    const { statistics } = this
    if (xid >= 0) statistics.lastXid = xid
    statistics.lastZxid = zxid
    return out.int(xid).long(zxid).int(error)
  }

  /** A reply that is only a header. */
  reply(xid: number, zxid: number, error: number): void {
    this.beginReply(xid, zxid, error)
    this.endReply()
  }

  /** A frame without a reply header: the answer to the handshake. */
  beginBareFrame(): JuteWriter {
    this.#replyMark = this.#out.beginFrame()
    return this.#out
  }

  endReply(): void {
    const out = this.#out
    out.endFrame(this.#replyMark)
    const { metrics } = this.#services
    this.statistics.packetsSent++
    metrics.packetsSent++
    metrics.lastResponseBytes = out.length - this.#replyMark
    metrics.responseBytes.record(metrics.lastResponseBytes)
    this.#wrote()
  }

  /** Takes back what was written since `beginReply`. */
  cancelReply(): void {
    this.#out.truncate(this.#replyMark)
  }

  sendEvent(frame: Uint8Array): void {
    if (this.stage === 'closed') return
    this.#out.raw(frame)
    this.statistics.packetsSent++
    this.#services.metrics.packetsSent++
    this.#services.metrics.watchEvents++
    this.#wrote()
  }

  giveUpWatches(reason: string): void {
    if (this.stage === 'closed') return
    this.#services.limitLog.warn('watches', () => `closing ${this.describe()}: ${reason}`)
    this.end()
  }

  /** Hands gathered replies to the socket. */
  flush(): void {
    this.#dirty = false
    const out = this.#out
    if (out.length === 0 || this.#socket.closed) return
    this.#services.metrics.bytesSent += out.length
    if (out.length <= limits.outputCopiedBytesMax) {
      this.#socket.write(Buffer.from(out.view()))
      out.reset()
    } else {
      this.#socket.write(out.take())
    }
    const { bufferedBytes } = this.#socket
    if (bufferedBytes < limits.outputHighBytes) return
    this.#unsent.set(bufferedBytes)
    this.#closeGate(Gate.output)
    if (bufferedBytes < limits.outputMaxBytes && this.#services.unsent.total < limits.unsentBytesMax) return
    this.#noteSlowReader()
    this.destroy()
  }

  // Flow

  /** The handshake is answered: what came behind it is handled, and all that follows. */
  open(): void {
    this.stage = 'open'
    this.#openGate(Gate.handshake)
  }

  beginSync(): void {
    this.#gates |= Gate.sync
  }

  endSync(): void {
    this.#openGate(Gate.sync)
  }

  /** The server has no room for another write of this connection. */
  waitForRoom(): void {
    this.#closeGate(Gate.room)
    const { inFlight, limitLog, config } = this.#services
    limitLog.warn('globalOutstandingLimit', () => noRoomLine(this, inFlight, config.globalOutstandingLimit))
    inFlight.waitForRoom(this)
  }

  /** The reads of this turn have cost enough. */
  waitForTurn(): void {
    this.#closeGate(Gate.turn)
  }

  openTurn(): void {
    this.#openGate(Gate.turn)
  }

  openRoom(): void {
    this.#openGate(Gate.room)
  }

  /** To be called after requests were added to or taken from `order`: reading stops when too many are outstanding. */
  regulate(): void {
    const { order } = this
    const { connectionOutstandingMax, connectionWaitingBytesMax, connectionWaitingBytesWhenTight } = limits
    const { connectionInFlightBytesMax } = limits
    if (this.stage === 'closed') return
    const tight = this.#services.waiting.total >= limits.waitingBytesMax
    const bytesMax = tight ? connectionWaitingBytesWhenTight : connectionWaitingBytesMax
    if (this.#paused) {
      if ((this.#gates & gatesOfReading) !== 0) return
      // What waits here needs no reading to get done, so this comes true by itself.
      if (order.outstanding > connectionOutstandingMax / 2 || order.waitingBytes > bytesMax / 2) return
      if (order.inFlightBytes > connectionInFlightBytesMax / 2) return
      this.#paused = false
      this.#socket.resume()
    } else if ((this.#gates & gatesOfReading) !== 0) {
      this.#pause()
    } else if (order.inFlightBytes >= connectionInFlightBytesMax) {
      // Nothing to be told of: large requests, and the client is as fast as the ensemble.
      this.#pause()
    } else if (order.outstanding >= connectionOutstandingMax || order.waitingBytes >= bytesMax) {
      this.#pause()
      this.#services.limitLog.info('outstanding of one connection', () =>
        outstandingLine(this, order, bytesMax),
      )
    }
  }

  /** What is waited for on the socket: 1 for reading, 4 for writing. */
  get interest(): number {
    return (this.#paused || this.#asker.isAsking ? 0 : 1) | (this.#socket.bufferedBytes > 0 ? 4 : 0)
  }

  /** Nothing is read from it now. */
  get isPaused(): boolean {
    return this.#paused
  }

  /** Closes in an orderly way: what was answered still leaves. */
  end(): void {
    if (this.stage === 'closed') return
    this.flush()
    this.#release()
    this.#socket.end()
  }

  /** The client has come in by another connection since: this one is not for it any more. */
  endMoved(): void {
    if (this.stage === 'closed') return
    this.#services.metrics.movedClosed++
    this.end()
  }

  /** Its session has expired, or was closed by another connection: the client is told nothing, as in ZooKeeper. */
  endExpired(): void {
    if (this.stage === 'closed') return
    if ((this.#gates & Gate.output) !== 0) this.#noteSlowReader()
    this.end()
  }

  destroy(): void {
    this.#release()
    this.#socket.destroy()
  }

  /** The client does not keep to the protocol. */
  closeMalformed(error: DecodeError): void {
    this.#services.metrics.malformedFrames++
    const { limitLog } = this.#services
    if (error instanceof FrameError && error.found > error.frameBytesMax && this.sessionId !== 0) {
      limitLog.warn('jute.maxbuffer', () => tooLargeLine(this, error))
    } else {
      limitLog.info('malformed', () => malformedLine(this, error))
    }
    this.end()
  }

  describe(): string {
    const session = this.sessionId === 0 ? '' : ` of session 0x${this.sessionId.toString(16)}`
    return `the connection${session} from ${this.remoteHost}:${this.remotePort}`
  }

  #take(bytes: Buffer): void {
    if (this.stage === 'closed') return
    const services = this.#services
    services.metrics.bytesReceived += bytes.length
    this.arrivedMs = services.clock.monotonicMs()
    this.order.chunkCame(bytes.buffer.byteLength)
    this.#splitter.push(this.#asker.take(bytes), this.#onFrame)
  }

  #takeWord(): void {
    this.#splitter.stop()
    this.statistics.packetsReceived++
    this.#services.metrics.packetsReceived++
  }

  #endAnswer(error: unknown): void {
    if (error === null) this.#services.metrics.packetsSent++
    else this.#services.log.warn(`could not answer a four-letter word: ${String(error)}`)
    this.end()
  }

  #takeFrame(frame: Buffer): void {
    this.statistics.packetsReceived++
    this.#services.metrics.packetsReceived++
    if (this.stage === 'fresh') {
      this.stage = 'connecting'
      this.#closeGate(Gate.handshake)
      this.#services.handshakes.begin(this, frame)
    } else if (!this.goodbyeSaid && this.stage !== 'closed') {
      this.touched = true
      this.#services.requests.arrive(this, frame)
    }
  }

  #noteSlowReader(): void {
    const { metrics, limitLog } = this.#services
    metrics.slowReadersClosed++
    limitLog.warn('slow reader', () =>
      slowReaderLine(this, this.#socket.bufferedBytes, this.#services.unsent.total),
    )
  }

  #pause(): void {
    this.#paused = true
    this.#socket.pause()
  }

  #wrote(): void {
    if (this.#out.length >= limits.outputFlushBytes) {
      this.flush()
    } else if (!this.#dirty) {
      this.#dirty = true
      this.#services.flushes.add(this)
    }
  }

  #closeGate(gate: number): void {
    this.#gates |= gate
    this.regulate()
  }

  #openGate(gate: number): void {
    if (this.stage === 'closed') return
    this.#gates &= ~gate
    this.#services.requests.drain(this)
    this.regulate()
  }

  /** From here on nothing is taken, and nobody but the socket knows this connection. */
  #release(): void {
    if (this.stage === 'closed') return
    this.stage = 'closed'
    const { watches, sessions, handshakes } = this.#services
    this.#splitter.stop()
    this.#asker.stop()
    this.order.clear()
    this.#unsent.set(0)
    watches.drop(this)
    sessions.unbind(this)
    handshakes.drop(this)
  }
}
