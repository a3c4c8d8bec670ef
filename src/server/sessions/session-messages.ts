import { DecodeError } from '../../wire/decode-error.ts'
import { JuteReader } from '../../wire/jute-reader.ts'
import { JuteWriter } from '../../wire/jute-writer.ts'

/**
 * What servers and the leader tell each other about sessions outside of the history.
 *
 *     to the leader     touch      count i, then for each: sessionId l, attachment l, timeoutMs i
 *                       attach     request i, sessionId l, timeoutMs i, password b
 *     from the leader   attached   request i, attachment l
 *                       refused    request i
 *                       moved      sessionId l, attachment l
 */
const Kind = { touch: 1, attach: 2, attached: 3, refused: 4, moved: 5 } as const

const kindBytes = 4
const touchBytes = 20

/** What the leader does with each message. */
export interface LeaderMessages {
  touch(from: number, sessionId: number, attachment: number, timeoutMs: number): void
  attach(from: number, request: number, sessionId: number, timeoutMs: number, password: Buffer): void
}

/** What a server does with each message of its leader. */
export interface ServerMessages {
  /** The connection has the session from now on, under this number. */
  attached(request: number, attachment: number): void
  refused(request: number): void
  /** The session's client has come in by the connection of this number: earlier ones are of the past. */
  moved(sessionId: number, attachment: number): void
}

/** Gathers touches; `take` gives the message, or null when there were none. */
export class TouchMessage {
  readonly #writer = new JuteWriter(256)
  #count = 0

  get count(): number {
    return this.#count
  }

  add(sessionId: number, attachment: number, timeoutMs: number): void {
    if (this.#count === 0) this.#writer.int(Kind.touch).int(0)
    this.#writer.long(sessionId).long(attachment).int(timeoutMs)
    this.#count++
  }

  take(): Buffer | null {
    if (this.#count === 0) return null
    this.#writer.patchInt(kindBytes, this.#count)
    this.#count = 0
    return this.#writer.take()
  }
}

export function attachMessage(
  request: number,
  sessionId: number,
  timeoutMs: number,
  password: Uint8Array,
): Buffer {
  return new JuteWriter(48)
    .int(Kind.attach)
    .int(request)
    .long(sessionId)
    .int(timeoutMs)
    .buffer(password)
    .take()
}

export const attachedMessage = (request: number, attachment: number): Buffer =>
  new JuteWriter(16).int(Kind.attached).int(request).long(attachment).take()

export const refusedMessage = (request: number): Buffer =>
  new JuteWriter(16).int(Kind.refused).int(request).take()

export const movedMessage = (sessionId: number, attachment: number): Buffer =>
  new JuteWriter(24).int(Kind.moved).long(sessionId).long(attachment).take()

/** Throws DecodeError. */
export function readLeaderMessage(message: Buffer, from: number, target: LeaderMessages): void {
  const reader = new JuteReader(message)
  const kind = reader.int()
  switch (kind) {
    case Kind.touch: {
      const count = reader.int()
      if (count * touchBytes !== reader.remaining) {
        throw new DecodeError(`found ${reader.remaining} bytes for ${count} touched sessions`)
      }
      for (let i = 0; i < count; i++) target.touch(from, reader.long(), reader.long(), reader.int())
      return
    }
    case Kind.attach:
      target.attach(from, reader.int(), reader.long(), reader.int(), reader.buffer() ?? Buffer.alloc(0))
      return
    default:
      throw new DecodeError(`found session message ${kind}, expected touch or attach`)
  }
}

/** Throws DecodeError. */
export function readServerMessage(message: Buffer, target: ServerMessages): void {
  const reader = new JuteReader(message)
  const kind = reader.int()
  switch (kind) {
    case Kind.attached:
      return target.attached(reader.int(), reader.long())
    case Kind.refused:
      return target.refused(reader.int())
    case Kind.moved:
      return target.moved(reader.long(), reader.long())
    default:
      throw new DecodeError(`found session message ${kind}, expected attached, refused or moved`)
  }
}
