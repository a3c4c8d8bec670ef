import { DecodeError } from '../../wire/decode-error.ts'
import { ErrorCode } from '../../wire/error-codes.ts'
import { JuteReader } from '../../wire/jute-reader.ts'
import { OpCode } from '../../wire/opcodes.ts'
import { type Overlay, sessionGone, sessionMoved } from '../overlay.ts'
import type { QuotaExcess } from '../quota/quota-check.ts'
import { RequestEnvelope, readEnvelope } from '../request.ts'
import { isNewRequest } from '../sessions.ts'
import { kindOf, restartTxn, TxnKind, writeTxnHeader } from '../txn.ts'
import type { Zxid } from '../zxid.ts'
import { decideCreate } from './create.ts'
import { Decision } from './decision.ts'
import { decideDelete } from './delete.ts'
import type { ExecuteSettings } from './execute-settings.ts'
import { decideMulti } from './multi.ts'
import { decideReap } from './reap.ts'
import { decideCloseSession, decideCreateSession } from './session.ts'
import { decideSetAcl } from './set-acl.ts'
import { decideSetData } from './set-data.ts'

/** Where transactions go. */
export interface TxnSink {
  /** The zxid that the next proposed transaction will have. */
  readonly nextZxid: Zxid
  /** Orders one transaction, which stands in `bytes` from `start` to `end`; it is copied. */
  propose(bytes: Buffer, start: number, end: number): void
}

/**
 * Decides about requests: each becomes one transaction, a failed one an error transaction, and one that was proposed
 * before none. It reads the state through the overlay and changes nothing but the overlay.
 */
export class Executor {
  readonly #overlay: Overlay
  readonly #decision: Decision
  readonly #batch = new JuteReader()
  readonly #request = new JuteReader()
  readonly #envelope = new RequestEnvelope()

  constructor(overlay: Overlay, settings: ExecuteSettings, onQuotaExcess: (excess: QuotaExcess) => void) {
    this.#overlay = overlay
    this.#decision = new Decision(overlay, this.#envelope, settings, onQuotaExcess)
  }

  /**
   * `requests`: whole requests of server `from`, end to end. Throws DecodeError for bytes that are no requests; those
   * before them are proposed.
   */
  execute(from: number, requests: Buffer, wallMs: number, sink: TxnSink): void {
    const batch = this.#batch.reset(requests)
    while (batch.remaining > 0) {
      const start = batch.position
      const length = batch.int()
      const bodyStart = batch.position
      if (length < 0) throw new DecodeError(`found a request of ${length} bytes`)
      batch.skip(length)
      readEnvelope(this.#request.reset(requests, bodyStart, bodyStart + length), this.#envelope)
      this.#executeOne(from, requests, start, wallMs, sink)
    }
  }

  #executeOne(from: number, requests: Buffer, start: number, wallMs: number, sink: TxnSink): void {
    const envelope = this.#envelope
    const overlay = this.#overlay
    const numbered = envelope.number > 0
    if (numbered && !overlay.isFirstProposal(from, envelope.incarnation, envelope.number)) return

    if (!numbered && envelope.opcode === OpCode.deleteContainer) {
      this.#reap(from, requests, start, wallMs, sink)
      return
    }

    // What the leader itself asks comes by no connection.
    const attachment = numbered ? envelope.attachment : Number.POSITIVE_INFINITY
    const window =
      envelope.opcode === OpCode.createSession ? 0 : overlay.windowOf(envelope.sessionId, attachment)
    // The leader closes an expired session that its client has just closed: nothing is left to do, nobody waits.
    if (window === sessionGone && !numbered) return

    const zxid = sink.nextZxid
    const decision = this.#decision
    const txn = decision.txn
    txn.reset()
    writeTxnHeader(txn, kindOf(envelope.opcode), from, requests, start, wallMs)
    decision.zxid = zxid
    decision.sessionId = envelope.sessionId
    decision.sessionError = window === sessionGone ? ErrorCode.sessionExpired : 0
    decision.inMulti = false

    if (window === sessionMoved) {
      restartTxn(txn, TxnKind.moved)
    } else if (window > 0 && numbered && !this.#isNew(envelope)) {
      restartTxn(txn, TxnKind.replay)
    } else {
      const error = this.#decide(envelope.opcode)
      if (error !== 0) {
        restartTxn(txn, TxnKind.error)
        txn.int(error)
      }
      if (window > 0 && numbered) overlay.requestProposed(envelope.sessionId, envelope.requestId, zxid)
    }
    sink.propose(txn.bytes, 0, txn.length)
  }

  /** A container or a node with a time to live goes, or it does not, and there is no transaction. */
  #reap(from: number, requests: Buffer, start: number, wallMs: number, sink: TxnSink): void {
    const decision = this.#decision
    decision.txn.reset()
    writeTxnHeader(decision.txn, TxnKind.delete, from, requests, start, wallMs)
    decision.zxid = sink.nextZxid
    if (decideReap(decision, this.#request, wallMs)) sink.propose(decision.txn.bytes, 0, decision.txn.length)
  }

  #isNew(envelope: RequestEnvelope): boolean {
    return isNewRequest(envelope.requestId, this.#overlay.lastRequestId(envelope.sessionId))
  }

  #decide(opcode: number): number {
    const decision = this.#decision
    const body = this.#request
    try {
      switch (opcode) {
        case OpCode.setData:
          return decideSetData(decision, body)
        case OpCode.create:
        case OpCode.create2:
        case OpCode.createContainer:
        case OpCode.createTtl:
          return decideCreate(decision, opcode, body)
        case OpCode.delete:
          return decideDelete(decision, body)
        case OpCode.setAcl:
          return decideSetAcl(decision, body)
        case OpCode.multi:
          return decideMulti(decision, body)
        case OpCode.createSession:
          return decideCreateSession(decision, body)
        case OpCode.closeSession:
          return decideCloseSession(decision)
        case OpCode.reconfig:
          return ErrorCode.reconfigDisabled
        default:
          return ErrorCode.unimplemented
      }
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error
      this.#overlay.rollbackMulti()
      return ErrorCode.marshallingError
    }
  }
}
