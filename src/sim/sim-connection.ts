import { crc32 } from 'node:zlib'
import { assert } from '../runtime/assert.ts'
import { CodedError } from '../runtime/coded-error.ts'
import type { Address, Connection, ConnectionHandlers } from '../runtime/network.ts'
import type { Timer } from '../runtime/timers.ts'
import { SimEvent } from './event-queue.ts'
import type { SimHost } from './sim-host.ts'
import type { SimProcess } from './sim-process.ts'

/** `write` returns false above this, as on a real connection. */
const highWaterBytes = 256 * 1024

/** What the two systems take of a stream whose reader does not read, before it stays in the writer's process. */
const systemBufferBytes = 128 * 1024

/** How long a peer may take to close its side after this one ended. */
const lingerMs = 2_000

/** One end of a simulated connection. */
export class SimConnection implements Connection {
  readonly remote: Address
  readonly process: SimProcess
  readonly peerHost: SimHost
  /** Null until the other end exists; the two then stay together. */
  peer: SimConnection | null = null
  /** When the last thing sent from here arrives: nothing sent later may come before it. */
  lastArrivalUs = 0
  #handlers: ConnectionHandlers | null = null
  #pending: Uint8Array[] = []
  #pendingBytes = 0
  /** Sent, and not yet handed to the owner of the other end. */
  #underwayBytes = 0
  #flushQueued = false
  #endQueued = false
  #wantsDrain = false
  #paused = false
  /** What came while paused, or before there were handlers. Null stands for the peer's end. */
  #inbox: (Buffer | null)[] = []
  #inboxQueued = false
  /** No more is written, and no more data handed out. */
  #closed = false
  #peerEnded = false
  #gone = false
  #goneReason: Error | undefined
  #linger: Timer | undefined

  constructor(process: SimProcess, remote: Address, peerHost: SimHost) {
    this.process = process
    this.remote = remote
    this.peerHost = peerHost
    process.connections.add(this)
  }

  get host(): SimHost {
    return this.process.host
  }

  get bufferedBytes(): number {
    return this.#pendingBytes + Math.max(0, this.#underwayBytes - systemBufferBytes)
  }

  get closed(): boolean {
    return this.#closed
  }

