import { ErrorCode } from '../wire/error-codes.ts'
import { JuteWriter } from '../wire/jute-writer.ts'
import type { ApplyListener } from './apply-listener.ts'
import type { KeptAnswer, Session, SessionTable } from './sessions.ts'
import type { TxnHeader } from './txn.ts'
import type { Zxid } from './zxid.ts'

/**
 * Where the answer to a transaction goes: to the server that asked, if it is this one; into the session's kept answers,
 * if it is an exactly-once session; to both, or nowhere.
 */
export class ReplyPath {
  readonly #sessions: SessionTable
  readonly #kept = new JuteWriter(256)
  #keeper: Session | null = null
  #wanted = false

  constructor(sessions: SessionTable) {
    this.#sessions = sessions
  }

  /** Where to write the body; null when nobody wants it. After writing it, `close`. */
  open(
    header: TxnHeader,
    session: Session | undefined,
    zxid: Zxid,
    error: number,
    listener: ApplyListener,
  ): JuteWriter | null {
    if (header.number === 0) return null
    this.#keeper = session !== undefined && session.exactlyOnceWindow > 0 ? session : null
    this.#wanted = listener.wantsReply(header.server, header.incarnation)
    if (this.#keeper !== null) {
      this.#kept.reset()
      return this.#kept
    }
    return this.#wanted ? listener.beginReply(header.number, zxid, error) : null
  }

  close(header: TxnHeader, zxid: Zxid, error: number, listener: ApplyListener): void {
    const keeper = this.#keeper
    if (keeper !== null) {
      const body = Buffer.from(this.#kept.view())
      this.#sessions.keepAnswer(keeper, { requestId: header.requestId, zxid, error, body })
      if (this.#wanted) listener.beginReply(header.number, zxid, error).raw(body)
    }
    if (this.#wanted) listener.endReply()
  }

  /** An answer that is kept for nobody. */
  refuse(header: TxnHeader, zxid: Zxid, error: number, listener: ApplyListener): void {
    if (!listener.wantsReply(header.server, header.incarnation)) return
    listener.beginReply(header.number, zxid, error)
    listener.endReply()
  }

  /**
   * The answer that was given before, with the zxid it had then. A client that asks again for more than its window
   * covers breaks its own promise: the request was done, its answer is gone.
   */
  again(header: TxnHeader, zxid: Zxid, answer: KeptAnswer | undefined, listener: ApplyListener): void {
    if (!listener.wantsReply(header.server, header.incarnation)) return
    if (answer === undefined) {
      listener.beginReply(header.number, zxid, ErrorCode.runtimeInconsistency)
    } else {
      listener.beginReply(header.number, answer.zxid, answer.error).raw(answer.body)
    }
    listener.endReply()
  }
}
