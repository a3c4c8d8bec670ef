/** How old a connection is and for how long it has been silent; counted in sweeps, so that a stopped process ages nobody. */
export class ConnectionAge {
  /** Since it came. */
  totalMs = 0
  /** Since its client was heard of. */
  silentMs = 0
  #sweptArrivalMs = 0

  /** @param arrivedMs when its last bytes came */
  sweep(sweepMs: number, arrivedMs: number): void {
    this.totalMs += sweepMs
    this.silentMs = arrivedMs === this.#sweptArrivalMs ? this.silentMs + sweepMs : 0
    this.#sweptArrivalMs = arrivedMs
  }
}
