import { reachedByQuorum } from './quorum.ts'

/**
 * Whether the leader still leads, asked of a quorum: `sync` must not answer from a leader that has been replaced
 * without knowing it. Each heartbeat round is answered by the followers; a request is confirmed by a round that
 * began after it came in.
 */
export class Confirmation<T> {
  readonly #quorum: number
  readonly #answered = new Map<number, number>()
  #waiting: { round: number; request: T }[] = []
  #round = 0
  #askedInRound = -1

  constructor(quorum: number) {
    this.#quorum = quorum
  }

  /** Starts a round; its number goes to all followers. */
  nextRound(): number {
    this.#round++
    return this.#round
  }

  /** Holds a request until the next round is confirmed. Returns true when a round should be started for it. */
  hold(request: T): boolean {
    this.#waiting.push({ round: this.#round + 1, request })
    const first = this.#askedInRound !== this.#round
    this.#askedInRound = this.#round
    return first
  }

  get waiting(): number {
    return this.#waiting.length
  }

  leave(server: number): void {
    this.#answered.delete(server)
  }

  /** A server answered a round. Returns the requests that are now confirmed, in order. */
  answer(server: number, round: number): T[] {
    this.#answered.set(server, Math.max(round, this.#answered.get(server) ?? 0))
    const confirmed = reachedByQuorum([...this.#answered.values()], this.#quorum)
    const done: T[] = []
    while (this.#waiting[0] !== undefined && this.#waiting[0].round <= confirmed) {
      const first = this.#waiting.shift()
      if (first !== undefined) done.push(first.request)
    }
    return done
  }
}
