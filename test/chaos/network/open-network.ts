import { freePorts } from '../../processes/harness/free-ports.ts'
import type { ChaosNetwork, Door } from './network.ts'

/** Everybody reaches everybody, always: for what is done to servers by other means. */
export class OpenNetwork implements ChaosNetwork {
  readonly shapes = false
  readonly #doors: ReadonlyMap<number, Door>

  private constructor(doors: ReadonlyMap<number, Door>) {
    this.#doors = doors
  }

  static async open(ids: readonly number[]): Promise<OpenNetwork> {
    const ports = await freePorts(3 * ids.length)
    const doors = ids.map((id) => {
      const [clientPort = 0, peerPort = 0, leaderPort = 0] = ports.splice(0, 3)
      return [id, { host: '127.0.0.1', clientPort, peerPort, leaderPort }] as const
    })
    return new OpenNetwork(new Map(doors))
  }

  door(_from: number, to: number): Door {
    const door = this.#doors.get(to)
    if (door === undefined) throw new Error(`no server ${to}`)
    return door
  }

  set(): void {
    throw new Error('an open network has no weather')
  }

  reset(): number {
    return 0
  }

  heal(): void {}

  async close(): Promise<void> {}
}
