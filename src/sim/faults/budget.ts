import { assert } from '../../runtime/assert.ts'

/**
 * Keeps what the ensemble holds recoverable: what the replication promises rests on a majority of sound disks.
 *
 * A disk is sound when its server has served since its data was last lost or damaged: by then all that was committed had been
 * synchronized to it and made durable. Before its first reign a server's disk is not sound, for it holds nothing, nor is it lost.
 * Of every quorum that acknowledged something, one disk has stayed sound while a majority is.
 *
 * - A wiped disk is lost until its server serves in a later life.
 * - A rotten one is lost until it was wiped, and serves again: what is damaged may lie where a start does not look. Its memory
 *   is whole, but a crash is always allowed.
 * - Crashes, also of all at once with the power gone, a failed write, a failed sync and a full disk cost nothing: what they
 *   take was not acknowledged.
 */
export class FaultBudget {
  readonly #members: readonly number[]
  readonly #quorum: number
  readonly #haveServed = new Set<number>()
  /** By server: it is lost until it serves in a life later than this; infinity: until it is wiped. */
  readonly #lostUntilAfter = new Map<number, number>()

  constructor(members: readonly number[]) {
    this.#members = members
    this.#quorum = Math.floor(members.length / 2) + 1
  }

  /** Server `id` serves, in the life of this number. To be told often, and before every question. */
  onServing(id: number, life: number): void {
    this.#haveServed.add(id)
    const after = this.#lostUntilAfter.get(id)
    if (after !== undefined && life > after) this.#lostUntilAfter.delete(id)
  }

  /** Its disk was emptied after that life. */
  onWiped(id: number, life: number): void {
    this.#lostUntilAfter.set(id, life)
  }

  onRotten(id: number): void {
    this.#lostUntilAfter.set(id, Number.POSITIVE_INFINITY)
  }

  isSound(id: number): boolean {
    return this.#haveServed.has(id) && !this.#lostUntilAfter.has(id)
  }

  /** Whether the others alone are a majority of sound disks. */
  mayLose(id: number): boolean {
    assert(this.#members.includes(id), () => `server ${id} is not a member`)
    const others = this.#members.filter((other) => other !== id && this.isSound(other))
    return others.length >= this.#quorum
  }

  /** Whether only a minority of the disks is lost: nothing acknowledged is, and the ensemble can be brought back whole. */
  get recoverable(): boolean {
    return this.#members.length - this.#lostUntilAfter.size >= this.#quorum
  }
}
