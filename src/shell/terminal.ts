import type { Interface } from 'node:readline'
import { clearScreenDown, cursorTo, moveCursor } from 'node:readline'
import type { Sink } from './output.ts'

/**
 * The screen, shared by command output and a line that is being typed: what is written while the person types appears
 * above the prompt, and prompt and line come again below it.
 */
export class Terminal implements Sink {
  readonly #lines: Interface
  readonly #stream: NodeJS.WriteStream
  /** The person sees a prompt. */
  prompting = false

  constructor(lines: Interface, stream: NodeJS.WriteStream) {
    this.#lines = lines
    this.#stream = stream
  }

  write(bytes: string | Uint8Array): void {
    if (!this.prompting) {
      this.#stream.write(bytes)
      return
    }
    // A long line covers several rows: go up to where the prompt starts.
    const { rows } = this.#lines.getCursorPos()
    if (rows > 0) moveCursor(this.#stream, 0, -rows)
    cursorTo(this.#stream, 0)
    clearScreenDown(this.#stream)
    this.#stream.write(bytes)
    // readline goes up as many rows as before to redraw: give it those.
    if (rows > 0) this.#stream.write('\n'.repeat(rows))
    this.#lines.prompt(true)
  }

  /** Shows the prompt on a fresh line, for the next command. */
  prompt(text: string): void {
    this.prompting = true
    this.#lines.setPrompt(text)
    // What was typed ahead is there already, and the person goes on at its end.
    this.#lines.prompt(true)
  }

  /** The prompt says something new; the line that is being typed stays. */
  changePrompt(text: string): void {
    this.#lines.setPrompt(text)
    if (this.prompting) this.#lines.prompt(true)
  }

  /** Throws away the line that is being typed. */
  cancelLine(): void {
    this.#lines.write(null, { ctrl: true, name: 'e' })
    this.#lines.write(null, { ctrl: true, name: 'u' })
    this.#stream.write('^C\n')
  }
}
