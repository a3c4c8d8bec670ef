import type { SeededRandom } from '../../runtime/seeded-random.ts'
import type { SimEnsemble } from '../sim-ensemble.ts'
import { FaultBudget } from './budget.ts'
import { Caretaker } from './caretaker.ts'
import { clocks } from './clocks.ts'
import { concerted } from './concerted.ts'
import { configs } from './configs.ts'
import { crashes } from './crashes.ts'
import { disks } from './disks.ts'
import { type FaultContext, type FaultName, faultNames, type Strike } from './fault.ts'
import { links } from './links.ts'
import { lostData } from './lost-data.ts'
import { partitions } from './partitions.ts'
import { PassingFaults } from './passing-faults.ts'
import type { FaultRates } from './rates.ts'
import { restarts } from './restarts.ts'
import { starvation } from './starvation.ts'
import { StopJudge } from './stop-judge.ts'

export interface NemesisOptions {
  readonly ensemble: SimEnsemble
  readonly random: SeededRandom
  readonly rates: FaultRates
  /**
   * Lets more disks rot than may be lost. Servers then stop with a clear error and stay down, and the ensemble may not come back; but what it
   * serves is never wrong.
   */
  readonly beyondBudget?: boolean
}

/**
 * Does all kinds of fault to an ensemble, each at its own rate, and repairs what they leave. A server that stops by itself for a
 * fault that was done to it is started again; one that stops for anything else ends the run.
 */
export class Nemesis {
  readonly #ensemble: SimEnsemble
  readonly #random: SeededRandom
  readonly #rates: FaultRates
  readonly #budget: FaultBudget
  readonly #passing: PassingFaults
  readonly #judge: StopJudge
  readonly #caretaker: Caretaker
  readonly #strikes: Readonly<Record<FaultName, Strike>>
  readonly #counts = new Map<FaultName, number>()
  #striking = false

  constructor(options: NemesisOptions) {
    const { ensemble, random } = options
    this.#ensemble = ensemble
    this.#random = random
    this.#rates = options.rates
    this.#budget = new FaultBudget(ensemble.ids)
    this.#passing = new PassingFaults(ensemble.world)
    this.#judge = new StopJudge(ensemble)
    this.#caretaker = new Caretaker({
      ensemble,
      budget: this.#budget,
      judge: this.#judge,
      random: random.fork('caretaker'),
    })
    const context: FaultContext = {
      ensemble,
      budget: this.#budget,
      passing: this.#passing,
      judge: this.#judge,
      caretaker: this.#caretaker,
    }
    this.#strikes = {
      ...links(context),
      ...partitions(context),
      ...crashes(context),
      ...restarts(context),
      ...starvation(context),
      ...clocks(context),
      ...disks(context),
      ...lostData(context, { beyondBudget: options.beyondBudget ?? false }),
      ...configs(context),
      ...concerted(context),
    }
  }

  /** How often each kind has struck; those that never did are left out. */
  get counts(): Readonly<Partial<Record<FaultName, number>>> {
    return Object.fromEntries(this.#counts)
  }

  /** Servers that stopped by themselves because of a fault, with a clear message. */
  get expectedStops(): number {
    return this.#judge.stops
  }

  /** A majority of the disks is sound: once the faults have stopped, all servers must come back. */
  get recoverable(): boolean {
    return this.#budget.recoverable
  }

  /**
   * To be asked once about every server that stops by itself: null when a fault that was done to it explains that and its message
   * is clear; otherwise what is wrong. Asked by the nemesis itself where the ensemble has nobody else to tell.
   */
  problemOfStop(id: number, error: unknown): string | null {
    return this.#judge.problemOf({ id, error, config: this.#ensemble.configOf(id) })
  }

  /** Begins to strike. The servers may have been started or not. */
  start(): void {
    this.#striking = true
    this.#ensemble.onServerStopped ??= (id, error) => {
      const problem = this.problemOfStop(id, error)
      if (problem === null) return
      const reason = error instanceof Error ? (error.stack ?? error.message) : String(error)
      this.#ensemble.world.fail(new Error(`server ${id} stopped by itself, ${problem}: ${reason}`))
    }
    this.#caretaker.start()
    for (const name of faultNames) {
      if (this.#rates[name] > 0) this.#strikeLater(name, this.#random.fork(name))
    }
  }

  /** Strikes no more and repairs everything; the servers come back in the simulated time that follows. */
  stop(): void {
    this.#striking = false
    this.#note('repairs everything')
    this.#passing.endAll()
    const { world, ids } = this.#ensemble
    world.network.healAll()
    for (const id of ids) {
      const host = this.#ensemble.host(id)
      host.cancelCrash()
      host.thaw()
    }
    this.#caretaker.hurry()
  }

  /** At random, on average as often as its rate says. */
  #strikeLater(name: FaultName, random: SeededRandom): void {
    const { world } = this.#ensemble
    const pauseMsMax = Math.max(1, Math.round((2 * 60_000) / this.#rates[name]))
    world.at(world.nowMs + random.between(1, pauseMsMax), () => {
      if (!this.#striking) return
      this.#strike(name, random)
      this.#strikeLater(name, random)
    })
  }

  #strike(name: FaultName, random: SeededRandom): void {
    if (!this.#strikes[name](random)) return
    this.#note(name)
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1)
  }

  #note(what: string): void {
    const { world } = this.#ensemble
    world.trace.add(world.nowUs, 'nemesis', what)
  }
}
