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
  readonly #state: ConfirmationState<T>

  constructor(quorum: number, state: ConfirmationState<T> = newConfirmationState()) {
    this.#quorum = quorum
    this.#state = state
  }

  /** Starts a round; its number goes to all followers. */
  nextRound(): number {
    this.#state.round++
    return this.#state.round
  }

  /** Holds a request until a round that starts from now on is confirmed. */
  hold(request: T): void {
    this.#state.waiting.push({ round: this.#state.round + 1, request })
  }

  /** Whether requests wait for a round that has not begun, and none is under way. */
  get wantsRound(): boolean {
    const newest = this.#state.waiting.at(-1)
    return (
      newest !== undefined && newest.round > this.#state.round && this.#state.confirmed === this.#state.round
    )
  }

  get waiting(): number {
    return this.#state.waiting.length
  }

  leave(server: number): void {
    this.#state.answered.delete(server)
  }

  /** A server answered a round. Returns the requests that are now confirmed, in order. */
  answer(server: number, round: number): T[] {
    if (round > this.#state.round) return []
    this.#state.answered.set(server, Math.max(round, this.#state.answered.get(server) ?? 0))
    const reached = reachedByQuorum([...this.#state.answered.values()], this.#quorum)
    if (reached <= this.#state.confirmed) return []
    this.#state.confirmed = reached
    let done = 0
    while ((this.#state.waiting[done]?.round ?? Number.POSITIVE_INFINITY) <= reached) done++
    return this.#state.waiting.splice(0, done).map((waiter) => waiter.request)
  }
}

export interface ConfirmationState<T> {
  /** The last round of this process; 0 before the first. */
  round: number
  /** The last round that a quorum has answered. */
  confirmed: number
  /** The last round that each server has answered. */
  answered: Map<number, number>
  /** Requests in order, each with the round that confirms it. */
  waiting: { round: number; request: T }[]
}

export const newConfirmationState = <T>(): ConfirmationState<T> => ({
  round: 0,
  confirmed: 0,
  answered: new Map(),
  waiting: [],
})
