/** How much of everything may happen. What is used up is part of a state. */
export interface Bounds {
  /** Attempts to lead, besides the one that the walk begins with. */
  stands: number
  proposals: number
  crashes: number
  /** Crashes that lose the disk. */
  wipes: number
  /** Links that break, or leaders that step down. */
  cuts: number
  /** Histories that are sent in full though a difference would do. */
  fulls: number
  syncs: number
  /** Followers with a higher id that ask for the crown. */
  crowns: number
}

export const boundNames = [
  'stands',
  'proposals',
  'crashes',
  'wipes',
  'cuts',
  'fulls',
  'syncs',
  'crowns',
] as const

export type BoundName = (typeof boundNames)[number]

export function boundsOf(amount: (name: BoundName) => number): Bounds {
  return {
    stands: amount('stands'),
    proposals: amount('proposals'),
    crashes: amount('crashes'),
    wipes: amount('wipes'),
    cuts: amount('cuts'),
    fulls: amount('fulls'),
    syncs: amount('syncs'),
    crowns: amount('crowns'),
  }
}

/** All that can be left of some bounds, each by a number, the bounds themselves by the highest. */
export class Lefts {
  readonly all: readonly Readonly<Bounds>[]
  readonly #weights: Bounds

  constructor(bounds: Bounds) {
    this.#weights = { ...bounds }
    let count = 1
    for (const name of boundNames) {
      this.#weights[name] = count
      count *= bounds[name] + 1
    }
    this.all = Array.from({ length: count }, (_, number) => {
      const left = { ...bounds }
      for (const name of boundNames) {
        left[name] = Math.floor(number / this.#weights[name]) % (bounds[name] + 1)
      }
      return Object.freeze(left)
    })
  }

  of(number: number): Readonly<Bounds> {
    const left = this.all[number]
    if (left === undefined) throw new Error(`nothing is left by number ${number}`)
    return left
  }

  without(number: number, cost: BoundName | null): number {
    return cost === null ? number : number - this.#weights[cost]
  }

  /** Whether there is as much left of everything in the first case as in the second. */
  suffices(one: number, other: number): boolean {
    const [some, others] = [this.of(one), this.of(other)]
    return boundNames.every((name) => some[name] >= others[name])
  }

  /** How much was used up altogether. */
  used(number: number): number {
    const [all, left] = [this.of(this.all.length - 1), this.of(number)]
    return boundNames.reduce((sum, name) => sum + all[name] - left[name], 0)
  }
}
