import { timingSafeEqual } from 'node:crypto'
import type { Clock } from '../../runtime/clock.ts'
import type { Timer, Timers } from '../../runtime/timers.ts'
import { type Zxid, zxidOf } from '../../tree/zxid.ts'
import { limits } from '../limits.ts'
import { attachedMessage, type LeaderMessages, movedMessage, refusedMessage } from './session-messages.ts'
import { type SessionBucket, SessionTracker } from './session-tracker.ts'

/** A session as the replicated state knows it. */
export interface KnownSession {
  readonly id: number
  readonly timeoutMs: number
  readonly password: Uint8Array
  /** The highest of its attachments that is known here. */
  claim: number
  readonly ephemerals: { readonly size: number }
}

export interface LeaderSessionsOptions {
  clock: Clock
  timers: Timers
  tickTimeMs: number
  sessions: { get(id: number): KnownSession | undefined; values(): Iterable<KnownSession> }
  lastApplied(): Zxid
  /** The last transaction that this leader has ordered, applied or not. */
  lastProposed(): Zxid
  messageTo(server: number, message: Buffer): void
  /** This leader leads too few for anything to be decided. */
  isCutOff(): boolean
  /** Says that these sessions have expired in this tick. */
  expired(ids: readonly number[]): void
  /** Puts closeSession requests for these sessions into the history. */
  closeSessions(ids: readonly number[]): void
}

interface EarlyAttach {
  from: number
  request: number
  sessionId: number
  timeoutMs: number
  password: Buffer
}

/** The sessions of the whole ensemble, on the server that leads: who is alive, who is where, who expires. */
export class LeaderSessions implements LeaderMessages {
  readonly #options: LeaderSessionsOptions
  readonly #tracker: SessionTracker
  readonly #periodMs: number
  #leading = false
  /** Attachments of this reign are above it. */
  #firstAttachment = 0
  #ticking: Timer | null = null
  #wasCutOff = false
  /** Expired, and not closed yet: those behind `#expiredAt`. */
  #expired: number[] = []
  #expiredAt = 0
  /** Being closed now. */
  readonly #closing = new Set<number>()
  #early: EarlyAttach[] = []
  readonly #closeNextBatch = (): void => this.#closeBatch()

