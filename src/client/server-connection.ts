import type { Address, Connection } from '../runtime/network.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { Timer } from '../runtime/timers.ts'
import { FrameSplitter } from '../wire/frame-splitter.ts'
import { JuteReader } from '../wire/jute-reader.ts'
import { JuteWriter } from '../wire/jute-writer.ts'
import { OpCode, SpecialXid } from '../wire/opcodes.ts'
import { ConnectRequest, ConnectResponse } from '../wire/records.ts'
import { formatAddress } from './connect-string.ts'
import { Heartbeat } from './heartbeat.ts'

/** What one connection tells the session. Nothing is called after `onLost`. */
export interface ServerConnectionEvents {
  /** The server's answer to the connect request, which may also be that the session is over. */
  onWelcome(welcome: ConnectResponse): void
  /** Throws when the reply does not fit what was asked: the connection is given up. */
  onReply(xid: number, zxid: number, errorCode: number, body: JuteReader): void
  onNotification(zxid: number, body: JuteReader): void
  /** More may be sent: after a reply, or when the socket has drained. */
  onRoom(): void
  /** Exactly once: it is gone, or could not be made. `reason` is for people. */
  onLost(reason: string): void
}

/**
 * One connection to one server, from the attempt to its end: handshake, frames, pings. What is written in one turn leaves
 * in one piece.
 */
export class ServerConnection {
  readonly address: Address
  readonly #runtime: Runtime
  readonly #events: ServerConnectionEvents
  readonly #splitter: FrameSplitter
  readonly #reader = new JuteReader()
  readonly #output = new JuteWriter(4096)
  #connection: Connection | null = null
  #heartbeat: Heartbeat | null = null
  #handshakeTimer: Timer | null = null
  #welcomed = false
  #lost = false
  #flushDue = false
  readonly #onFrame = (frame: Buffer): void => this.#takeFrame(frame)

  constructor(options: {
    runtime: Runtime
    address: Address
    hello: ConnectRequest
    /** For connecting and the handshake together. */
    timeoutMs: number
    frameBytesMax: number
    events: ServerConnectionEvents
  }) {
    this.address = options.address
    this.#runtime = options.runtime
    this.#events = options.events
    this.#splitter = new FrameSplitter(options.frameBytesMax)
    const { hello, timeoutMs } = options
    this.#handshakeTimer = this.#runtime.timers.after(timeoutMs, () =>
      this.close(`no answer within ${Math.round(timeoutMs)} ms`),
    )
    this.#runtime.network.connect(options.address, timeoutMs).then(
      (connection) => this.#open(connection, hello),
      (error: unknown) => this.close(describeFault(error)),
    )
  }

  /** Whether more may be written without piling up in this process. */
  get hasRoom(): boolean {
    return (this.#connection?.bufferedBytes ?? 0) + this.#output.length < outputBytesHigh
  }

  /** Sends a whole frame at the end of this turn. */
  send(frame: Uint8Array): void {
    this.#output.raw(frame)
    this.#scheduleFlush()
  }

  /** From now on the connection pings, and gives up when the server is silent. */
  startHeartbeat(sessionTimeoutMs: number): void {
    this.#heartbeat = new Heartbeat({
      runtime: this.#runtime,
      sessionTimeoutMs,
      onPing: () => this.#ping(),
      onSilence: (silentMs) => this.close(`silent for ${Math.round(silentMs)} ms`),
    })
  }

  /** Drops the connection now, and says so through `onLost`. */
  close(reason: string): void {
    if (this.#lost) return
    this.#lost = true
    this.#splitter.stop()
    this.#handshakeTimer?.cancel()
    this.#heartbeat?.stop()
    this.#connection?.destroy()
    this.#events.onLost(`${formatAddress(this.address)}: ${reason}`)
  }

  #open(connection: Connection, hello: ConnectRequest): void {
    if (this.#lost) {
      connection.setHandlers({ onData() {}, onClose() {} })
      connection.destroy()
      return
    }
    this.#connection = connection
    connection.setHandlers({
      onData: (bytes) => this.#receive(bytes),
      onDrain: () => {
        if (!this.#lost && this.#welcomed) this.#events.onRoom()
      },
      onClose: (reason) =>
        this.close(
          reason !== undefined
            ? describeFault(reason)
            : this.#welcomed
              ? 'the server closed the connection'
              : 'the server closed the connection instead of answering (it is not serving, or behind what was seen)',
        ),
    })
    const mark = this.#output.beginFrame()
    ConnectRequest.write(this.#output, hello)
    this.#output.endFrame(mark)
    this.#scheduleFlush()
  }

  #receive(bytes: Buffer): void {
    if (this.#lost) return
    this.#heartbeat?.received()
    try {
      this.#splitter.push(bytes, this.#onFrame)
    } catch (error) {
      this.close(`cannot understand the server: ${describeFault(error)}`)
      return
    }
    if (!this.#lost && this.#welcomed) this.#events.onRoom()
  }

  #takeFrame(frame: Buffer): void {
    const reader = this.#reader.reset(frame)
    if (!this.#welcomed) {
      this.#welcomed = true
      this.#handshakeTimer?.cancel()
      this.#events.onWelcome(ConnectResponse.read(reader))
      return
    }
    const xid = reader.int()
    const zxid = reader.long()
    const errorCode = reader.int()
    if (xid === SpecialXid.notification) this.#events.onNotification(zxid, reader)
    else if (xid !== SpecialXid.ping) this.#events.onReply(xid, zxid, errorCode, reader)
  }

  #ping(): void {
    const mark = this.#output.beginFrame()
    this.#output.int(SpecialXid.ping).int(OpCode.ping)
    this.#output.endFrame(mark)
    this.#scheduleFlush()
  }

  #scheduleFlush(): void {
    if (this.#flushDue) return
    this.#flushDue = true
    this.#runtime.timers.endOfTurn(() => {
      this.#flushDue = false
      if (this.#lost || this.#connection === null) return
      this.#heartbeat?.sent()
      this.#connection.write(this.#output.take())
    })
  }
}

const outputBytesHigh = 1024 * 1024

/** A fault in words for people; system errors by their code. */
export function describeFault(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const code = (error as { code?: unknown }).code
  const known = typeof code === 'string' ? faultWords[code] : undefined
  return known === undefined ? error.message : `${known} (${String(code)})`
}

const faultWords: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'the connection was reset',
  EPIPE: 'the connection was reset',
  ETIMEDOUT: 'no answer in time',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
  ENOTFOUND: 'the host name is not known',
  EAI_AGAIN: 'the host name cannot be looked up just now',
}
