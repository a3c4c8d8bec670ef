import { DecodeError } from '../../wire/decode-error.ts'
import { JuteReader } from '../../wire/jute-reader.ts'
import { CreateFlags } from '../../wire/node-flags.ts'
import { OpCode } from '../../wire/opcodes.ts'

/** What may stand inside a multi. */
export function isPartOfMulti(opcode: number): boolean {
  switch (opcode) {
    case OpCode.create:
    case OpCode.create2:
    case OpCode.createContainer:
    case OpCode.createTtl:
    case OpCode.delete:
    case OpCode.setData:
    case OpCode.check:
      return true
    default:
      return false
  }
}

/** Skips the body of a write. Throws DecodeError when it is not one. Opcodes without a known body are let through. */
export function skipRequestBody(body: JuteReader, opcode: number, inMulti: boolean): void {
  switch (opcode) {
    case OpCode.create:
    case OpCode.create2:
    case OpCode.createContainer:
    case OpCode.createTtl:
      skipCreate(body, opcode, inMulti)
      return
    case OpCode.setData:
      skipPath(body, inMulti)
      skipSized(body)
      body.skip(4)
      return
    case OpCode.setAcl:
      skipSized(body)
      skipAcl(body)
      body.skip(4)
      return
    case OpCode.delete:
    case OpCode.check:
      skipPath(body, inMulti)
      body.skip(4)
      return
    case OpCode.reconfig:
      for (let i = 0; i < 3; i++) skipSized(body)
      body.skip(8)
      return
  }
}

const shapeReader = new JuteReader()

/**
 * Whether a single write's body can be decoded. A server asks before it forwards: ZooKeeper answers an undecodable
 * single request at once, without a place in the history. (An undecodable multi does get a place.)
 */
export function isDecodableWrite(opcode: number, bytes: Buffer, start: number, end: number): boolean {
  try {
    skipRequestBody(shapeReader.reset(bytes, start, end), opcode, false)
    return true
  } catch (error) {
    if (error instanceof DecodeError) return false
    throw error
  }
}

function skipCreate(body: JuteReader, opcode: number, inMulti: boolean): void {
  skipPath(body, inMulti)
  skipSized(body)
  const aclCount = skipAcl(body)
  const flags = body.int()
  if (opcode === OpCode.createTtl) body.skip(8)
  if (!inMulti) return
  if (aclCount < 0) throw new DecodeError('found no access control list')
  if (flags < CreateFlags.persistent || flags > CreateFlags.persistentSequentialWithTtl) {
    throw new DecodeError(`found create flags ${flags}, expected 0 to 6`)
  }
  if (flags >= CreateFlags.persistentWithTtl && opcode !== OpCode.createTtl) {
    throw new DecodeError(`found create flags ${flags} without a time to live`)
  }
}

/** Skips a string, a buffer or null, and answers where it ends. */
export function skipSized(body: JuteReader): number {
  body.skip(Math.max(body.lengthPrefix(), 0))
  return body.position
}

/** Alone, a request with a null path has its place in the history, and fails there. */
function skipPath(body: JuteReader, inMulti: boolean): void {
  const length = body.lengthPrefix()
  if (length < 0 && inMulti) throw new DecodeError('found a null path')
  body.skip(Math.max(length, 0))
}

function skipAcl(body: JuteReader): number {
  const count = body.vectorLength()
  for (let i = 0; i < count; i++) {
    body.skip(4)
    skipSized(body)
    skipSized(body)
  }
  return count
}
