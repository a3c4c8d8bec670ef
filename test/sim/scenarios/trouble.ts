import type { SimEnsemble } from '../../../src/sim/sim-ensemble.ts'

/**
 * Trouble for an ensemble, drawn from its seed, within a budget: at most a minority is down, and at most one server, of an
 * ensemble that is whole, is without its disk until it serves again.
 */
export class Trouble {
  readonly #ensemble: SimEnsemble
  readonly #random
  #wiped: number | null = null

  constructor(ensemble: SimEnsemble) {
    this.#ensemble = ensemble
    this.#random = ensemble.world.random.fork('trouble')
  }

  /** `steps` faults or repairs, with up to `pauseMsMax` between them. */
  async run(steps: number, pauseMsMax: number): Promise<void> {
    for (let step = 0; step < steps; step++) {
      this.#step()
      await this.#ensemble.world.runFor(this.#random.below(pauseMsMax))
    }
  }

  /** Everything is repaired, and all servers serve again. */
  async end(): Promise<void> {
    const ensemble = this.#ensemble
    ensemble.world.network.healAll()
    for (const id of ensemble.ids) {
      ensemble.host(id).thaw()
      if (!ensemble.host(id).up) ensemble.restart(id)
    }
    await ensemble.untilServing()
  }

  #step(): void {
    const ensemble = this.#ensemble
    const { network } = ensemble.world
    const id = this.#server()
    const other = this.#server()
    switch (this.#random.below(8)) {
      case 0:
      case 1:
        this.#crash(id)
        break
      case 2:
        ensemble.restart(...ensemble.ids.filter((stopped) => !ensemble.host(stopped).up))
        break
      case 3:
        if (id !== other) network.cut(`s${id}`, `s${other}`, this.#random.pick(['reset', 'blackhole']))
        break
      case 4:
        network.healAll()
        break
      case 5:
        this.#freeze(id)
        break
      case 6:
        if (id !== other) network.resetConnections(`s${id}`, `s${other}`)
        break
      case 7:
        for (const client of ensemble.ids) network.resetConnections(`c${client}`, `s${id}`)
        break
    }
  }

  #server(): number {
    return this.#random.pick(this.#ensemble.ids)
  }

  #crash(id: number): void {
    const ensemble = this.#ensemble
    if (this.#wiped !== null && this.#serves(this.#wiped)) this.#wiped = null
    const downMax = Math.floor((ensemble.ids.length - 1) / 2)
    const down = ensemble.ids.length - ensemble.running.length
    if (!ensemble.host(id).up || down >= downMax || this.#wiped !== null) return
    const whole = ensemble.ids.every((server) => this.#serves(server))
    ensemble.crash(id, this.#random.pick(['power', 'process']))
    if (!whole || this.#random.below(2) === 0) return
    ensemble.wipe(id)
    this.#wiped = id
  }

  #freeze(id: number): void {
    const { world } = this.#ensemble
    const host = this.#ensemble.host(id)
    if (!host.up) return
    host.freeze()
    world.at(world.nowMs + this.#random.below(2500), () => host.thaw())
  }

  #serves(id: number): boolean {
    return this.#ensemble.running.includes(id) && this.#ensemble.server(id).status().replica.serving
  }
}
