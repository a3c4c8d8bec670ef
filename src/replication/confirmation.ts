import { reachedByQuorum } from './quorum.ts'

/**
 * Whether the leader still leads, asked of a quorum: `sync` must not answer from a leader that has been replaced
 * without knowing it. Each heartbeat round is answered by the followers; a request is confirmed by a round that
 * began after it came in.
 *
 * Requests that come in while a round is under way share the next one, so that many at once cost no more than a few.
 */
export class Confirmation<T> {
  readonly #quorum: number
  readonly #answered = new Map<number, number>()
  #waiting: { round: number; request: T }[] = []
  #round = 0
  #confirmed = 0

  constructor(quorum: number) {
    this.#quorum = quorum
  }

  /** Starts a round; its number goes to all followers. */
  nextRound(): number {
    this.#round++
    return this.#round
  }

  /** Holds a request until a round that starts from now on is confirmed. */
  hold(request: T): void {
    this.#waiting.push({ round: this.#round + 1, request })
  }

  /** Whether requests wait for a round that has not begun, and none is under way. */
  get wantsRound(): boolean {
    const newest = this.#waiting.at(-1)
    return newest !== undefined && newest.round > this.#round && this.#confirmed === this.#round
  }

  get waiting(): number {
    return this.#waiting.length
  }

  leave(server: number): void {
    this.#answered.delete(server)
  }

  /** A server answered a round. Returns the requests that are now confirmed, in order. */
  answer(server: number, round: number): T[] {
    if (round > this.#round) return []
    this.#answered.set(server, Math.max(round, this.#answered.get(server) ?? 0))
    const reached = reachedByQuorum([...this.#answered.values()], this.#quorum)
    if (reached <= this.#confirmed) return []
    this.#confirmed = reached
    let done = 0
    while ((this.#waiting[done]?.round ?? Number.POSITIVE_INFINITY) <= reached) done++
    return this.#waiting.splice(0, done).map((waiter) => waiter.request)
  }
}
