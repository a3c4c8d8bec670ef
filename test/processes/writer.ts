import type { Client } from '../../src/client/index.ts'

/** How many writes it keeps in flight. */
const windowWrites = 16

/**
 * Writes without a pause until told to stop, and remembers what was acknowledged: sequential nodes, whose number shows a
 * write that was lost or done twice, and one node that is set again and again, whose version does.
 */
export class Writer {
  /** The path that the server answered, by the data that was sent. */
  readonly created = new Map<string, string>()
  setsAcknowledged = 0
  /** Every call that did not succeed. With exactly-once sessions, there must be none as long as the session lives. */
  readonly failures: unknown[] = []
  /** Nodes that it may still create; then it only sets. They are read back one by one, so there should not be too many. */
  createsLeft = 0
  readonly folder: string
  readonly #client: Client
  #stopped = false
  #number = 0

  constructor(client: Client, folder: string) {
    this.#client = client
    this.folder = folder
  }

  get acknowledged(): number {
    return this.created.size + this.setsAcknowledged
  }

  async prepare(): Promise<void> {
    await this.#client.create(this.folder)
    await this.#client.create(`${this.folder}/set`)
  }

  /** Ends when `stop` was called and nothing is in flight any more. */
  async run(): Promise<void> {
    await Promise.all(Array.from({ length: windowWrites }, () => this.#writeOn()))
  }

  stop(): void {
    this.#stopped = true
  }

  async #writeOn(): Promise<void> {
    while (!this.#stopped) {
      this.#number++
      const data = `${this.folder} ${this.#number}`
      try {
        if (this.#number % 2 === 0 || this.createsLeft === 0) {
          await this.#client.set(`${this.folder}/set`, data)
          this.setsAcknowledged++
        } else {
          this.createsLeft--
          this.created.set(data, await this.#client.create(`${this.folder}/n-`, data, { sequential: true }))
        }
      } catch (error) {
        this.failures.push(error)
        await this.#client.connected()
      }
    }
  }
}
