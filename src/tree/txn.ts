import type { JuteReader } from '../wire/jute-reader.ts'
import type { JuteWriter } from '../wire/jute-writer.ts'
import { OpCode } from '../wire/opcodes.ts'
import { originFieldsEnd, originFieldsStart } from './request.ts'

/**
 * The kinds of transaction. Those that do what a client asked are numbered as its opcode; containers and nodes with a time
 * to live are made by create2, which answers alike. Bodies:
 *
 *     create, create2   path s, data b, acl v<ACL>, owner l (see owner.ts)
 *     delete            path s
 *     setData           path s, data b, version after i
 *     setAcl            path s, acl v<ACL>, aversion after i
 *     check             nothing (only inside multi)
 *     multi             count i, then for each: kind i, body
 *     createSession     timeoutMs i, password b, exactlyOnceWindow i; its id is its zxid
 *     closeSession      nothing: its ephemeral nodes go, sorted by path
 *     error             code i
 *     failedMulti       count i, index of the failed operation i, its code i
 *     replay            nothing: the answer kept for the same request id is given again
 *     moved             nothing: refused, as the session's client had come in by another connection
 */
export const TxnKind = {
  create: 1,
  delete: 2,
  setData: 5,
  setAcl: 7,
  check: 13,
  multi: 14,
  create2: 15,
  createSession: -10,
  closeSession: -11,
  error: -1,
  failedMulti: -14,
  replay: -20,
  moved: -21,
} as const

/** The kind of transaction that does what this opcode asks for. */
export function kindOf(opcode: number): number {
  return opcode === OpCode.createContainer || opcode === OpCode.createTtl ? TxnKind.create2 : opcode
}

/**
 * What every transaction starts with:
 *
 *     kind i, origin server i, number l, incarnation l, sessionId l, attachment l, requestId i, wallMs l
 */
export class TxnHeader {
  kind = 0
  server = 0
  number = 0
  incarnation = 0
  sessionId = 0
  attachment = 0
  requestId = 0
  wallMs = 0
}

const txnHeaderBytes = 52

/**
 * Starts a transaction in an empty writer. The fields from number to requestId are taken over, as bytes, from the
 * request that stands in `request` at `requestStart`.
 */
export function writeTxnHeader(
  writer: JuteWriter,
  kind: number,
  server: number,
  request: Buffer,
  requestStart: number,
  wallMs: number,
): void {
  writer
    .int(kind)
    .int(server)
    .rawRange(request, requestStart + originFieldsStart, requestStart + originFieldsEnd)
    .long(wallMs)
}

/** Makes a transaction that was begun one of another kind, without a body. */
export function restartTxn(writer: JuteWriter, kind: number): void {
  writer.truncate(txnHeaderBytes)
  writer.patchInt(0, kind)
}

export function readTxnHeader(reader: JuteReader, header: TxnHeader): void {
  header.kind = reader.int()
  header.server = reader.int()
  header.number = reader.long()
  header.incarnation = reader.long()
  header.sessionId = reader.long()
  header.attachment = reader.long()
  header.requestId = reader.int()
  header.wallMs = reader.long()
}
