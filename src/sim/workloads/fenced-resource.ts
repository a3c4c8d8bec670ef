/**
 * Something outside of the ensemble that a lock protects, such as a file server: it remembers the highest token that it was
 * shown and refuses older ones. Without that no lock protects anything, for its holder may be paused at any moment.
 */
export class FencedResource {
  /** The tokens of the writes that were taken, in their order. */
  readonly accepted: number[] = []
  refusals = 0
  #highest = 0

  write(token: number): boolean {
    if (token < this.#highest) {
      this.refusals++
      return false
    }
    this.#highest = token
    this.accepted.push(token)
    return true
  }
}
