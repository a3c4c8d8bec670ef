import { DecodeError } from '../wire/decode-error.ts'
import { type JuteReader, longAt } from '../wire/jute-reader.ts'
import type { JuteWriter } from '../wire/jute-writer.ts'
import { Identities, noIdentities } from './identities.ts'

/**
 * A client's write on its way to the leader. Many are laid end to end, in the order they came:
 *
 *     length       i32   bytes behind this field
 *     number       i64   the origin's running number, from 1; 0 for what the leader itself asks
 *     incarnation  i64   which start of the origin's process
 *     sessionId    i64
 *     attachment   i64   which of the session's connections asked, see sessions.ts; 0 for what the leader itself asks
 *     requestId    i32   the client's xid
 *     opcode       i32
 *     identities   b     see `identities.ts`
 *     body               as the client sent it
 */
export class RequestEnvelope {
  #identities: Identities | null = noIdentities
  #lastDecoded: Identities = noIdentities
  #encoded: Buffer = noIdentities.bytes
  #encodedStart = 0
  #encodedEnd = 0
  number = 0
  incarnation = 0
  sessionId = 0
  attachment = 0
  requestId = 0
  opcode = 0

  /**
   * Decoded when they are first asked for: most requests meet only open lists. Requests in a row of one client get the same
   * object. Throws DecodeError.
   */
  get identities(): Identities {
    this.#identities ??= this.#decoded()
    return this.#identities
  }

  set identities(identities: Identities) {
    this.#identities = identities
  }

  #decoded(): Identities {
    const encoded = this.#encoded.subarray(this.#encodedStart, this.#encodedEnd)
    // A copy: what is decoded outlives the requests that came with it.
    if (!encoded.equals(this.#lastDecoded.bytes)) this.#lastDecoded = Identities.decode(Buffer.from(encoded))
    return this.#lastDecoded
  }

  /** They stand in `bytes` from `start` to `end`. */
  encodedIdentities(bytes: Buffer, start: number, end: number): void {
    this.#identities = null
    this.#encoded = bytes
    this.#encodedStart = start
    this.#encodedEnd = end
  }
}

/** Where the five fields start that a transaction repeats as they are: number to requestId. */
export const originFieldsStart = 4
export const originFieldsEnd = 40

const sessionIdAt = 20
const attachmentAt = 28
const opcodeAt = 40

/** Appends one request; its body is `source` from `start` to `end`. Buffer owners may reuse the envelope. */
export function encodeRequest(
  writer: JuteWriter,
  envelope: RequestEnvelope,
  source: Buffer,
  start: number,
  end: number,
): void {
  const identities = envelope.identities.bytes
  const mark = writer.beginFrame()
  writer
    .long(envelope.number)
    .long(envelope.incarnation)
    .long(envelope.sessionId)
    .long(envelope.attachment)
    .int(envelope.requestId)
    .int(envelope.opcode)
    .int(identities.length)
    .rawRange(identities, 0, identities.length)
    .rawRange(source, start, end)
  writer.endFrame(mark)
}

/**
 * Reads one request's fields into `envelope` and leaves the reader at the body. The reader's range is the request
 * without its length. Throws DecodeError.
 */
export function readEnvelope(reader: JuteReader, envelope: RequestEnvelope): void {
  envelope.number = countOf(reader.long(), 'request number')
  envelope.incarnation = countOf(reader.long(), 'incarnation')
  envelope.sessionId = countOf(reader.long(), 'session id')
  envelope.attachment = countOf(reader.long(), 'attachment')
  envelope.requestId = reader.int()
  envelope.opcode = reader.int()
  const identitiesBytes = reader.lengthPrefix()
  const identitiesStart = reader.position
  if (identitiesBytes > 0) reader.skip(identitiesBytes)
  envelope.encodedIdentities(reader.bytes, identitiesStart, reader.position)
}

/** Of the request that starts at `at` in whole ones: its bytes, the length in front included. */
export const requestBytes = (requests: Buffer, at: number): number => 4 + requests.readInt32BE(at)

/** Of the request that starts at `at`. */
export const requestNumber = (requests: Buffer, at: number): number => longAt(requests, at + 4)

/** Of the request that starts at `at`. */
export const requestSession = (requests: Buffer, at: number): number => longAt(requests, at + sessionIdAt)

/** Of the request that starts at `at`. */
export const requestAttachment = (requests: Buffer, at: number): number => longAt(requests, at + attachmentAt)

/** Of the request that starts at `at`; 0 when the bytes are too few to be one. */
export const requestOpcode = (requests: Buffer, at: number): number =>
  requests.length < at + opcodeAt + 4 ? 0 : requests.readInt32BE(at + opcodeAt)

/** The request that starts at `at` keeps its number, and asks for nothing: it belongs to no session, and is refused. */
export function makeVoid(requests: Buffer, at: number): void {
  requests.fill(0, at + sessionIdAt, at + sessionIdAt + 8)
  requests.writeInt32BE(0, at + opcodeAt)
}

function countOf(value: number, what: string): number {
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new DecodeError(`found ${what} ${value}, expected 0 to 2^53 - 1`)
  }
  return value
}
