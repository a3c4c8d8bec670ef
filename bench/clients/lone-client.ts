import { connect, type Socket } from 'node:net'
import { encodeRequest } from '../../src/client/encode-request.ts'
import { openAcl } from '../../src/client/index.ts'
import { FrameSplitter } from '../../src/wire/frame-splitter.ts'
import { OpCode, SpecialXid } from '../../src/wire/opcodes.ts'
import {
  CreateRequest,
  Empty,
  PathRequest,
  SetDataRequest,
  WatchableRequest,
} from '../../src/wire/requests.ts'
import { encodeConnect, endOfSession } from '../load/handshake.ts'

const frameBytesMax = 64 * 1024 * 1024
const errorCodeAt = 12
const bodyAt = 16

interface Waiting {
  readonly xid: number
  readonly resolve: (body: Buffer) => void
  readonly reject: (error: Error) => void
}

/** One session on one connection, which waits for each answer and goes nowhere else: what happens to it is seen. */
export class LoneClient {
  /** Watch events received. */
  events = 0
  onEvent: () => void = () => {}
  readonly #socket: Socket
  readonly #timeoutMs: number
  readonly #splitter = new FrameSplitter(frameBytesMax)
  #waiting: Waiting | null = null
  #xid = 0
  #lost: Error | null = null

  private constructor(socket: Socket, timeoutMs: number) {
    this.#socket = socket
    this.#timeoutMs = timeoutMs
    socket.on('data', (chunk: Buffer) => this.#splitter.push(chunk, (frame) => this.#onFrame(frame)))
    socket.on('error', (error) => this.#lose(error))
    socket.on('close', () => this.#lose(new Error('the server closed the connection')))
  }

  /** @param timeoutMs also how long any request may take: the connection is given up then */
  static async open(address: string, timeoutMs: number): Promise<LoneClient> {
    const [host = '', port = ''] = address.split(':')
    const client = new LoneClient(connect({ host, port: Number(port), noDelay: true }), timeoutMs)
    // The answer to a connect request has the timeout where that to others has the zxid: 0 refuses the session.
    const answer = await client.#ask(0, encodeConnect())
    if (answer.readInt32BE(4) > 0) return client
    client.destroy()
    throw new Error('the session was refused')
  }

  /** @returns the body. Rejects with an error's code in its message, and when the connection is lost. */
  async create(path: string, data: string): Promise<void> {
    const body = { path, data: Buffer.from(data), acl: openAcl, flags: 0 }
    await this.#call(OpCode.create, (xid) => encodeRequest(OpCode.create, CreateRequest, body, xid))
  }

  async set(path: string, data: string): Promise<void> {
    const body = { path, data: Buffer.from(data), version: -1 }
    await this.#call(OpCode.setData, (xid) => encodeRequest(OpCode.setData, SetDataRequest, body, xid))
  }

  async get(path: string, watch = false): Promise<string> {
    const body = { path, watch }
    const reply = await this.#call(OpCode.getData, (xid) =>
      encodeRequest(OpCode.getData, WatchableRequest, body, xid),
    )
    return reply.subarray(bodyAt + 4, bodyAt + 4 + reply.readInt32BE(bodyAt)).toString()
  }

  /** @returns how many there are */
  async childCount(path: string): Promise<number> {
    const body = { path, watch: false }
    const reply = await this.#call(OpCode.getChildren, (xid) =>
      encodeRequest(OpCode.getChildren, WatchableRequest, body, xid),
    )
    return reply.readInt32BE(bodyAt)
  }

  async sync(path: string): Promise<void> {
    await this.#call(OpCode.sync, (xid) => encodeRequest(OpCode.sync, PathRequest, { path }, xid))
  }

  async ping(): Promise<void> {
    await this.#ask(SpecialXid.ping, encodeRequest(OpCode.ping, Empty, {}, SpecialXid.ping))
  }

  /** Ends the session. */
  close(): void {
    this.#socket.end(endOfSession())
  }

  destroy(): void {
    this.#socket.destroy()
  }

  async #call(opcode: number, encode: (xid: number) => Buffer): Promise<Buffer> {
    const xid = ++this.#xid
    const reply = await this.#ask(xid, encode(xid))
    const code = reply.readInt32BE(errorCodeAt)
    if (code !== 0) throw new Error(`request ${opcode} was answered with error ${code}`)
    return reply
  }

  async #ask(xid: number, frame: Buffer): Promise<Buffer> {
    if (this.#lost !== null) throw this.#lost
    const late = (): void => {
      this.#lose(new Error(`no answer within ${this.#timeoutMs} ms`))
      this.destroy()
    }
    const timeout = setTimeout(late, this.#timeoutMs)
    try {
      return await new Promise((resolve, reject) => {
        this.#waiting = { xid, resolve, reject }
        this.#socket.write(frame)
      })
    } finally {
      clearTimeout(timeout)
    }
  }

  #onFrame(frame: Buffer): void {
    const xid = frame.readInt32BE(0)
    if (xid === SpecialXid.notification) {
      this.events++
      this.onEvent()
    } else if (this.#waiting?.xid === xid) {
      const { resolve } = this.#waiting
      this.#waiting = null
      // The frame is only lent.
      resolve(Buffer.from(frame))
    }
  }

  #lose(error: Error): void {
    this.#lost ??= error
    this.#waiting?.reject(error)
    this.#waiting = null
  }
}
