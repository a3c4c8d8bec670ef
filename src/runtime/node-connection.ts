import type { Socket } from 'node:net'
import { assert } from './assert.ts'
import type { Address, Connection, ConnectionHandlers } from './network.ts'
import type { TurnEnd } from './turn-end.ts'

/** `write` returns false above this. Well above the mark of a socket, so that what it tells suffices. */
export const highWaterBytes = 256 * 1024

/** How long a peer may take to close its side after we ended ours. */
export const lingerMs = 2_000

/** A connection over a TCP socket. What is written in one turn leaves in one system call at its end. */
export class NodeConnection implements Connection {
  readonly remote: Address
  readonly #socket: Socket
  readonly #turnEnd: TurnEnd
  readonly #flush = () => this.#flushPending()
  readonly #drained = () => {
    if (!this.#wantsDrain || this.#closed) return
    this.#wantsDrain = false
    this.#handlers?.onDrain?.()
  }
  #handlers: ConnectionHandlers | null = null
  #pending: Uint8Array[] = []
  #pendingBytes = 0
  #flushQueued = false
  #paused = false
  #wantsDrain = false
  /** No more is written, and no more data handed out. */
  #closed = false
  /** The socket is gone. */
  #gone = false
  #endQueued = false
  #reason: Error | undefined
  #linger: NodeJS.Timeout | undefined

  constructor(socket: Socket, remote: Address, turnEnd: TurnEnd) {
    this.#socket = socket
    this.remote = remote
    this.#turnEnd = turnEnd
    socket.on('error', (error) => {
      this.#reason ??= error
    })
    // The peer's end: what we wrote still leaves, then our side ends too. The socket allows half-open connections, as it
    // would otherwise end itself before what waits for the end of this turn.
    socket.on('end', () => {
      if (!this.#closed && this.#handlers?.onEnd !== undefined) this.#handlers.onEnd()
      else this.end()
    })
    socket.on('drain', this.#drained)
    socket.on('close', () => this.#onSocketClose())
  }

  get bufferedBytes(): number {
    return this.#pendingBytes + this.#socket.writableLength
  }

  get closed(): boolean {
    return this.#closed
  }

  setHandlers(handlers: ConnectionHandlers): void {
    assert(this.#handlers === null, 'a connection gets its handlers once')
    this.#handlers = handlers
    if (this.#gone) {
      process.nextTick(() => handlers.onClose(this.#reason))
      return
    }
    this.#socket.on('data', (bytes: Buffer) => {
      if (!this.#closed) handlers.onData(bytes)
    })
    if (!this.#paused) this.#socket.resume()
  }

  write(bytes: Uint8Array): boolean {
    if (this.#closed) return false
    this.#pending.push(bytes)
    this.#pendingBytes += bytes.length
    if (!this.#flushQueued) {
      this.#flushQueued = true
      this.#turnEnd.flush(this.#flush)
    }
    if (this.bufferedBytes <= highWaterBytes) return true
    this.#wantsDrain = true
    return false
  }

  pause(): void {
    this.#paused = true
    // Once closed, reading goes on to see the peer's end; nothing is handed out.
    if (!this.#closed) this.#socket.pause()
  }

  resume(): void {
    this.#paused = false
    if (this.#handlers !== null) this.#socket.resume()
  }

  end(): void {
    if (this.#closed) return
    this.#closed = true
    this.#endQueued = true
    if (this.#pending.length === 0) this.#flushPending()
    this.#startLinger()
  }

  destroy(): void {
    this.#closed = true
    this.#dropPending()
    this.#socket.destroy()
  }

  #flushPending(): void {
    this.#flushQueued = false
    if (this.#gone) return
    const pending = this.#pending
    if (pending.length === 1) {
      this.#socket.write(pending[0] as Uint8Array)
    } else if (pending.length > 1) {
      this.#socket.cork()
      for (const bytes of pending) this.#socket.write(bytes)
      this.#socket.uncork()
    }
    this.#dropPending()
    // Where the system takes everything at once, the socket tells no drain: who waits for one would wait for ever.
    if (this.#wantsDrain && !this.#socket.writableNeedDrain) process.nextTick(this.#drained)
    if (this.#endQueued) {
      this.#endQueued = false
      this.#socket.end()
      // A paused socket would never see the peer's end.
      this.#socket.resume()
    }
  }

  #dropPending(): void {
    this.#pending.length = 0
    this.#pendingBytes = 0
  }

  /**
   * A peer that neither reads nor closes would otherwise keep the socket for ever: its buffer never empties, so our end
   * never leaves, or it leaves and is never answered.
   */
  #startLinger(): void {
    if (this.#linger !== undefined || this.#gone) return
    this.#linger = setTimeout(() => this.#socket.destroy(), lingerMs)
    this.#linger.unref()
  }

  #onSocketClose(): void {
    this.#gone = true
    this.#closed = true
    this.#dropPending()
    clearTimeout(this.#linger)
    this.#handlers?.onClose(this.#reason)
  }
}
