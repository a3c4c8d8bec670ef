import type { Identities } from '../../tree/identities.ts'
import { DecodeError } from '../../wire/decode-error.ts'
import { ErrorCode } from '../../wire/error-codes.ts'
import { JuteReader } from '../../wire/jute-reader.ts'
import { OpCode, SpecialXid } from '../../wire/opcodes.ts'
import type { ClientConnection } from '../client-connection.ts'
import type { ClientServices } from '../client-services.ts'
import { isWrite, requestHeaderBytes } from '../requests.ts'
import { ChildrenReads } from './children-reads.ts'
import { ConnectionQuestions } from './connection-questions.ts'
import { DataReads } from './data-reads.ts'
import { MultiRead } from './multi-read.ts'
import { WatchRequests } from './watch-requests.ts'

/** What this server answers from its own state: reads, watches, pings, and all that it cannot do. */
export class Reads {
  readonly #services: ClientServices
  readonly #reader = new JuteReader()
  readonly #data: DataReads
  readonly #children: ChildrenReads
  readonly #multi: MultiRead
  readonly #watches: WatchRequests
  readonly #questions: ConnectionQuestions

  constructor(services: ClientServices) {
    this.#services = services
    this.#data = new DataReads(services)
    this.#children = new ChildrenReads(services)
    this.#multi = new MultiRead(services)
    this.#watches = new WatchRequests(services)
    this.#questions = new ConnectionQuestions(services)
  }

  /** Answers the request in `frame`, whose turn has come. */
  answer(connection: ClientConnection, opcode: number, frame: Buffer, identities: Identities): void {
    const xid = frame.readInt32BE(0)
    const body = this.#reader.reset(frame, requestHeaderBytes)
    const { metrics } = this.#services
    metrics.latencyMs.record(0)
    metrics.operations.add(opcode)
    connection.statistics.answeredPromptly(opcode, connection.arrivedMs)
    try {
      switch (opcode) {
        case OpCode.getData:
          return this.#data.getData(connection, xid, body, identities)
        case OpCode.exists:
          return this.#data.exists(connection, xid, body, identities)
        case OpCode.getChildren:
        case OpCode.getChildren2:
          return this.#children.getChildren(connection, opcode, xid, body, identities)
        case OpCode.ping:
          return this.answerError(connection, SpecialXid.ping, ErrorCode.ok)
        case OpCode.getAcl:
          return this.#data.getAcl(connection, xid, body, identities)
        case OpCode.multiRead:
          return this.#multi.answer(connection, xid, body, identities)
        case OpCode.setWatches:
        case OpCode.setWatches2:
          return this.#watches.setWatches(connection, opcode, xid, body)
        case OpCode.addWatch:
          return this.#watches.addWatch(connection, xid, body)
        case OpCode.checkWatches:
        case OpCode.removeWatches:
          return this.#watches.checkOrRemove(connection, opcode, xid, body)
        case OpCode.getAllChildrenNumber:
          return this.#children.getAllChildrenNumber(connection, xid, body, identities)
        case OpCode.getEphemerals:
          return this.#questions.getEphemerals(connection, xid, body)
        case OpCode.whoAmI:
          return this.#questions.whoAmI(connection, xid, identities)
        default:
          return this.#refuse(connection, opcode, xid)
      }
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error
      metrics.undecodableRequests++
      this.answerError(connection, xid, ErrorCode.marshallingError)
    }
  }

  /** A reply that is only a header, with the zxid of now. */
  answerError(connection: ClientConnection, xid: number, error: number): void {
    connection.reply(xid, this.#services.state.lastApplied, error)
  }

  #refuse(connection: ClientConnection, opcode: number, xid: number): void {
    const { metrics } = this.#services
    // Those that can be decoded are not brought here.
    if (isWrite(opcode)) {
      metrics.undecodableRequests++
      this.answerError(connection, xid, ErrorCode.marshallingError)
      return
    }
    metrics.unimplementedRequests++
    connection.reply(xid, -1, ErrorCode.unimplemented)
  }
}
