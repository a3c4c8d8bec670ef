import { assert } from '../../runtime/assert.ts'

class TrackedSession {
  readonly id: number
  timeoutMs: number
  /** The tick bucket that it expires with. */
  bucket = 0
  /** The server that its client is connected to; null as long as that is not known in this reign. */
  owner: number | null = null
  /** Expired: its closeSession is on the way, and nothing brings it back. */
  closing = false

  constructor(id: number, timeoutMs: number) {
    this.id = id
    this.timeoutMs = timeoutMs
  }
}

/** Sessions that would expire together. */
export interface SessionBucket {
  /** From now, unless their clients are heard of. */
  readonly inMs: number
  readonly ids: readonly number[]
}

/**
 * The leader's watch over all sessions: when each would expire, and which server its client is on. Deadlines are rounded
 * up to the next tick, and the sessions of one tick expire together, so renewing one is a move between two sets.
 *
 * Deadlines are kept in session time, which stands still while this process does. The bad timeline without it: 1. the
 * leader is frozen for longer than a timeout; 2. its clients go on pinging, the pings lie unread in its sockets; 3. it wakes,
 * its timer runs before the sockets are read, and everybody is expired. So a gap between two ticks counts as one period
 * only, and for a whole tick after it nobody is expired.
 */
export class SessionTracker {
  readonly #tickMs: number
  readonly #periodMs: number
  readonly #nowMs: () => number
  readonly #sessions = new Map<number, TrackedSession>()
  readonly #buckets = new Map<number, Set<TrackedSession>>()
  /** Buckets below this one have expired. */
  #nextBucket = 0
  #sessionTimeMs = 0
  #lastTickMs = 0
  #quietUntilMs = 0

  /**
   * `tickMs`: the width of a bucket. `periodMs`: how often `tick` is going to be called; not above `tickMs`. `nowMs`: the clock that
   * `tick` and `reset` are told by.
   */
  constructor(options: { tickMs: number; periodMs: number; nowMs: () => number }) {
    assert(options.periodMs > 0 && options.periodMs <= options.tickMs, 'sessions are looked at every tick')
    this.#tickMs = options.tickMs
    this.#periodMs = options.periodMs
    this.#nowMs = options.nowMs
  }

  get size(): number {
    return this.#sessions.size
  }

  /** A new reign: nothing is known but the sessions that exist, and each gets its whole timeout anew. */
  reset(nowMs: number): void {
    this.#sessions.clear()
    this.#buckets.clear()
    this.#sessionTimeMs = 0
    this.#nextBucket = 0
    this.#lastTickMs = nowMs
    this.#quietUntilMs = nowMs
  }

  add(id: number, timeoutMs: number): void {
    assert(!this.#sessions.has(id), () => `session ${id} is tracked twice`)
    const session = new TrackedSession(id, timeoutMs)
    this.#sessions.set(id, session)
    this.#schedule(session)
  }

  /** Every living session gets its whole timeout anew. */
  renewAll(): void {
    for (const session of this.#sessions.values()) {
      if (session.closing) continue
      this.#unschedule(session)
      this.#schedule(session)
    }
  }

  /** The session is closed. Harmless when it is not known. */
  remove(id: number): void {
    const session = this.#sessions.get(id)
    if (session === undefined) return
    this.#sessions.delete(id)
    this.#unschedule(session)
  }

  /** Whether the session exists and has not expired. */
  isAlive(id: number): boolean {
    return this.#sessions.get(id)?.closing === false
  }

  /**
   * The client of this session is on server `owner`, which negotiated `timeoutMs` with it, and was just heard of. Returns the
   * owner before; null when there was none, or the session is not alive.
   */
  renew(id: number, timeoutMs: number, owner: number): number | null {
    const session = this.#sessions.get(id)
    if (session === undefined || session.closing) return null
    const before = session.owner
    session.owner = owner
    session.timeoutMs = timeoutMs
    this.#unschedule(session)
    this.#schedule(session)
    return before
  }

  /** The client of this session was just heard of, where it is and on the terms that it has. */
  extend(id: number): void {
    const session = this.#sessions.get(id)
    if (session === undefined || session.closing || session.bucket === this.#bucketFor(session)) return
    this.#unschedule(session)
    this.#schedule(session)
  }

  /** The sessions by their time to expire, soonest first. */
  buckets(): SessionBucket[] {
    return [...this.#buckets]
      .sort(([a], [b]) => a - b)
      .map(([bucket, sessions]) => ({
        inMs: Math.max(0, bucket * this.#tickMs - this.#sessionTimeMs),
        ids: Array.from(sessions, ({ id }) => id),
      }))
  }

  /** To be called every period. Returns the sessions that expire now; they count as closing from here on. */
  tick(nowMs: number): number[] {
    const gapMs = nowMs - this.#lastTickMs
    this.#lastTickMs = nowMs
    if (gapMs > 2 * this.#periodMs) this.#quietUntilMs = nowMs + this.#tickMs
    this.#sessionTimeMs += Math.min(gapMs, this.#periodMs)
    const expired: number[] = []
    if (nowMs < this.#quietUntilMs) return expired
    while ((this.#nextBucket + 1) * this.#tickMs <= this.#sessionTimeMs) {
      this.#nextBucket++
      const bucket = this.#buckets.get(this.#nextBucket)
      if (bucket === undefined) continue
      this.#buckets.delete(this.#nextBucket)
      for (const session of bucket) {
        session.closing = true
        expired.push(session.id)
      }
    }
    return expired
  }

  #schedule(session: TrackedSession): void {
    session.bucket = this.#bucketFor(session)
    const sessions = this.#buckets.get(session.bucket)
    if (sessions === undefined) this.#buckets.set(session.bucket, new Set([session]))
    else sessions.add(session)
  }

  #bucketFor({ timeoutMs }: TrackedSession): number {
    // Session time moves with the ticks. Counted from the last one, a session would end by up to a period too early.
    const sinceTickMs = Math.min(Math.max(0, this.#nowMs() - this.#lastTickMs), this.#periodMs)
    const bucket = Math.ceil((this.#sessionTimeMs + sinceTickMs + timeoutMs) / this.#tickMs)
    // While nobody is expired after a gap, session time runs ahead of the buckets; it never runs behind.
    return Math.max(bucket, this.#nextBucket + 1)
  }

  #unschedule(session: TrackedSession): void {
    const sessions = this.#buckets.get(session.bucket)
    if (sessions === undefined) return
    sessions.delete(session)
    if (sessions.size === 0) this.#buckets.delete(session.bucket)
  }
}
