import { mayRead } from '../../tree/acl.ts'
import { isPartOfMulti, skipRequestBody } from '../../tree/execute/body-shape.ts'
import type { Identities } from '../../tree/identities.ts'
import { DecodeError } from '../../wire/decode-error.ts'
import { ErrorCode } from '../../wire/error-codes.ts'
import type { JuteReader } from '../../wire/jute-reader.ts'
import type { JuteWriter } from '../../wire/jute-writer.ts'
import { writeMultiEnd, writeMultiHeader } from '../../wire/multi.ts'
import { OpCode } from '../../wire/opcodes.ts'
import { MultiHeader } from '../../wire/records.ts'
import type { ClientConnection } from '../client-connection.ts'
import type { ClientServices } from '../client-services.ts'
import { limits } from '../limits.ts'
import { Target } from './target.ts'

/** Several reads of one state in one request: getData and getChildren. Each fails by itself; none leaves a watch. */
export class MultiRead {
  readonly #services: ClientServices
  readonly #target = new Target()

  constructor(services: ClientServices) {
    this.#services = services
  }

  answer(connection: ClientConnection, xid: number, body: JuteReader, identities: Identities): void {
    const { state, limitLog } = this.#services
    const start = body.position
    const { readable, error } = survey(body)
    body.reset(body.bytes, start)
    const out = connection.beginReply(xid, state.lastApplied, error)
    const lengthMax = out.length + limits.multiReadBytesMax
    for (let i = 0; i < readable; i++) {
      this.#answerOne(MultiHeader.read(body).type, body, out, identities)
      if (out.length <= lengthMax) continue
      connection.cancelReply()
      limitLog.warn(
        'multiRead',
        () =>
          `closing ${connection.describe()}: the answer to its multiRead takes more than ${limits.multiReadBytesMax} bytes. ` +
          'Ask for fewer nodes at a time.',
      )
      connection.end()
      return
    }
    writeMultiEnd(out)
    connection.endReply()
  }

  #answerOne(opcode: number, body: JuteReader, out: JuteWriter, identities: Identities): void {
    const { tree } = this.#services.state
    this.#target.readWatchable(body)
    const node = this.#target.find(body, tree)
    if (node === undefined) return writeError(out, ErrorCode.noNode)
    if (!mayRead(tree.acl(node), identities)) return writeError(out, ErrorCode.noAuth)
    writeMultiHeader(out, opcode, ErrorCode.ok)
    if (opcode === OpCode.getData) {
      tree.writeData(node, out)
      tree.writeStat(node, out)
    } else {
      tree.writeChildNames(node, out)
    }
  }
}

/**
 * How many operations are answered, and the error of the whole. ZooKeeper answers up to the first one that it cannot do, and
 * then says MarshallingError beside the results; an undecodable request gets no results at all. Throws DecodeError.
 */
function survey(body: JuteReader): { readable: number; error: number } {
  let readable = 0
  let hasNull = false
  let hasWrites = false
  for (;;) {
    const { type, done } = MultiHeader.read(body)
    if (done) break
    const isRead = type === OpCode.getData || type === OpCode.getChildren
    if (!isRead && !isPartOfMulti(type)) throw new DecodeError(`found opcode ${type} inside a multiRead`)
    if ((isRead && hasWrites) || (!isRead && (readable > 0 || hasNull))) {
      throw new DecodeError('found reads and writes in one request')
    }
    if (isRead) {
      const length = body.lengthPrefix()
      body.skip(Math.max(length, 0) + 1)
      hasNull ||= length < 0
      if (!hasNull) readable++
    } else {
      hasWrites = true
      skipRequestBody(body, type, true)
    }
  }
  return { readable, error: hasNull || hasWrites ? ErrorCode.marshallingError : ErrorCode.ok }
}

function writeError(out: JuteWriter, error: number): void {
  writeMultiHeader(out, OpCode.error, error)
  out.int(error)
}
