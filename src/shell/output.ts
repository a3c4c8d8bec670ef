import type { ChalkInstance } from 'chalk'
import { Chalk } from 'chalk'

/** Where text goes: a terminal, a pipe, or a test. */
export interface Sink {
  write(bytes: string | Uint8Array): void
}

export interface OutputOptions {
  /** One JSON object per result, and errors as JSON objects too. */
  readonly json: boolean
  readonly out: Sink
  readonly err: Sink
  readonly errColour: boolean
}

/** Results to stdout, errors to stderr, each as text for people or as JSON for programs. */
export class Output {
  readonly json: boolean
  readonly #colours: ChalkInstance
  readonly #options: OutputOptions

  constructor(options: OutputOptions) {
    this.json = options.json
    this.#colours = new Chalk({ level: options.errColour ? 1 : 0 })
    this.#options = options
  }

  /** The same sinks, for programs. */
  withJson(): Output {
    return this.json ? this : new Output({ ...this.#options, json: true })
  }

  /** One result: a JSON object, or lines of text. */
  result(result: { text: string; json: Readonly<Record<string, unknown>> }): void {
    if (this.json) this.#options.out.write(`${toJson(result.json)}\n`)
    else if (result.text !== '') this.#options.out.write(`${result.text}\n`)
  }

  /** The bytes as they are, and a newline. */
  data(bytes: Uint8Array): void {
    this.#options.out.write(bytes)
    this.#options.out.write('\n')
  }

  error(failure: { message: string; json: Readonly<Record<string, unknown>> }): void {
    const line = this.json ? toJson(failure.json) : `${this.#colours.red('zk-shell:')} ${failure.message}`
    this.#options.err.write(`${line}\n`)
  }

  /** Something to know, for people; programs do not get it. */
  note(text: string): void {
    if (!this.json) this.#options.err.write(`${this.#colours.yellow(text)}\n`)
  }
}

/** JSON on one line. Session ids come as hexadecimal text, for they do not fit a JSON number. */
function toJson(value: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(value, (_key, item: unknown) => (typeof item === 'bigint' ? hex(item) : item))
}

/** As ZooKeeper prints ids. */
export function hex(value: number | bigint): string {
  return `0x${(typeof value === 'bigint' ? BigInt.asUintN(64, value) : value).toString(16)}`
}

/** Data as JSON fields: as text when it is UTF-8, else in base64. */
export function dataFields(data: Buffer | null): { data: string | null; encoding: 'utf8' | 'base64' } {
  if (data === null) return { data: null, encoding: 'utf8' }
  const text = data.toString('utf8')
  if (Buffer.from(text, 'utf8').equals(data)) return { data: text, encoding: 'utf8' }
  return { data: data.toString('base64'), encoding: 'base64' }
}
