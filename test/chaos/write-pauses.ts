import { Client } from '../../src/client/index.ts'

const betweenWritesMs = 20

export interface WritePause {
  readonly lastedMs: number
  /** Which faults went on when it ended. */
  readonly during: readonly string[]
}

/** One client that writes all the time: the longest time without an acknowledgement is what users feel of the faults. */
export class WritePauses {
  acknowledged = 0
  longest: WritePause = { lastedMs: 0, during: [] }
  readonly #client: Client
  readonly #during: () => readonly string[]
  #stopping = false
  #running: Promise<void> = Promise.resolve()

  constructor(addresses: string, during: () => readonly string[]) {
    this.#client = new Client({ servers: addresses, sessionTimeoutMs: 4000 })
    this.#during = during
  }

  async start(): Promise<void> {
    await this.#client.connect()
    await this.#client.create('/pauses')
    this.#running = this.#run()
  }

  /** An error is a write that was never acknowledged again, in `patienceMs` of fair weather. */
  async stop(patienceMs: number): Promise<void> {
    this.#stopping = true
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_resolve, reject) => {
      const error = new Error(
        `a write waits for its answer for ${patienceMs} ms with nothing broken any more`,
      )
      timer = setTimeout(() => reject(error), patienceMs)
    })
    try {
      await Promise.race([this.#running, late])
    } finally {
      clearTimeout(timer)
      void this.#client.close()
    }
  }

  async #run(): Promise<void> {
    let lastMs = performance.now()
    let faults: readonly string[] = []
    for (;;) {
      try {
        await this.#client.set('/pauses', String(this.acknowledged))
        this.acknowledged++
        const nowMs = performance.now()
        if (nowMs - lastMs > this.longest.lastedMs)
          this.longest = { lastedMs: nowMs - lastMs, during: faults }
        lastMs = nowMs
        if (this.#stopping) return
      } catch {
        if (this.#client.state === 'expired') await this.#client.connect().catch(() => {})
      }
      // The faults when this write was sent; those that came later do not explain why it waits.
      faults = this.#during()
      await new Promise((resolve) => setTimeout(resolve, betweenWritesMs))
    }
  }
}
