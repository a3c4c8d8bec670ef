import type { SeededRandom } from '../../runtime/seeded-random.ts'
import { Caller } from './caller.ts'
import type { WorkloadClientOptions, WorkloadContext } from './workload.ts'

/** Draws how callers are set up: with short and long sessions, most of them exactly-once. */
export function drawCallers(random: SeededRandom, count: number): WorkloadClientOptions[] {
  return Array.from({ length: count }, () => ({
    sessionTimeoutMs: random.pick([2000, 5000, 10_000]),
    exactlyOnce: !random.chance(1, 4),
  }))
}

/** The callers of one workload, from its start to its stop. */
export class Crowd {
  readonly #context: WorkloadContext
  readonly #callers: Caller[] = []
  #clients = 0
  #running: Promise<unknown> = Promise.resolve()

  /** @param options of each caller */
  constructor(context: WorkloadContext, options: readonly WorkloadClientOptions[]) {
    this.#context = context
    for (const each of options) this.#callers.push(this.caller(each))
  }

  /** One more, who takes no part in `start`. */
  caller(options: WorkloadClientOptions): Caller {
    return new Caller(this.#context, options, () => this.#clients++)
  }

  /** Has every caller act, over and over, whenever it has a session. */
  start(act: (caller: Caller, index: number) => Promise<void>): void {
    this.#running = Promise.all(
      this.#callers.map(async (caller, index) => {
        while (await caller.ready()) await act(caller, index)
      }),
    )
  }

  async stop(): Promise<void> {
    for (const caller of this.#callers) caller.stop()
    await this.#running
    await Promise.all(this.#callers.map((caller) => caller.close()))
  }

  /** With the ensemble whole again: looks through each server in turn. */
  async atEveryServer(look: (caller: Caller, server: number) => Promise<void>): Promise<void> {
    for (const server of this.#context.servers) {
      const caller = this.caller({ servers: [server] })
      if (await caller.ready()) await look(caller, server)
      await caller.close()
    }
  }
}
