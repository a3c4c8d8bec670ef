import { OpCode } from '../../src/wire/opcodes.ts'

const known = new Set<number>(Object.values(OpCode))
const neverSent = new Set<number>([OpCode.notification, OpCode.error, OpCode.createSession])

/** Whether it is one that a client may send. */
export function isKnown(opcode: number): boolean {
  return known.has(opcode) && !neverSent.has(opcode)
}
