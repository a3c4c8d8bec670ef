import { OpCode, type OpCodeName } from '../../../src/wire/opcodes.ts'
import type { Field, Request } from '../program.ts'

export function request(name: OpCodeName, ...fields: Field[]): Request {
  return { name, opcode: OpCode[name], fields }
}
