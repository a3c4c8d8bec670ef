import type { Connection } from '../runtime/network.ts'
import { encodeFrame, FrameReader, frameBytesMax } from './frames.ts'
import type { ReplicationMessage } from './messages.ts'

/** Why a link ended that the other side closed in an orderly way. */
export const closedByOtherSide = 'closed by the other side'

export interface LinkHandlers {
  onMessage(message: ReplicationMessage): void
  /** Called once. Nothing follows it. */
  onClose(reason: string): void
}

/** Messages in order to one server, or an end. Over a connection, or within the process (`local-link.ts`). */
export interface Link {
  readonly closed: boolean
  /** Bytes on their way that the receiver has not taken. */
  readonly bufferedBytes: number
  send(message: ReplicationMessage): void
  /** As `send`, for a message that goes to several links. */
  sendShared(shared: SharedMessage): void
  /** What comes in is not taken from the system until `resume`; the receiver's silence is its own doing meanwhile. */
  pause(): void
  resume(): void
  readonly paused: boolean
  /** Resolves when the receiver has taken most of what was sent, or the link is closed: for those who stream. */
  drained(): Promise<void>
  /** Closes after what was sent has left; `onClose` is called with the reason. */
  close(reason: string): void
}

/** A message that goes to several links is encoded for the first and forwarded as bytes to the others. */
export class SharedMessage {
  readonly message: ReplicationMessage
  #frame: Buffer | undefined

  constructor(message: ReplicationMessage) {
    this.message = message
  }

  get frame(): Buffer {
    this.#frame ??= encodeFrame(this.message)
    return this.#frame
  }
}

/** A stream of history stops for the receiver when this much of it is on its way. */
const streamBufferBytes = 1024 * 1024

/** A link over a connection of the network. */
export class NetworkLink implements Link {
  readonly #connection: Connection
  readonly #reader = new FrameReader()
  #handlers: LinkHandlers
  #closed = false
  #paused = false
  /** Monotonic time of the last frame that came in; the owner sets it when it makes the link. */
  lastHeardMs: number
  readonly #now: () => number
  #onDrained: (() => void)[] = []
  readonly #onMessage = (message: ReplicationMessage): boolean => {
    this.#handlers.onMessage(message)
    return !this.#closed
  }

  constructor(connection: Connection, now: () => number, handlers: LinkHandlers) {
    this.#connection = connection
    this.#handlers = handlers
    this.#now = now
    this.lastHeardMs = now()
    connection.setHandlers({
      onData: (bytes) => this.#onData(bytes),
      onDrain: () => this.#wakeStreams(),
      onClose: (reason) => this.#end(reason?.message ?? closedByOtherSide),
    })
  }

  get closed(): boolean {
    return this.#closed
  }

  get bufferedBytes(): number {
    return this.#connection.bufferedBytes
  }

  get remoteHost(): string {
    return this.#connection.remote.host
  }

  /** The other side has proved who it is: it may send large frames, to other handlers. */
  admit(handlers: LinkHandlers): void {
    this.#reader.bytesMax = frameBytesMax
    this.#handlers = handlers
  }

  send(message: ReplicationMessage): void {
    if (!this.#closed) this.#connection.write(encodeFrame(message))
  }

  sendShared(shared: SharedMessage): void {
    if (!this.#closed) this.#connection.write(shared.frame)
  }

  get paused(): boolean {
    return this.#paused
  }

  pause(): void {
    this.#paused = true
    this.#connection.pause()
  }

  resume(): void {
    if (!this.#paused) return
    this.#paused = false
    if (!this.#closed) this.#connection.resume()
  }

  drained(): Promise<void> {
    if (this.#closed || this.#connection.bufferedBytes < streamBufferBytes) return Promise.resolve()
    return new Promise((resolve) => {
      this.#onDrained.push(resolve)
    })
  }

  close(reason: string): void {
    if (this.#closed) return
    this.#connection.end()
    this.#end(reason)
  }

  #onData(bytes: Buffer): void {
    this.lastHeardMs = this.#now()
    try {
      this.#reader.push(bytes, this.#onMessage)
    } catch (error) {
      // What the handlers throw is a fault of this server and must not pass for bad input.
      if (!(error instanceof Error) || error.name !== 'FrameError') throw error
      this.#connection.destroy()
      this.#end(`malformed frame: ${error.message}`)
    }
  }

  #wakeStreams(): void {
    const waiting = this.#onDrained
    this.#onDrained = []
    for (const wake of waiting) wake()
  }

  #end(reason: string): void {
    if (this.#closed) return
    this.#closed = true
    this.#wakeStreams()
    this.#handlers.onClose(reason)
  }
}
