/** Bytes of a proposal, as the mean of its batch: of the last batch, and the least and most of the reign; -1 before the first. */
export class ProposalSizes {
  readonly #sizes = { last: -1, min: -1, max: -1 }

  get told(): Readonly<{ last: number; min: number; max: number }> {
    return this.#sizes
  }

  note(batchBytes: number, count: number): void {
    const sizes = this.#sizes
    sizes.last = Math.round(batchBytes / count)
    sizes.min = sizes.min < 0 ? sizes.last : Math.min(sizes.min, sizes.last)
    sizes.max = Math.max(sizes.max, sizes.last)
  }
}
