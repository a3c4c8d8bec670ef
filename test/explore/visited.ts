/**
 * A set of 64-bit fingerprints in two typed arrays with open addressing: 8 bytes a slot, at most 3 in 4 slots taken. Two
 * states with the same fingerprint count as one; among 100 million states some two do with a probability of 1 in 3,700.
 */
export class Visited {
  #slots: number
  #a: Int32Array
  #b: Int32Array
  #size = 0

  constructor(slots = 2 ** 16) {
    this.#slots = slots
    this.#a = new Int32Array(slots)
    this.#b = new Int32Array(slots)
  }

  get size(): number {
    return this.#size
  }

  get bytes(): number {
    return this.#slots * 8
  }

  /** False when it was there already. */
  add(a: number, b: number): boolean {
    if (this.#size >= this.#slots * 0.75) this.#grow()
    const added = put(this.#a, this.#b, a, b)
    if (added) this.#size++
    return added
  }

  #grow(): void {
    const [a, b] = [this.#a, this.#b]
    this.#slots *= 2
    this.#a = new Int32Array(this.#slots)
    this.#b = new Int32Array(this.#slots)
    for (let i = 0; i < a.length; i++) {
      if (a[i] !== 0 || b[i] !== 0) put(this.#a, this.#b, a[i] ?? 0, b[i] ?? 0)
    }
  }
}

/** Fingerprints are mixed well, so their low bits place them. 0/0 marks a free slot, so that one fingerprint is taken for its neighbour. */
function put(as: Int32Array, bs: Int32Array, a: number, b: number): boolean {
  const key = a === 0 && b === 0 ? 1 : a
  const mask = as.length - 1
  for (let i = key & mask; ; i = (i + 1) & mask) {
    if (as[i] === 0 && bs[i] === 0) {
      as[i] = key
      bs[i] = b
      return true
    }
    if (as[i] === key && bs[i] === b) return false
  }
}
