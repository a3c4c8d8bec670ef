import type { Client } from '../../../src/client/client.ts'
import { ZkError } from '../../../src/client/zk-error.ts'
import type { SimEnsemble } from '../../../src/sim/sim-ensemble.ts'

/** Creates nodes under a parent one after the other, and remembers which creations were acknowledged. */
export class Writer {
  readonly client: Client
  readonly acknowledged: string[] = []
  /** Asked for, answered by a connection that broke: they may have happened or not. */
  readonly unknown: string[] = []
  readonly #parent: string
  #next = 0
  #stopped = false
  #done: Promise<void> = Promise.resolve()

  constructor(client: Client, parent: string) {
    this.client = client
    this.#parent = parent
  }

  /** Keeps `inFlight` creations on their way until `stop`. */
  start(inFlight: number): void {
    this.#done = Promise.all(Array.from({ length: inFlight }, () => this.#run())).then(() => undefined)
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      const path = `${this.#parent}/n${this.#next++}`
      try {
        await this.client.create(path, path)
        this.acknowledged.push(path)
      } catch (error) {
        if (!ZkError.is(error, 'connectionLoss') && !ZkError.is(error, 'sessionExpired')) throw error
        this.unknown.push(path)
        if (ZkError.is(error, 'sessionExpired')) return
      }
    }
  }

  /** Resolves when the last one is answered. */
  async stop(ensemble: SimEnsemble): Promise<void> {
    this.#stopped = true
    await ensemble.world.settle(this.#done, 120_000)
  }
}

/** Every acknowledged creation stands on every running server. */
export async function missingAnywhere(
  ensemble: SimEnsemble,
  parent: string,
  paths: readonly string[],
): Promise<string[]> {
  const missing: string[] = []
  for (const id of ensemble.running) {
    const client = await ensemble.connectedClient({ servers: [id] })
    const children = new Set(await ensemble.world.settle(client.getChildren(parent)))
    for (const path of paths) {
      if (!children.has(path.slice(parent.length + 1))) missing.push(`${path} on server ${id}`)
    }
    await ensemble.world.settle(client.close())
  }
  return missing
}
