import { DecodeError } from '../wire/decode-error.ts'
import type { JuteReader } from '../wire/jute-reader.ts'
import type { JuteWriter } from '../wire/jute-writer.ts'
import { Id } from '../wire/records.ts'

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
 *     identities   vector of { scheme, id }
 *     body               as the client sent it
 */
export class RequestEnvelope {
  number = 0
  incarnation = 0
  sessionId = 0
  attachment = 0
  requestId = 0
  opcode = 0
  identities: readonly Id[] = []
}

/** Where the five fields start that a transaction repeats as they are: number to requestId. */
export const originFieldsStart = 4
export const originFieldsEnd = 40

const sessionIdAt = 20
const opcodeAt = 40

const noIdentities: readonly Id[] = []

/** Appends one request; its body is `source` from `start` to `end`. Buffer owners may reuse the envelope. */
export function encodeRequest(
  writer: JuteWriter,
  envelope: RequestEnvelope,
  source: Buffer,
  start: number,
  end: number,
): void {
  const mark = writer.beginFrame()
  writer
    .long(envelope.number)
    .long(envelope.incarnation)
    .long(envelope.sessionId)
    .long(envelope.attachment)
    .int(envelope.requestId)
    .int(envelope.opcode)
    .int(envelope.identities.length)
  for (const identity of envelope.identities) Id.write(writer, identity)
  writer.rawRange(source, start, end)
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
  const identities = reader.vectorLength()
  envelope.identities = identities > 0 ? readIdentities(reader, identities) : noIdentities
}

/** Of the request that starts at `at` in whole ones: its bytes, the length in front included. */
export const requestBytes = (requests: Buffer, at: number): number => 4 + requests.readInt32BE(at)

/** Of the request that starts at `at`. */
export const requestNumber = (requests: Buffer, at: number): number => Number(requests.readBigInt64BE(at + 4))

/** The request that starts at `at` keeps its number, and asks for nothing: it belongs to no session, and is refused. */
export function makeVoid(requests: Buffer, at: number): void {
  requests.fill(0, at + sessionIdAt, at + sessionIdAt + 8)
  requests.writeInt32BE(0, at + opcodeAt)
}

function readIdentities(reader: JuteReader, count: number): Id[] {
  const identities: Id[] = []
  for (let i = 0; i < count; i++) identities.push(Id.read(reader))
  return identities
}

function countOf(value: number, what: string): number {
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new DecodeError(`found ${what} ${value}, expected 0 to 2^53 - 1`)
  }
  return value
}
