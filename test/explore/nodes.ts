const chunkBits = 16
const chunkNodes = 2 ** chunkBits
const chunkMask = chunkNodes - 1

export const leftsMax = 2 ** 14
export const choicesMax = 2 ** 8
const fieldsBehindKey = 2

/**
 * Every state that was reached: what it consists of, as numbers, from which state and by which choice it came, and what was left
 * of the bounds. In typed arrays: 4 bytes a number, of which three servers take six, and some 8 to find it again.
 *
 * The key of a state leaves out what was left: where one state was reached with more left of everything, the other can
 * show nothing new.
 */
export class Nodes {
  readonly #keyLength: number
  readonly #stride: number
  /** Whether what is left in the first case is enough for all of the second. */
  readonly #suffices: (one: number, other: number) => boolean
  readonly #chunks: Int32Array[] = []
  #slots = new Int32Array(2 ** 10)
  #size = 0
  /** Those that turned out to show nothing new before they were gone on from. */
  superseded = 0

  constructor(keyLength: number, suffices: (one: number, other: number) => boolean) {
    this.#keyLength = keyLength
    this.#stride = keyLength + fieldsBehindKey
    this.#suffices = suffices
  }

  get size(): number {
    return this.#size
  }

  get bytes(): number {
    return this.#chunks.length * chunkNodes * this.#stride * 4 + this.#slots.length * 4
  }

  /** The number of the new node; -1 where one is known that can do no less. */
  add(key: Int32Array, left: number, parent: number, choice: number, permutation: number): number {
    if (left >= leftsMax || choice >= choicesMax) throw new Error(`left ${left}, choice ${choice}: no room`)
    if (this.#size >= this.#slots.length * 0.6) this.#grow()
    const mask = this.#slots.length - 1
    let at = hash(key) & mask
    for (; ; at = (at + 1) & mask) {
      const node = (this.#slots[at] ?? 0) - 1
      if (node < 0) break
      if (!this.#has(node, key)) continue
      const known = this.left(node)
      if (this.#suffices(known, left)) return -1
      if (this.#suffices(left, known)) this.#supersede(node)
    }
    const node = this.#size++
    this.#slots[at] = node + 1
    if (node >> chunkBits === this.#chunks.length)
      this.#chunks.push(new Int32Array(chunkNodes * this.#stride))
    const chunk = this.#chunk(node)
    const start = (node & chunkMask) * this.#stride
    chunk.set(key, start)
    chunk[start + this.#keyLength] = parent
    chunk[start + this.#keyLength + 1] = left | (choice << 14) | (permutation << 22)
    return node
  }

  keyOf(node: number, key: Int32Array): void {
    const start = (node & chunkMask) * this.#stride
    const chunk = this.#chunk(node)
    for (let i = 0; i < this.#keyLength; i++) key[i] = chunk[start + i] ?? 0
  }

  left(node: number): number {
    return this.#field(node, 1) & (leftsMax - 1)
  }

  choice(node: number): number {
    return (this.#field(node, 1) >>> 14) & (choicesMax - 1)
  }

  permutation(node: number): number {
    return (this.#field(node, 1) >>> 22) & 0x7f
  }

  /** -1 for the first. */
  parent(node: number): number {
    return this.#field(node, 0)
  }

  isSuperseded(node: number): boolean {
    return this.#field(node, 1) >>> 30 !== 0
  }

  #supersede(node: number): void {
    if (this.isSuperseded(node)) return
    this.superseded++
    const at = (node & chunkMask) * this.#stride + this.#keyLength + 1
    this.#chunk(node)[at] = this.#field(node, 1) | (1 << 30)
  }

  #field(node: number, field: number): number {
    return this.#chunk(node)[(node & chunkMask) * this.#stride + this.#keyLength + field] ?? 0
  }

  #chunk(node: number): Int32Array {
    const chunk = this.#chunks[node >> chunkBits]
    if (chunk === undefined) throw new Error(`no node ${node}`)
    return chunk
  }

  #has(node: number, key: Int32Array): boolean {
    const chunk = this.#chunk(node)
    const start = (node & chunkMask) * this.#stride
    for (let i = 0; i < this.#keyLength; i++) if (chunk[start + i] !== key[i]) return false
    return true
  }

  #grow(): void {
    this.#slots = new Int32Array(this.#slots.length * 2)
    const mask = this.#slots.length - 1
    const key = new Int32Array(this.#keyLength)
    for (let node = 0; node < this.#size; node++) {
      this.keyOf(node, key)
      let at = hash(key) & mask
      while (this.#slots[at] !== 0) at = (at + 1) & mask
      this.#slots[at] = node + 1
    }
  }
}

function hash(key: Int32Array): number {
  let h = 0x9747b28c
  for (let i = 0; i < key.length; i++) {
    h = Math.imul(h ^ (key[i] ?? 0), 0x85ebca6b)
    h ^= h >>> 15
    h = Math.imul(h, 0xc2b2ae35)
    h ^= h >>> 13
  }
  return h
}