  setHandlers(handlers: ConnectionHandlers): void {
    assert(this.#handlers === null, 'a connection gets its handlers once')
    this.#handlers = handlers
    if (this.#gone) this.process.timers.after(0, () => handlers.onClose(this.#goneReason))
    else this.#queueInbox()
  }

  write(bytes: Uint8Array): boolean {
    if (this.#closed || !this.process.alive) return false
    this.#pending.push(bytes)
    this.#pendingBytes += bytes.length
    this.#queueFlush()
    if (this.bufferedBytes <= highWaterBytes) return true
    this.#wantsDrain = true
    return false
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    this.#queueInbox()
  }

  end(): void {
    if (this.#closed) return
    this.#closed = true
    this.#endQueued = true
    this.#queueFlush()
    // It is read on, though nobody is given it any more: the peer's end stands behind it.
    this.#queueInbox()
    this.#linger = this.process.timers.after(lingerMs, () => this.#lingerOver())
  }

  destroy(): void {
    if (this.#gone) return
    this.#closed = true
    this.#dropPending()
    // The peer sees an orderly end or a reset, depending on what its side had sent that nobody read.
    const fabric = this.host.world.network
    if (fabric.random.chance(1, 2) && this.peer !== null) fabric.send(this, new EndEvent(this.peer))
    else fabric.sendReset(this, new CodedError('ECONNRESET', 'the other side closed'))
    if (this.process.alive) this.process.schedule(new ResetEvent(this, undefined), 0)
  }

  /** The process has crashed: nothing here happens any more. */
  vanish(): void {
    this.#gone = true
    this.#closed = true
    this.#dropPending()
    this.#inbox.length = 0
  }

  /** Everything written in this turn leaves as one piece, copied: from here on it is the receiver's. */
  flush(): void {
    this.#flushQueued = false
    const peer = this.peer
    if (this.#gone || !this.process.alive || peer === null) return
    const fabric = this.host.world.network
    if (this.#pendingBytes > 0) {
      const bytes = joined(this.#pending, this.#pendingBytes)
      this.#dropPending()
      this.#underwayBytes += bytes.length
      if (bytes.length > 1 && fabric.random.chance(fabric.options.splitsIn64, 64)) {
        const cut = fabric.random.between(1, bytes.length - 1)
        fabric.send(this, new DataEvent(peer, bytes.subarray(0, cut)))
        fabric.send(this, new DataEvent(peer, bytes.subarray(cut)))
      } else fabric.send(this, new DataEvent(peer, bytes))
    }
    if (this.#endQueued) {
      this.#endQueued = false
      fabric.send(this, new EndEvent(peer))
      // Both sides have ended now: this was the answer to the peer's end.
      if (this.#peerEnded) this.process.schedule(new ResetEvent(this, undefined), 0)
    }
  }

  arrive(bytes: Buffer | null): void {
    if (this.#gone) return
    if (this.#handlers === null || (this.#paused && !this.#closed) || this.#inbox.length > 0) {
      this.#inbox.push(bytes)
      return
    }
    this.#handOut(bytes)
  }

  arriveReset(reason: Error | undefined): void {
    if (this.#gone) return
    this.#goneFor(reason)
  }

  /** One piece a turn event, so that the owner may pause in between. */
  handOutInbox(): void {
    this.#inboxQueued = false
    if (this.#gone || this.#handlers === null || (this.#paused && !this.#closed)) return
    const bytes = this.#inbox.shift()
    if (bytes === undefined) return
    this.#handOut(bytes)
    this.#queueInbox()
  }

  drained(): void {
    if (!this.#closed && !this.#gone) this.#handlers?.onDrain?.()
  }

  #handOut(bytes: Buffer | null): void {
    if (bytes === null) {
      this.#peerEnded = true
      // We ended first, and that has left: this is the answer. Otherwise the answer is ours to give.
      if (this.#closed && !this.#endQueued) this.#goneFor(undefined)
      else if (!this.#closed && this.#handlers?.onEnd !== undefined) this.#handlers.onEnd()
      else this.end()
      return
    }
    this.peer?.onTaken(bytes.length)
    if (this.#closed) return
    this.host.note('data', this.remote.host, bytes.length, crc32(bytes))
    this.#handlers?.onData(bytes)
  }

  onTaken(bytes: number): void {
    this.#underwayBytes -= bytes
    if (!this.#wantsDrain || this.#underwayBytes > systemBufferBytes || this.#gone) return
    this.#wantsDrain = false
    this.host.world.scheduleIn(
      new DrainEvent(this),
      this.host.world.network.delayUs(this.peerHost, this.host),
    )
  }

  #lingerOver(): void {
    if (this.#gone) return
    this.host.world.network.sendReset(this, new CodedError('ECONNRESET', 'the other side closed'))
    this.#goneFor(undefined)
  }

  #goneFor(reason: Error | undefined): void {
    this.#gone = true
    this.#goneReason = reason
    this.#closed = true
    this.#linger?.cancel()
    this.#dropPending()
    this.#inbox.length = 0
    this.process.connections.delete(this)
    this.host.note('close', reason?.message ?? '', this.remote.port)
    this.#handlers?.onClose(reason)
  }

  #queueFlush(): void {
    if (this.#flushQueued) return
    this.#flushQueued = true
    this.process.flushAtEndOfTurn(this)
  }

  #queueInbox(): void {
    if (this.#inbox.length === 0 || this.#inboxQueued || this.#gone) return
    if (this.#handlers === null || (this.#paused && !this.#closed)) return
    this.#inboxQueued = true
    this.process.schedule(new InboxEvent(this), 0)
  }

  #dropPending(): void {
    this.#pending.length = 0
    this.#pendingBytes = 0
  }
}

abstract class ConnectionEvent extends SimEvent {
  protected readonly connection: SimConnection

  constructor(connection: SimConnection) {
    super(connection.process)
    this.connection = connection
  }
}

class DataEvent extends ConnectionEvent {
  readonly #bytes: Buffer

  constructor(connection: SimConnection, bytes: Buffer) {
    super(connection)
    this.#bytes = bytes
  }

  fire(): void {
    this.connection.arrive(this.#bytes)
  }
}

class EndEvent extends ConnectionEvent {
  fire(): void {
    this.connection.arrive(null)
  }
}

/** Closes at once, without regard to what is on its way. */
export class ResetEvent extends ConnectionEvent {
  readonly #reason: Error | undefined

  constructor(connection: SimConnection, reason: Error | undefined) {
    super(connection)
    this.#reason = reason
  }

  fire(): void {
    this.connection.arriveReset(this.#reason)
  }
}

class InboxEvent extends ConnectionEvent {
  fire(): void {
    this.connection.handOutInbox()
  }
}

class DrainEvent extends ConnectionEvent {
  fire(): void {
    this.connection.drained()
  }
}

function joined(pieces: readonly Uint8Array[], length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length)
  let at = 0
  for (const piece of pieces) {
    bytes.set(piece, at)
    at += piece.length
  }
  return bytes
}
