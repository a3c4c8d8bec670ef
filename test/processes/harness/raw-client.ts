import { connect, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import { until } from './until.ts'

export interface RawReply {
  readonly xid: number
  readonly zxid: bigint
  readonly errorCode: number
  readonly body: Buffer
}

const headerBytes = 16
const notificationXid = -1
const worldAnyone = Buffer.concat([int(1), int(31), text('world'), text('anyone')])

export function int(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

export function text(value: string): Buffer {
  return Buffer.concat([int(Buffer.byteLength(value)), Buffer.from(value)])
}

export function frame(...parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts)
  return Buffer.concat([int(body.length), body])
}

/** The connect request of a plain ZooKeeper client. */
export function connectFrame(sessionTimeoutMs: number): Buffer {
  const noZxidYet = Buffer.alloc(8)
  const noSessionYet = Buffer.alloc(8)
  const noPasswordYet = Buffer.concat([int(16), Buffer.alloc(16)])
  const notReadOnly = Buffer.from([0])
  return frame(int(0), noZxidYet, int(sessionTimeoutMs), noSessionYet, noPasswordYet, notReadOnly)
}

/**
 * A client that is nothing but one connection: it knows no second server, never reconnects, forgives nothing. What it did not
 * get is seen, which a real client would hide.
 */
export class RawClient {
  readonly replies: RawReply[] = []
  readonly events: Buffer[] = []
  /** The server has closed the connection. */
  closed = false
  sessionId = 0n
  readonly #socket: Socket
  #received: Buffer = Buffer.alloc(0)
  #attached = false
  #xid = 0

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.setNoDelay(true)
    socket.on('data', (chunk) => this.#onData(chunk))
    socket.on('error', () => {})
    socket.on('close', () => {
      this.closed = true
    })
  }

  /** Connected, nothing sent yet. */
  static async dial(port: number): Promise<RawClient> {
    const socket = await new Promise<Socket>((resolve, reject) => {
      const made = connect(port, '127.0.0.1', () => resolve(made))
      made.once('error', reject)
    })
    onTestFinished(() => {
      socket.destroy()
    })
    return new RawClient(socket)
  }

  /** In a session of its own. */
  static async attach(port: number, sessionTimeoutMs = 30_000): Promise<RawClient> {
    const client = await RawClient.dial(port)
    client.write(connectFrame(sessionTimeoutMs))
    await until('the session', () => {
      if (client.closed) throw new Error('the connection was closed')
      return client.#attached
    })
    if (client.sessionId === 0n) throw new Error('the server gave no session')
    return client
  }

  write(bytes: Buffer): void {
    this.#socket.write(bytes)
  }

  /** From now on nothing is taken from the system: its buffers fill, then the server's. */
  stopReading(): void {
    this.#socket.pause()
  }

  /** Without a word of good-bye. */
  hangUp(): void {
    this.#socket.destroy()
  }

  /** Does not wait for anything. Returns the request id. */
  send(opcode: number, ...body: Buffer[]): number {
    this.#xid++
    this.write(frame(int(this.#xid), int(opcode), ...body))
    return this.#xid
  }

  create(path: string, data: string, flags = 0): number {
    return this.send(1, text(path), text(data), worldAnyone, int(flags))
  }

  get(path: string, watch = false): number {
    return this.send(4, text(path), Buffer.from([watch ? 1 : 0]))
  }

  sync(path: string): number {
    return this.send(9, text(path))
  }

  set(path: string, data: string): number {
    return this.send(5, text(path), text(data), int(-1))
  }

  /** The reply to a request, in time. */
  reply(xid: number): Promise<RawReply> {
    return until(`the reply to request ${xid}`, () => {
      const found = this.replies.find((reply) => reply.xid === xid)
      if (found === undefined && this.closed) throw new Error('the connection was closed')
      return found
    })
  }

  #onData(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk])
    for (;;) {
      const whole = this.#received
      if (whole.length < 4 || whole.length < 4 + whole.readInt32BE()) return
      const end = 4 + whole.readInt32BE()
      this.#received = whole.subarray(end)
      this.#onFrame(whole.subarray(4, end))
    }
  }

  #onFrame(body: Buffer): void {
    if (!this.#attached) {
      this.#attached = true
      this.sessionId = body.readBigInt64BE(8)
      return
    }
    const xid = body.readInt32BE(0)
    if (xid === notificationXid) this.events.push(body.subarray(headerBytes))
    else
      this.replies.push({
        xid,
        zxid: body.readBigInt64BE(4),
        errorCode: body.readInt32BE(12),
        body: body.subarray(headerBytes),
      })
  }
}

/** The version in the stat with which setData answers. */
export function versionSet(reply: RawReply): number {
  const versionAt = 8 + 8 + 8 + 8
  return reply.body.readInt32BE(versionAt)
}

/** The data with which getData answers. */
export function dataRead(reply: RawReply): string {
  const bytes = reply.body.readInt32BE(0)
  return reply.body.subarray(4, 4 + bytes).toString()
}
