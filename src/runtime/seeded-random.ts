import { assert } from './assert.ts'
import type { Random } from './random.ts'

/**
 * A small fast generator (sfc32 of Chris Doty-Humphrey's PractRand) that gives the same sequence for the same seed, on
 * every machine. Not for secrets.
 */
export class SeededRandom implements Random {
  #a: number
  #b: number
  #c: number
  #counter = 1
  readonly #name: string

  /** Any text or number; `fork` adds its own. */
  constructor(seed: string | number) {
    this.#name = String(seed)
    this.#a = hash32(this.#name, 0x9e3779b9)
    this.#b = hash32(this.#name, 0x243f6a88)
    this.#c = hash32(this.#name, 0xb7e15162)
    // The first words still look like the seed.
    for (let i = 0; i < 12; i++) this.#next()
  }

  /**
   * A stream of its own, drawn from the seed and the name only: what one part draws never shifts what another one
   * gets, so adding a draw in one place does not change a whole run.
   */
  fork(name: string): SeededRandom {
    return new SeededRandom(`${this.#name}/${name}`)
  }

  below(bound: number): number {
    assert(
      Number.isInteger(bound) && bound >= 1 && bound <= 2 ** 32,
      () => `bound ${bound}, expected 1 to 2^32`,
    )
    // The bias of the plain product is below bound / 2^32, which no test can see.
    return Math.floor((this.#next() / 2 ** 32) * bound)
  }

  /** A whole number from `min` to `max`, both included. */
  between(min: number, max: number): number {
    return min + this.below(max - min + 1)
  }

  /** True `part` times out of `whole`. */
  chance(part: number, whole: number): boolean {
    return this.below(whole) < part
  }

  /** One of the given, which must not be empty. */
  pick<T>(from: readonly T[]): T {
    assert(from.length > 0, 'nothing to pick from')
    return from[this.below(from.length)] as T
  }

  bytes(count: number): Buffer {
    const bytes = Buffer.allocUnsafe(count)
    for (let i = 0; i < count; i++) bytes[i] = this.#next() >>> 24
    return bytes
  }

  #next(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0
    return sum >>> 0
  }
}

/** FNV-1a over the code units, then mixed so that neighbours ("1", "2") part. */
function hash32(text: string, start: number): number {
  let hash = start ^ 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return hash ^ (hash >>> 16)
}
