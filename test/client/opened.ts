import type { ClientOptions } from '../../src/client/index.ts'
import { Client } from '../../src/client/index.ts'
import { CuttableLink } from './backends.ts'

/** What a test has opened to one server, to be closed behind it. */
export class Opened {
  readonly #open: { close(): Promise<void> }[] = []
  readonly #port: () => number
  readonly #sessionTimeoutMs: number

  /** @param port the server may not be started yet */
  constructor(port: () => number, sessionTimeoutMs: number) {
    this.#port = port
    this.#sessionTimeoutMs = sessionTimeoutMs
  }

  readonly connect = async (options: ClientOptions = {}): Promise<Client> => {
    const servers = `127.0.0.1:${this.#port()}`
    const client = new Client({ servers, sessionTimeoutMs: this.#sessionTimeoutMs, ...options })
    this.#open.push(client)
    await client.connect({ timeoutMs: 10_000 })
    return client
  }

  readonly link = async (): Promise<CuttableLink> => {
    const made = await CuttableLink.to(this.#port())
    this.#open.push(made)
    return made
  }

  /** The newest first. */
  async close(): Promise<void> {
    for (const one of this.#open.splice(0).reverse()) await one.close()
  }
}
