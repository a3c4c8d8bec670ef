import type { Client } from '../../src/client/index.ts'
import { Client as RealClient } from '../../src/client/index.ts'
import { nodeRuntime } from '../../src/runtime/node-runtime.ts'
import type { SeededRandom } from '../../src/runtime/seeded-random.ts'
import type { WorkloadClientOptions, WorkloadContext } from '../../src/sim/workloads/workload.ts'
import type { ChaosEnsemble } from './chaos-ensemble.ts'
import type { HistoryFile } from './history-file.ts'

/** What a workload is given, made of this process and an ensemble of real ones. */
export class RealContext implements WorkloadContext {
  readonly random: SeededRandom
  readonly runtime: ReturnType<typeof nodeRuntime>
  readonly servers: readonly number[]
  readonly root: string
  readonly #ensemble: ChaosEnsemble
  readonly #history: HistoryFile
  readonly #clients: Client[] = []

  constructor(options: {
    ensemble: ChaosEnsemble
    random: SeededRandom
    root: string
    history: HistoryFile
  }) {
    this.#ensemble = options.ensemble
    this.#history = options.history
    this.random = options.random
    this.root = options.root
    this.runtime = nodeRuntime()
    this.servers = options.ensemble.ids
  }

  client(options: WorkloadClientOptions = {}): Client {
    const { servers = this.servers, sessionTimeoutMs, exactlyOnce } = options
    const client = new RealClient({
      servers: this.#ensemble.clientAddresses(servers),
      sessionTimeoutMs,
      exactlyOnce,
    })
    this.#clients.push(client)
    return this.#history.recorded(client)
  }

  note(what: string): void {
    this.#history.note(`${this.root}: ${what}`)
  }

  async close(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.close()))
  }
}
