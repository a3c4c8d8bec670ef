import { DecodeError } from '../../wire/decode-error.ts'
import { ErrorCode } from '../../wire/error-codes.ts'
import type { JuteReader } from '../../wire/jute-reader.ts'
import { OpCode } from '../../wire/opcodes.ts'
import { restartTxn, TxnKind } from '../txn.ts'
import { isPartOfMulti, skipRequestBody } from './body-shape.ts'
import { decideCheck } from './check.ts'
import { decideCreate } from './create.ts'
import type { Decision } from './decision.ts'
import { decideDelete } from './delete.ts'
import { decideSetData } from './set-data.ts'

/** Half of what may travel in one piece between servers: only lists that `auth` stands for make a request grow so. */
const multiBytesMax = 32 * 1024 * 1024

/**
 * All or nothing: each operation sees the effects of those before it. A failed one makes the transaction a list of
 * codes; the answer to that is a success as far as the reply's header goes.
 */
export function decideMulti(decision: Decision, body: JuteReader): number {
  // The whole request has to make sense before its first operation is looked at.
  const start = body.position
  const end = start + body.remaining
  const count = countOperations(body)
  body.reset(body.bytes, start, end)

  decision.txn.int(count)
  decision.inMulti = true
  decision.overlay.beginMulti()
  for (let index = 0; index < count; index++) {
    const opcode = body.int()
    body.skip(5)
    const decided = decideOperation(decision, opcode, body)
    const error = decision.txn.length > multiBytesMax ? ErrorCode.badArguments : decided
    if (error !== 0) {
      decision.overlay.rollbackMulti()
      restartTxn(decision.txn, TxnKind.failedMulti)
      decision.txn.int(count).int(index).int(error)
      return 0
    }
  }
  decision.overlay.commitMulti()
  return 0
}

function decideOperation(decision: Decision, opcode: number, body: JuteReader): number {
  switch (opcode) {
    case OpCode.create:
    case OpCode.create2:
    case OpCode.createContainer:
    case OpCode.createTtl:
      return decideCreate(decision, opcode, body)
    case OpCode.delete:
      decision.txn.int(opcode)
      return decideDelete(decision, body)
    case OpCode.setData:
      decision.txn.int(opcode)
      return decideSetData(decision, body)
    case OpCode.check:
      decision.txn.int(opcode)
      return decideCheck(decision, body)
    default:
      return ErrorCode.marshallingError
  }
}

/** Throws DecodeError for anything that ZooKeeper finds undecodable. */
function countOperations(body: JuteReader): number {
  for (let count = 0; ; count++) {
    const opcode = body.int()
    const done = body.bool()
    body.skip(4)
    if (done) return count
    if (!isPartOfMulti(opcode)) throw new DecodeError(`found opcode ${opcode} inside a multi`)
    skipRequestBody(body, opcode, true)
  }
}
