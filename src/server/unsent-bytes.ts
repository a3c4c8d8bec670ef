/** What all connections that are slow to read have not taken yet. */
export class UnsentBytes {
  total = 0
}

/** One connection's part of them. */
export class UnsentShare {
  readonly #all: UnsentBytes
  #bytes = 0

  constructor(all: UnsentBytes) {
    this.#all = all
  }

  set(bytes: number): void {
    this.#all.total += bytes - this.#bytes
    this.#bytes = bytes
  }
}