  constructor(options: LeaderSessionsOptions) {
    this.#options = options
    this.#periodMs = Math.max(1, Math.floor(options.tickTimeMs / 2))
    this.#tracker = new SessionTracker({
      tickMs: options.tickTimeMs,
      periodMs: this.#periodMs,
      nowMs: () => options.clock.monotonicMs(),
    })
  }

  get leading(): boolean {
    return this.#leading
  }

  /** Null unless this server leads. */
  get buckets(): readonly SessionBucket[] | null {
    return this.#leading ? this.#tracker.buckets() : null
  }

  beginReign(epoch: number): void {
    this.#leading = true
    this.#firstAttachment = zxidOf(epoch, 0)
    this.#tracker.reset(this.#options.clock.monotonicMs())
    for (const session of this.#options.sessions.values()) this.#tracker.add(session.id, session.timeoutMs)
    this.#ticking = this.#options.timers.every(this.#periodMs, () => this.#tick())
  }

  endReign(): void {
    this.#leading = false
    this.#ticking?.cancel()
    this.#ticking = null
    this.#wasCutOff = false
    this.#expired = []
    this.#expiredAt = 0
    this.#closing.clear()
    this.#early = []
  }

  sessionCreated(id: number, timeoutMs: number): void {
    if (this.#leading) this.#tracker.add(id, timeoutMs)
  }

  sessionClosed(id: number): void {
    if (!this.#leading) return
    this.#tracker.remove(id)
    // Not from within this transaction: others may follow in this turn.
    if (this.#closing.delete(id) && this.#closing.size === 0)
      this.#options.timers.after(0, this.#closeNextBatch)
  }

  /**
   * A server tells of a connection that it has, because its client was heard of, or because this reign is new to it. Of two
   * connections of a session the one that attached later counts, whichever is heard of first. The bad timeline without the
   * numbers: 1. a client moves from A to B; 2. the leader dies; 3. A, which does not know, tells the new leader before B does.
   */
  touch(from: number, sessionId: number, attachment: number, timeoutMs: number): void {
    if (!this.#leading) return
    const { sessions, messageTo } = this.#options
    const session = sessions.get(sessionId)
    if (session === undefined) return
    if (attachment < session.claim) messageTo(from, movedMessage(sessionId, session.claim))
    else this.#settle(session, attachment, from, timeoutMs)
  }

  /**
   * A request of the session has come to the leader, which is as good as a touch. The bad timeline without it: 1. a client
   * writes, and gets its answer; 2. its server dies before it told the leader, by its next round of touches, who was heard of; 3.
   * the session ends a timeout after the touch before, sooner than its client may think.
   */
  asked(sessionId: number, attachment: number): void {
    if (!this.#leading) return
    const session = this.#options.sessions.get(sessionId)
    if (session !== undefined && attachment >= session.claim) this.#tracker.extend(sessionId)
  }

  attach(from: number, request: number, sessionId: number, timeoutMs: number, password: Buffer): void {
    if (!this.#leading) return
    const { lastApplied, lastProposed } = this.#options
    if (sessionId > lastApplied() && sessionId <= lastProposed()) {
      // A session's id is the zxid of its creation. A follower may apply that before we do, and its client may be quick to
      // move: the session is not unknown, it is not known yet.
      // Too many get no answer: their connections are closed for it in time, and the clients try again.
      if (this.#early.length < limits.earlyAttachesMax) {
        this.#early.push({ from, request, sessionId, timeoutMs, password: Buffer.from(password) })
      }
      return
    }
    this.#decide(from, request, sessionId, timeoutMs, password)
  }

  /** Transactions have been applied: sessions that were waited for may exist now. */
  applied(): void {
    if (this.#early.length === 0) return
    const lastApplied = this.#options.lastApplied()
    const ripe = this.#early.filter((attach) => attach.sessionId <= lastApplied)
    if (ripe.length === 0) return
    this.#early = this.#early.filter((attach) => attach.sessionId > lastApplied)
    for (const { from, request, sessionId, timeoutMs, password } of ripe) {
      this.#decide(from, request, sessionId, timeoutMs, password)
    }
  }

  #decide(from: number, request: number, sessionId: number, timeoutMs: number, password: Buffer): void {
    const { sessions, messageTo } = this.#options
    const session = sessions.get(sessionId)
    if (
      session === undefined ||
      !this.#tracker.isAlive(sessionId) ||
      session.password.length !== password.length ||
      !timingSafeEqual(session.password, password)
    ) {
      messageTo(from, refusedMessage(request))
      return
    }
    const attachment = Math.max(session.claim, this.#firstAttachment) + 1
    this.#settle(session, attachment, from, timeoutMs)
    messageTo(from, attachedMessage(request, attachment))
  }

  /** The session is where this attachment is; an earlier connection elsewhere is ended. */
  #settle(session: KnownSession, attachment: number, owner: number, timeoutMs: number): void {
    session.claim = attachment
    const before = this.#tracker.renew(session.id, timeoutMs, owner)
    if (before !== null && before !== owner)
      this.#options.messageTo(before, movedMessage(session.id, attachment))
  }

  #tick(): void {
    if (this.#options.isCutOff()) {
      this.#wasCutOff = true
      return
    }
    // Clients could come back to nobody, nor could servers tell of those that they have. As at the beginning of a reign.
    if (this.#wasCutOff) this.#tracker.renewAll()
    this.#wasCutOff = false
    const expired = this.#tracker.tick(this.#options.clock.monotonicMs())
    if (expired.length === 0) return
    this.#options.expired(expired)
    for (const id of expired) this.#expired.push(id)
    if (this.#closing.size === 0) this.#closeBatch()
  }

  /**
   * Thousands may expire in one tick, each with a connection and nodes to be taken down on its server, and those with watches.
   * So the next ones are closed when the last ones are, with whatever clients ask for in between.
   */
  #closeBatch(): void {
    if (!this.#leading || this.#closing.size > 0) return
    const { sessions, closeSessions } = this.#options
    const batch: number[] = []
    let weight = 0
    while (this.#expiredAt < this.#expired.length && weight < limits.expiryBatchWeight) {
      const id = this.#expired[this.#expiredAt++] as number
      const session = sessions.get(id)
      // Its client has closed it meanwhile.
      if (session === undefined) continue
      batch.push(id)
      this.#closing.add(id)
      weight += limits.expiryWeightOfSession + session.ephemerals.size
    }
    if (this.#expiredAt === this.#expired.length) {
      this.#expired = []
      this.#expiredAt = 0
    }
    if (batch.length > 0) closeSessions(batch)
  }
}
