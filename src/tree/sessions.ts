import { assert } from '../runtime/assert.ts'
import { finish, hashBytes, mix, mixLong, type StateDigest } from './digest.ts'
import type { Zxid } from './zxid.ts'

export const passwordBytes = 16
/** The most answers a session may ask to have kept. */
export const exactlyOnceWindowMax = 1024

/** The answer to a write of an exactly-once session, as it was first given. */
export interface KeptAnswer {
  readonly requestId: number
  readonly zxid: Zxid
  readonly error: number
  readonly body: Buffer
}

export class Session {
  /** The zxid of the transaction that created it. */
  readonly id: number
  readonly timeoutMs: number
  readonly password: Buffer
  /** How many of the last answers are kept: 0 for a plain session. */
  readonly exactlyOnceWindow: number
  /** Exactly-once sessions: the id of the last write that was done; 0 before the first. */
  lastRequestId = 0
  /** Oldest first. */
  readonly answers: KeptAnswer[] = []
  /**
   * The connections of one session are numbered in the order in which they came to have it: the first one with the session's
   * id, each later one with a number that the leader gave it, led by the epoch. This is the highest that a write was done
   * under. Nothing is done under a lower one, whoever leads and whatever that leader has heard: else the bad timeline is:
   * 1. a client sends x=1 to a server that is cut off; 2. it goes to another one, sets x=2, and has the answer; 3. the first
   * server finds a leader, and x is 1.
   */
  attachment: number
  /** The highest attachment that this server knows of. Not replicated: only whom the leader hears of is in it. */
  claim: number
  /** Paths of its ephemeral nodes. */
  readonly ephemerals = new Set<string>()
  /** The last snapshot that has this session as it should be. */
  snapshotMark = 0
  digest = 0

  constructor(id: number, timeoutMs: number, password: Buffer, exactlyOnceWindow: number) {
    this.id = id
    this.timeoutMs = timeoutMs
    this.password = password
    this.exactlyOnceWindow = exactlyOnceWindow
    this.attachment = id
    this.claim = id
  }

  /** The first answer to that request, as long as it is kept. */
  answerTo(requestId: number): KeptAnswer | undefined {
    return this.answers.find((answer) => answer.requestId === requestId)
  }
}

/**
 * Whether a write of an exactly-once session is new. Its ids rise (from 1, wrapping from 2^31 - 1 to 0 or 1), so every
 * id that does not lie ahead of the last one was asked before.
 */
export function isNewRequest(requestId: number, lastRequestId: number): boolean {
  const ahead = (requestId - lastRequestId) & 0x7fffffff
  return ahead !== 0 && ahead < 2 ** 30
}

/** Is told of a session before it changes or goes: a snapshot under way saves it as it was. */
export interface SessionChangeWatcher {
  sessionWillChange(session: Session): void
}

/** The sessions that are open, as all servers know them. */
export class SessionTable {
  watcher: SessionChangeWatcher | null = null
  snapshotMark = 0

  readonly #sessions = new Map<number, Session>()
  readonly #digest: StateDigest

  constructor(digest: StateDigest) {
    this.#digest = digest
  }

  get size(): number {
    return this.#sessions.size
  }

  get(id: number): Session | undefined {
    return this.#sessions.get(id)
  }

  /** All sessions. New ones that appear during the iteration are included. */
  values(): IterableIterator<Session> {
    return this.#sessions.values()
  }

  add(session: Session): void {
    assert(!this.#sessions.has(session.id), () => `session ${session.id} exists`)
    session.snapshotMark = this.snapshotMark
    this.#sessions.set(session.id, session)
    this.#rehash(session)
    for (const answer of session.answers) this.#digest.add(hashOfAnswer(session, answer), 0)
  }

  remove(session: Session): void {
    this.#willChange(session)
    assert(this.#sessions.delete(session.id), () => `session ${session.id} does not exist`)
    this.#digest.subtract(0, session.digest)
    for (const answer of session.answers) this.#digest.subtract(hashOfAnswer(session, answer), 0)
  }

  /** Keeps an answer of an exactly-once session; the oldest goes when the window is full. */
  keepAnswer(session: Session, answer: KeptAnswer): void {
    assert(session.exactlyOnceWindow > 0, () => `session ${session.id} keeps no answers`)
    this.#willChange(session)
    if (session.answers.length === session.exactlyOnceWindow) {
      const oldest = session.answers.shift()
      if (oldest !== undefined) this.#digest.subtract(hashOfAnswer(session, oldest), 0)
    }
    session.answers.push(answer)
    session.lastRequestId = answer.requestId
    this.#digest.add(hashOfAnswer(session, answer), 0)
    this.#rehash(session)
  }

  /** A write was done under this attachment, which is a newer one. */
  attach(session: Session, attachment: number): void {
    this.#willChange(session)
    session.attachment = attachment
    session.claim = Math.max(session.claim, attachment)
    this.#rehash(session)
  }

  clear(): void {
    for (const session of this.#sessions.values()) {
      this.#digest.subtract(0, session.digest)
      for (const answer of session.answers) this.#digest.subtract(hashOfAnswer(session, answer), 0)
    }
    this.#sessions.clear()
  }

  #willChange(session: Session): void {
    if (this.watcher !== null && session.snapshotMark !== this.snapshotMark) {
      this.watcher.sessionWillChange(session)
      session.snapshotMark = this.snapshotMark
    }
  }

  #rehash(session: Session): void {
    let h = mixLong(0x5e55, session.id)
    h = mix(h, session.timeoutMs)
    h = mix(h, hashBytes(session.password, 0, session.password.length))
    h = mix(h, session.exactlyOnceWindow)
    h = mixLong(h, session.attachment)
    h = finish(mix(h, session.lastRequestId))
    this.#digest.add(0, h - session.digest)
    session.digest = h
  }
}

function hashOfAnswer(session: Session, answer: KeptAnswer): number {
  let h = mixLong(0xa05, session.id)
  h = mix(h, answer.requestId)
  h = mixLong(h, answer.zxid)
  h = mix(h, answer.error)
  return finish(mix(h, hashBytes(answer.body, 0, answer.body.length)))
}
