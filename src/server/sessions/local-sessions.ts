import { limits } from '../limits.ts'
import { TouchMessage } from './session-messages.ts'

/** A connection that carries a session. */
export interface SessionHolder {
  readonly sessionId: number
  readonly timeoutMs: number
  /** Which of the session's connections this is. */
  readonly attachment: number
  /** Something came from the client since this was last cleared. */
  touched: boolean
}

/** The sessions whose clients are connected to this server, and what the leader is told about them. */
export class LocalSessions<H extends SessionHolder> {
  readonly #holders = new Map<number, H>()
  readonly #message = new TouchMessage()
  readonly #sendMessage: (message: Buffer) => void

  constructor(sendMessage: (message: Buffer) => void) {
    this.#sendMessage = sendMessage
  }

  get size(): number {
    return this.#holders.size
  }

  get(sessionId: number): H | undefined {
    return this.#holders.get(sessionId)
  }

  /** Returns the connection that had the session before. */
  bind(holder: H): H | undefined {
    const before = this.#holders.get(holder.sessionId)
    this.#holders.set(holder.sessionId, holder)
    return before === holder ? undefined : before
  }

  /** Harmless when another connection has the session by now. */
  unbind(holder: H): void {
    if (this.#holders.get(holder.sessionId) === holder) this.#holders.delete(holder.sessionId)
  }

  /** Tells the leader who was heard of since the last time. */
  sendTouches(): void {
    for (const holder of this.#holders.values()) if (holder.touched) this.#add(holder)
    this.#send()
  }

  /** Tells the leader at once: it does not know yet whose client has made this session. */
  tell(holder: H): void {
    this.#add(holder)
    this.#send()
  }

  /** Tells a new leader who is here, and on which terms. */
  announce(): void {
    for (const holder of this.#holders.values()) this.#add(holder)
    this.#send()
  }

  #add(holder: H): void {
    holder.touched = false
    this.#message.add(holder.sessionId, holder.attachment, holder.timeoutMs)
    if (this.#message.count >= limits.touchesPerMessageMax) this.#send()
  }

  #send(): void {
    const message = this.#message.take()
    if (message !== null) this.#sendMessage(message)
  }
}
