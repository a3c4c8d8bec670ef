import { Chalk, type ChalkInstance } from 'chalk'

/** A result in both its forms. */
export interface Line {
  readonly text: string
  readonly json: Readonly<Record<string, unknown>>
}

/** Where lines go: a terminal, a pipe, or a test. Resolves when more may come. */
export type Write = (text: string) => Promise<void>

const piecesCharsMax = 64 * 1024

/** Prints lines for people or for programs, many in one write. */
export class Printer {
  readonly paint: ChalkInstance
  readonly #json: boolean
  readonly #write: Write
  #waiting = ''

  constructor(options: { json: boolean; colour: boolean; write: Write }) {
    this.paint = new Chalk({ level: options.colour ? 1 : 0 })
    this.#json = options.json
    this.#write = options.write
  }

  async line({ text, json }: Line): Promise<void> {
    this.#waiting += this.#json ? `${JSON.stringify(json)}\n` : `${text}\n`
    if (this.#waiting.length > piecesCharsMax) await this.flush()
  }

  /** A line that has nothing to tell a program. */
  async heading(text: string): Promise<void> {
    if (!this.#json) await this.line({ text: this.paint.bold(text), json: {} })
  }

  async flush(): Promise<void> {
    const text = this.#waiting
    this.#waiting = ''
    if (text !== '') await this.#write(text)
  }
}
