import type { SeededRandom } from '../../../src/runtime/seeded-random.ts'
import { freePorts } from '../../processes/harness/free-ports.ts'
import { Direction, fairWeather, type Weather } from './direction.ts'
import { type ChaosNetwork, clientsMachine, type Door } from './network.ts'
import { TcpProxy } from './tcp-proxy.ts'

/** Every connection goes through a proxy of this process, which is the network: it works wherever processes can be started. */
export class ProxiedNetwork implements ChaosNetwork {
  readonly shapes = true
  readonly #directions = new Map<string, Direction>()
  readonly #doors = new Map<string, Door>()
  /** Those that `from` reaches `to` by. */
  readonly #proxies = new Map<string, TcpProxy[]>()

  static async open(ids: readonly number[], random: SeededRandom): Promise<ProxiedNetwork> {
    const network = new ProxiedNetwork()
    try {
      await network.#open(ids, random)
    } catch (error) {
      await network.close()
      throw error
    }
    return network
  }

  async #open(ids: readonly number[], random: SeededRandom): Promise<void> {
    const machines = [clientsMachine, ...ids]
    for (const from of machines) {
      for (const to of machines) if (from !== to) this.#directions.set(key(from, to), new Direction())
    }
    const ports = await freePorts(ids.length * 3 * (ids.length + 1))
    for (const to of ids) {
      for (const from of machines) {
        const [clientPort = 0, peerPort = 0, leaderPort = 0] = ports.splice(0, 3)
        this.#doors.set(key(from, to), { host: '127.0.0.1', clientPort, peerPort, leaderPort })
      }
    }
    for (const from of machines) {
      for (const to of ids)
        if (from !== to) this.#proxies.set(key(from, to), await this.#join(from, to, random))
    }
  }

  async #join(from: number, to: number, random: SeededRandom): Promise<TcpProxy[]> {
    const ways = {
      there: this.#direction(from, to),
      back: this.#direction(to, from),
      random: random.fork(`network ${from}>${to}`),
    }
    const outer = this.door(from, to)
    const inner = this.door(to, to)
    if (from === clientsMachine) return [await TcpProxy.listen(outer.clientPort, inner.clientPort, ways)]
    return Promise.all([
      TcpProxy.listen(outer.peerPort, inner.peerPort, ways),
      TcpProxy.listen(outer.leaderPort, inner.leaderPort, ways),
    ])
  }

  door(from: number, to: number): Door {
    const door = this.#doors.get(key(from, to))
    if (door === undefined) throw new Error(`no way from ${from} to ${to}`)
    return door
  }

  /** Where the proxies listen by which `from` reaches `to`: none where `to` is the clients' machine. */
  outerPorts(from: number, to: number): number[] {
    return (this.#proxies.get(key(from, to)) ?? []).map((proxy) => proxy.port)
  }

  set(from: number, to: number, weather: Partial<Weather>): void {
    const direction = this.#direction(from, to)
    direction.weather = { ...direction.weather, ...weather }
  }

  reset(one: number, other: number): number {
    const proxies = [key(one, other), key(other, one)].flatMap((name) => this.#proxies.get(name) ?? [])
    return proxies.reduce((count, proxy) => count + proxy.resetAll(), 0)
  }

  heal(): void {
    for (const direction of this.#directions.values()) direction.weather = fairWeather
  }

  async close(): Promise<void> {
    await Promise.all([...this.#proxies.values()].flat().map((proxy) => proxy.close()))
  }

  #direction(from: number, to: number): Direction {
    const direction = this.#directions.get(key(from, to))
    if (direction === undefined) throw new Error(`no way from ${from} to ${to}`)
    return direction
  }
}

const key = (from: number, to: number): string => `${from}>${to}`
