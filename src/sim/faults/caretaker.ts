import type { SeededRandom } from '../../runtime/seeded-random.ts'
import type { SimEnsemble } from '../sim-ensemble.ts'
import type { FaultBudget } from './budget.ts'
import type { StopJudge } from './stop-judge.ts'

/** How often the caretaker looks at the servers. */
const roundMs = 25
const downMsMax = 3_000

/**
 * Plays the supervisor and the operator: starts again what is down, and empties the data directory of a server that refuses to start
 * because its data is damaged, as the message tells, but only while the others can bring its history back.
 */
export class Caretaker {
  readonly #ensemble: SimEnsemble
  readonly #budget: FaultBudget
  readonly #judge: StopJudge
  readonly #random: SeededRandom
  readonly #dueMs = new Map<number, number>()
  readonly #onStart = new Map<number, () => void>()
  #hurries = false

  constructor(options: {
    ensemble: SimEnsemble
    budget: FaultBudget
    judge: StopJudge
    random: SeededRandom
  }) {
    this.#ensemble = options.ensemble
    this.#budget = options.budget
    this.#judge = options.judge
    this.#random = options.random
  }

  start(): void {
    const { world } = this.#ensemble
    const round = (): void => {
      this.#look()
      world.at(world.nowMs + roundMs, round)
    }
    round()
  }

  /** Brings back at once, from now on, whatever is down. */
  hurry(): void {
    this.#hurries = true
    this.#dueMs.clear()
    this.#onStart.clear()
    this.#look()
  }

  /** How long this server, which is down or about to be, stays so. */
  bringBackIn(id: number, downMs: number): void {
    this.#dueMs.set(id, this.#ensemble.world.nowMs + downMs)
  }

  /** Calls right after the next start of this server. */
  onNextStart(id: number, call: () => void): void {
    this.#onStart.set(id, call)
  }

  /**
   * Not beyond the budget: what is on its disk may be all there is. Not while it has a wrong configuration either: an empty
   * directory would become that of another server.
   */
  mayEmpty(id: number): boolean {
    return this.#budget.mayLose(id) && !this.#judge.isMisdirected(id)
  }

  /** Empties the disk of a server, which is down then. */
  wipe(id: number): void {
    const host = this.#ensemble.host(id)
    if (host.up) this.#ensemble.crash(id, 'power')
    host.note('wiped')
    this.#ensemble.wipe(id)
    this.#budget.onWiped(id, host.life)
    this.#judge.onWiped(id)
  }

  #look(): void {
    const { ids, world } = this.#ensemble
    for (const id of ids) {
      const host = this.#ensemble.host(id)
      if (host.up) {
        if (this.#ensemble.serves(id)) this.#budget.onServing(id, host.life)
        continue
      }
      const due = this.#dueMs.get(id) ?? world.nowMs + (this.#hurries ? 0 : this.#random.below(downMsMax))
      if (due > world.nowMs) this.#dueMs.set(id, due)
      else this.#bringBack(id)
    }
  }

  #bringBack(id: number): void {
    if (this.#judge.isDamaged(id)) {
      if (!this.mayEmpty(id)) return
      this.wipe(id)
    }
    this.#dueMs.delete(id)
    this.#judge.onStart(id)
    this.#ensemble.restart(id)
    const call = this.#onStart.get(id)
    this.#onStart.delete(id)
    call?.()
  }
}
