import type { World } from '../world.ts'

/** Faults that last for a while. Each is mended once, when its time is over or when all of them end. */
export class PassingFaults {
  readonly #world: World
  readonly #mends = new Set<() => void>()

  constructor(world: World) {
    this.#world = world
  }

  /** How many last at present. */
  get count(): number {
    return this.#mends.size
  }

  last(durationMs: number, mend: () => void): void {
    const once = (): void => {
      if (this.#mends.delete(once)) mend()
    }
    this.#mends.add(once)
    this.#world.at(this.#world.nowMs + durationMs, once)
  }

  /** In the order in which they began. */
  endAll(): void {
    for (const mend of [...this.#mends]) mend()
  }
}
