import { DecodeError } from '../../src/wire/decode-error.ts'
import { JuteReader } from '../../src/wire/jute-reader.ts'
import { JuteWriter } from '../../src/wire/jute-writer.ts'
import { OpCode } from '../../src/wire/opcodes.ts'
import { acls } from '../../src/wire/records.ts'
import type { FakeConnection, FakeTime } from './fake-world.ts'

export interface ConnectFields {
  lastZxidSeen?: number
  timeoutMs?: number
  sessionId?: number
  password?: Uint8Array | null
  readOnly?: boolean | null
  exactlyOnceWindow?: number
}

export interface ConnectAnswer {
  bytes: number
  timeoutMs: number
  sessionId: number
  password: Buffer
  readOnly: boolean | null
  exactlyOnceWindow: number | null
}

export interface Frame {
  xid: number
  zxid: number
  error: number
  body: Buffer
}

export const openAcl = [{ perms: 31, scheme: 'world', id: 'anyone' }]
export const ephemeral = 1

export function connectBody(fields: ConnectFields = {}): Buffer {
  const { lastZxidSeen = 0, timeoutMs = 4000, sessionId = 0, password = Buffer.alloc(16) } = fields
  const writer = new JuteWriter()
  writer.int(0).long(lastZxidSeen).int(timeoutMs).long(sessionId).buffer(password)
  const { readOnly = false, exactlyOnceWindow } = fields
  if (readOnly !== null) writer.bool(readOnly)
  if (exactlyOnceWindow !== undefined) writer.int(exactlyOnceWindow)
  return writer.take()
}

export function frameOf(body: Buffer): Buffer {
  const frame = Buffer.alloc(4 + body.length)
  frame.writeInt32BE(body.length)
  body.copy(frame, 4)
  return frame
}

export function requestBody(xid: number, opcode: number, write: (body: JuteWriter) => void): Buffer {
  const writer = new JuteWriter().int(xid).int(opcode)
  write(writer)
  return writer.take()
}

/** Speaks frames by hand over a fake connection. */
export class RawClient {
  readonly connection: FakeConnection
  readonly #time: FakeTime
  #xid = 0
  #at = 0
  session: ConnectAnswer | null = null

  constructor(connection: FakeConnection, time: FakeTime) {
    this.connection = connection
    this.#time = time
  }

  /** The bytes arrive, as one turn of the server's event loop. */
  send(...pieces: Buffer[]): void {
    this.connection.handlers?.onData(Buffer.concat(pieces))
    this.#time.endTurns()
  }

  connect(fields: ConnectFields = {}): ConnectAnswer {
    this.send(frameOf(connectBody(fields)))
    return this.connectAnswer()
  }

  connectAnswer(): ConnectAnswer {
    const body = this.nextBody()
    if (body === null) throw new Error('there is no answer to the handshake')
    const reader = new JuteReader(body)
    reader.int()
    const timeoutMs = reader.int()
    const sessionId = reader.long()
    const password = Buffer.from(reader.buffer() ?? Buffer.alloc(0))
    const readOnly = reader.remaining > 0 ? reader.bool() : null
    const exactlyOnceWindow = reader.remaining > 0 ? reader.int() : null
    this.session = { bytes: body.length, timeoutMs, sessionId, password, readOnly, exactlyOnceWindow }
    return this.session
  }

  request(opcode: number, write: (body: JuteWriter) => void = () => {}, xid = ++this.#xid): Buffer {
    return frameOf(requestBody(xid, opcode, write))
  }

  create(path: string, flags = 0, data: string | null = 'data'): Buffer {
    return this.request(OpCode.create, (body) => {
      body.string(path).buffer(data === null ? null : Buffer.from(data))
      acls.write(body, openAcl)
      body.int(flags)
    })
  }

  set(path: string, data: string, version = -1): Buffer {
    return this.request(OpCode.setData, (body) => body.string(path).buffer(Buffer.from(data)).int(version))
  }

  delete(path: string, version = -1): Buffer {
    return this.request(OpCode.delete, (body) => body.string(path).int(version))
  }

  get(path: string, watch = false): Buffer {
    return this.request(OpCode.getData, (body) => body.string(path).bool(watch))
  }

  exists(path: string, watch = false): Buffer {
    return this.request(OpCode.exists, (body) => body.string(path).bool(watch))
  }

  children(path: string, watch = false): Buffer {
    return this.request(OpCode.getChildren, (body) => body.string(path).bool(watch))
  }

  sync(path: string): Buffer {
    return this.request(OpCode.sync, (body) => body.string(path))
  }

  ping(): Buffer {
    return this.request(OpCode.ping, () => {}, -2)
  }

  close(): Buffer {
    return this.request(OpCode.closeSession)
  }

  /** Sends, and takes all frames that come in answer. */
  ask(...frames: Buffer[]): Frame[] {
    this.send(...frames)
    return this.frames()
  }

  /** The next frame's payload; null when there is none. */
  nextBody(): Buffer | null {
    const { received } = this.connection
    if (received.length - this.#at < 4) return null
    const start = this.#at + 4
    const end = start + received.readInt32BE(this.#at)
    if (end > received.length) throw new DecodeError('a frame is cut off')
    this.#at = end
    return received.subarray(start, end)
  }

  /** All frames that have come since the last look. */
  frames(): Frame[] {
    const frames: Frame[] = []
    for (let body = this.nextBody(); body !== null; body = this.nextBody()) {
      const reader = new JuteReader(body)
      frames.push({ xid: reader.int(), zxid: reader.long(), error: reader.int(), body: body.subarray(16) })
    }
    return frames
  }

  /** Everything that has come and was not looked at, as text. */
  text(): string {
    const text = this.connection.received.toString('latin1', this.#at)
    this.#at = this.connection.received.length
    return text
  }
}

/** `type path` of a watch event. */
export function eventOf(frame: Frame): string {
  const reader = new JuteReader(frame.body)
  const type = reader.int()
  reader.int()
  return `${['', 'created', 'deleted', 'changed', 'children'][type]} ${reader.string()}`
}

/** The data of a getData reply. */
export function dataOf(frame: Frame | undefined): string | null {
  if (frame === undefined) throw new Error('there is no reply')
  return new JuteReader(frame.body).buffer()?.toString() ?? null
}
