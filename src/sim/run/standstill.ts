import type { SimEnsemble } from '../sim-ensemble.ts'

/**
 * How long no server has run, all in all: each was frozen, or down. Nobody counts the age of a session meanwhile, but for the rest of a
 * period between two looks: a look that comes late counts for one period.
 */
export class Standstill {
  readonly #ensemble: SimEnsemble
  readonly #grantedMs: number
  #totalMs = 0
  /** Since when; null while some server runs. */
  #sinceMs: number | null = null
  #seenMs = 0
  #thaws = 0

  /** @param periodMs how often sessions are looked at, at the least */
  constructor(ensemble: SimEnsemble, periodMs: number) {
    this.#ensemble = ensemble
    this.#grantedMs = periodMs
  }

  /** Of the times of standstill that are over, at least. */
  get totalMs(): number {
    this.sample()
    return this.#totalMs
  }

  /** To be called often. */
  sample(): void {
    const { world, ids } = this.#ensemble
    const hosts = ids.map((id) => this.#ensemble.host(id))
    const thaws = hosts.reduce((sum, { life, thawCount }) => sum + life + thawCount, 0)
    const still = hosts.every(({ up, frozen }) => !up || frozen)
    if (this.#sinceMs !== null && (!still || thaws !== this.#thaws)) {
      this.#totalMs += Math.max(0, this.#seenMs - this.#sinceMs - this.#grantedMs)
      this.#sinceMs = null
    }
    if (still) {
      this.#sinceMs ??= world.nowMs
      this.#seenMs = world.nowMs
    }
    this.#thaws = thaws
  }
}
