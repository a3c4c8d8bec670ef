import { assert } from '../runtime/assert.ts'
import type { Address } from '../runtime/network.ts'
import type { Random } from '../runtime/random.ts'

/** What to try next, and how long to wait before. */
export interface Attempt {
  readonly address: Address
  readonly delayMs: number
  /** How many times in a row the whole list failed before. */
  readonly round: number
}

const firstDelayMs = 50
const delayMsMax = 1000

/**
 * The servers in the order in which this client tries them: shuffled once, so that many clients spread over an ensemble,
 * then round and round. The first round of tries goes without delay, for the next server is likely to be well; each
 * whole round that failed doubles the wait, with chance in it, so that clients do not come back all at once.
 */
export class HostList {
  readonly #addresses: Address[]
  readonly #random: Random
  #next = 0
  #failed = 0

  constructor(addresses: readonly Address[], random: Random) {
    assert(addresses.length > 0, 'a client needs at least one server')
    this.#addresses = [...addresses]
    this.#random = random
    for (let i = this.#addresses.length - 1; i > 0; i--) {
      const j = random.below(i + 1)
      const a = this.#addresses[i]
      const b = this.#addresses[j]
      if (a === undefined || b === undefined) continue
      this.#addresses[i] = b
      this.#addresses[j] = a
    }
  }

  get size(): number {
    return this.#addresses.length
  }

  /** The next try. Each call counts as a failure of the one before, unless `succeeded` came between. */
  next(): Attempt {
    const address = this.#addresses[this.#next % this.#addresses.length]
    assert(address !== undefined, 'the host list is never empty')
    this.#next = (this.#next + 1) % this.#addresses.length
    const round = Math.floor(this.#failed / this.#addresses.length)
    const delayMs = this.#failed % this.#addresses.length === 0 ? this.#roundDelayMs(round) : 0
    this.#failed++
    return { address, delayMs, round }
  }

  /** A server took us in. The next failure starts again with the server behind it, at once. */
  succeeded(): void {
    this.#failed = 0
  }

  #roundDelayMs(round: number): number {
    if (round === 0) return 0
    const fullMs = Math.min(delayMsMax, firstDelayMs * 2 ** Math.min(round - 1, 10))
    return fullMs / 2 + this.#random.below(Math.ceil(fullMs / 2) + 1)
  }
}
