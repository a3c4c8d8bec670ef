import type { Weather } from './direction.ts'
import { ip } from './namespace.ts'
import type { ChaosNetwork, Door } from './network.ts'
import type { ProxiedNetwork } from './proxied-network.ts'

/**
 * As the proxied network, in a network namespace: where nothing gets through, the system drops the packets. TCP finds out by
 * itself: it sends again, more and more rarely, and new connections fail.
 */
export class LossyNetwork implements ChaosNetwork {
  readonly shapes = true
  readonly #proxied: ProxiedNetwork
  /** Rules in force; their numbers are their preferences, from 1 on. */
  #rules = 0

  constructor(proxied: ProxiedNetwork) {
    this.#proxied = proxied
  }

  door(from: number, to: number): Door {
    return this.#proxied.door(from, to)
  }

  set(from: number, to: number, { blocked, ...weather }: Partial<Weather>): void {
    if (blocked === true) this.#drop(from, to)
    if (Object.keys(weather).length > 0) this.#proxied.set(from, to, weather)
  }

  reset(one: number, other: number): number {
    return this.#proxied.reset(one, other)
  }

  heal(): void {
    ip(...Array.from({ length: this.#rules }, (_, i) => `rule del pref ${i + 1}`))
    this.#rules = 0
    this.#proxied.heal()
  }

  async close(): Promise<void> {
    this.heal()
    await this.#proxied.close()
  }

  /** What goes from one machine to the other is on its way to a proxy there, or comes back from a proxy of the other. */
  #drop(from: number, to: number): void {
    const matches = [
      ...this.#proxied.outerPorts(from, to).map((port) => `dport ${port}`),
      ...this.#proxied.outerPorts(to, from).map((port) => `sport ${port}`),
    ]
    ip(...matches.map((match) => `rule add pref ${++this.#rules} ipproto tcp ${match} unreachable`))
  }
}
