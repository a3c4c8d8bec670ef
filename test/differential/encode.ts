import type { Acl, Field, Request, Text } from './program.ts'

/** Grows as it is written to. Written for this test alone: it must be able to write what no client would. */
export class Bytes {
  readonly #parts: Buffer[] = []

  int(value: number): this {
    const bytes = Buffer.alloc(4)
    bytes.writeInt32BE(value | 0)
    this.#parts.push(bytes)
    return this
  }

  long(value: bigint): this {
    const bytes = Buffer.alloc(8)
    bytes.writeBigInt64BE(value)
    this.#parts.push(bytes)
    return this
  }

  byte(value: number): this {
    this.#parts.push(Buffer.from([value]))
    return this
  }

  buffer(bytes: Buffer | null): this {
    if (bytes === null) return this.int(-1)
    this.int(bytes.length)
    this.#parts.push(bytes)
    return this
  }

  text(text: Text): this {
    if (text === null) return this.int(-1)
    return this.buffer(typeof text === 'string' ? Buffer.from(text) : Buffer.from(text.hex, 'hex'))
  }

  vector<T>(elements: readonly T[] | null, write: (element: T) => void): this {
    if (elements === null) return this.int(-1)
    this.int(elements.length)
    elements.forEach(write)
    return this
  }

  raw(bytes: Buffer): this {
    this.#parts.push(bytes)
    return this
  }

  done(): Buffer {
    return Buffer.concat(this.#parts)
  }

  frame(): Buffer {
    const body = this.done()
    return Buffer.concat([new Bytes().int(body.length).done(), body])
  }
}

/** The zxid that stands for "before that step" in this run. */
export type ZxidBefore = (step: number) => bigint

export function requestFrame(xid: number, request: Request, zxidBefore: ZxidBefore): Buffer {
  return new Bytes().int(xid).int(request.opcode).raw(requestBody(request, zxidBefore)).frame()
}

function requestBody(request: Request, zxidBefore: ZxidBefore): Buffer {
  const bytes = new Bytes()
  for (const field of request.fields) writeField(bytes, field, zxidBefore)
  const whole = bytes.done()
  const kept = request.cut === undefined ? whole : whole.subarray(0, request.cut)
  return request.extra === undefined ? kept : Buffer.concat([kept, Buffer.alloc(request.extra)])
}

function writeField(bytes: Bytes, field: Field, zxidBefore: ZxidBefore): void {
  if ('text' in field) bytes.text(field.text)
  else if ('bytes' in field) bytes.buffer(field.bytes === null ? null : Buffer.from(field.bytes))
  else if ('bool' in field) bytes.byte(field.bool)
  else if ('int' in field) bytes.int(field.int)
  else if ('long' in field) bytes.long(BigInt(field.long))
  else if ('zxidBefore' in field) bytes.long(zxidBefore(field.zxidBefore))
  else if ('texts' in field) bytes.vector(field.texts, (text) => bytes.text(text))
  else if ('acl' in field) bytes.vector(field.acl, (entry) => writeAcl(bytes, entry))
  else writeOps(bytes, field.ops, field.open === true, zxidBefore)
}

function writeAcl(bytes: Bytes, { perms, scheme, id }: Acl): void {
  bytes.int(perms).text(scheme).text(id)
}

function writeOps(bytes: Bytes, ops: readonly Request[], open: boolean, zxidBefore: ZxidBefore): void {
  for (const op of ops) bytes.int(op.opcode).byte(0).int(-1).raw(requestBody(op, zxidBefore))
  if (!open) bytes.int(-1).byte(1).int(-1)
}

export interface ConnectRequest {
  readonly lastZxid: bigint
  readonly timeoutMs: number
  readonly sessionId: bigint
  readonly password: Buffer | null
  readonly readOnly: 'absent' | 'no' | 'yes'
}

export function connectFrame(request: ConnectRequest): Buffer {
  const bytes = new Bytes()
    .int(0)
    .long(request.lastZxid)
    .int(request.timeoutMs)
    .long(request.sessionId)
    .buffer(request.password)
  if (request.readOnly !== 'absent') bytes.byte(request.readOnly === 'yes' ? 1 : 0)
  return bytes.frame()
}
