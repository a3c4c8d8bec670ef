import type { SeededRandom } from '../../runtime/seeded-random.ts'
import type { SimEnsemble } from '../sim-ensemble.ts'
import type { FaultRates, Trouble } from './faults.ts'

export const plainTroubleKinds = ['crash', 'cut', 'freeze', 'reset'] as const

const downMsMax = 2_000
const cutMsMax = 3_000
const freezeMsMax = 2_500

/** Crashes, cut links, frozen servers and reset connections; at most a minority is down at a time. */
export class PlainTrouble implements Trouble {
  readonly counts = new Map<string, number>()
  readonly #ensemble: SimEnsemble
  readonly #random: SeededRandom
  readonly #rates: FaultRates
  #stopped = false

  constructor(ensemble: SimEnsemble, random: SeededRandom, rates: FaultRates) {
    this.#ensemble = ensemble
    this.#random = random
    this.#rates = rates
  }

  start(): void {
    for (const kind of Object.keys(this.#rates)) this.#next(kind)
  }

  stop(): void {
    this.#stopped = true
    const ensemble = this.#ensemble
    ensemble.world.network.healAll()
    for (const id of ensemble.ids) {
      ensemble.host(id).thaw()
      if (!ensemble.host(id).up) ensemble.restart(id)
    }
  }

  explains(): boolean {
    return false
  }

  #next(kind: string): void {
    const { world } = this.#ensemble
    const everyMs = this.#rates[kind] ?? 1
    world.at(world.nowMs + this.#random.between(1, 2 * everyMs), () => {
      if (this.#stopped) return
      if (this.#do(kind)) this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1)
      this.#next(kind)
    })
  }

  #do(kind: string): boolean {
    const ensemble = this.#ensemble
    const { world, ids } = ensemble
    const id = this.#random.pick(ids)
    const other = this.#random.pick(ids)
    const host = ensemble.host(id)
    const later = (msMax: number, call: () => void): void =>
      world.at(world.nowMs + this.#random.between(1, msMax), () => {
        if (!this.#stopped) call()
      })
    switch (kind) {
      case 'crash': {
        const downMax = Math.max(1, Math.floor((ids.length - 1) / 2))
        if (!host.up || ids.filter((server) => !ensemble.host(server).up).length >= downMax) return false
        ensemble.crash(id, this.#random.pick(['power', 'process']))
        later(downMsMax, () => ensemble.restart(id))
        return true
      }
      case 'cut':
        if (id === other) return false
        world.network.cut(`s${id}`, `s${other}`, this.#random.pick(['reset', 'blackhole']))
        later(cutMsMax, () => world.network.heal(`s${id}`, `s${other}`))
        return true
      case 'freeze':
        if (!host.up || host.frozen) return false
        host.freeze()
        later(freezeMsMax, () => host.thaw())
        return true
      default:
        if (id === other) return false
        world.network.resetConnections(`s${id}`, `s${other}`)
        return true
    }
  }
}
