import { type Comparison, compare } from './compare.ts'
import { Keeper } from './keeper.ts'
import type { Expected } from './listed.ts'
import type { Program } from './program.ts'
import { run, type Target } from './runner.ts'
import { TargetFailure } from './target-failure.ts'
import type { Transcript } from './transcript.ts'

/** Runs programs on two targets at once and compares what they showed. */
export class TargetPair {
  readonly #targets: readonly [Target, Target]
  readonly #keepers: readonly [Keeper, Keeper]
  readonly #expected: Expected

  constructor(theirs: Target, ours: Target, expected: Expected) {
    this.#targets = [theirs, ours]
    this.#keepers = [new Keeper(theirs.ports), new Keeper(ours.ports)]
    this.#expected = expected
  }

  async compare(program: Program): Promise<Comparison> {
    const [theirs, ours] = await Promise.all([this.#run(program, 0), this.#run(program, 1)])
    return compare(program, theirs, ours, this.#expected)
  }

  hangUp(): void {
    for (const keeper of this.#keepers) keeper.hangUp()
  }

  async #run(program: Program, side: 0 | 1): Promise<Transcript> {
    try {
      return await run(program, this.#targets[side], this.#keepers[side])
    } catch (error) {
      this.#keepers[side].hangUp()
      throw new TargetFailure(side, this.#targets[side].name, error)
    }
  }
}
