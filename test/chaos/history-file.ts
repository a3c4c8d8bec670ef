import { createWriteStream, type WriteStream } from 'node:fs'
import type { Client } from '../../src/client/index.ts'

const shownCharactersMax = 200
const proper: ReadonlySet<string> = new Set(['close', 'connect', 'connected', 'on', 'off', 'emit'])

/** Every call that a client makes and how it ended, one JSON object a line, for whoever has to explain a violation. */
export class HistoryFile {
  readonly #file: WriteStream
  readonly #startMs = performance.now()
  #clients = 0

  constructor(path: string) {
    this.#file = createWriteStream(path)
  }

  /** The same client, whose calls are written down. */
  recorded(client: Client): Client {
    const name = `client ${++this.#clients}`
    return new Proxy(client, {
      // Methods run on the client itself, which has private fields.
      get: (target, key) => {
        const value: unknown = Reflect.get(target, key, target)
        if (typeof value !== 'function') return value
        if (typeof key !== 'string' || proper.has(key)) return value.bind(target)
        return (...args: unknown[]) => this.#call(name, target, key, value as Call, args)
      },
    })
  }

  note(what: string): void {
    this.#write({ note: what })
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => this.#file.end(resolve))
  }

  #call(name: string, client: Client, method: string, call: Call, args: unknown[]): unknown {
    const calledMs = this.#nowMs()
    const result: unknown = call.apply(client, args)
    if (!(result instanceof Promise)) return result
    const said = { client: name, session: client.sessionId, method, args, calledMs }
    result.then(
      (output: unknown) => this.#write({ ...said, returnedMs: this.#nowMs(), output }),
      (error: unknown) => this.#write({ ...said, returnedMs: this.#nowMs(), error: String(error) }),
    )
    return result
  }

  #write(entry: object): void {
    this.#file.write(`${JSON.stringify({ atMs: this.#nowMs(), ...entry }, shorter)}\n`)
  }

  #nowMs(): number {
    return Math.round((performance.now() - this.#startMs) * 1000) / 1000
  }
}

type Call = (...args: unknown[]) => unknown

function shorter(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return `0x${value.toString(16)}`
  if (typeof value === 'string' && value.length > shownCharactersMax) {
    return `${value.slice(0, shownCharactersMax)}... ${value.length} characters`
  }
  if (isBuffer(value)) return shorter('', Buffer.from(value.data).toString())
  return value
}

/** What `toJSON` makes of a Buffer. */
const isBuffer = (value: unknown): value is { type: 'Buffer'; data: number[] } =>
  typeof value === 'object' && value !== null && 'type' in value && value.type === 'Buffer' && 'data' in value
