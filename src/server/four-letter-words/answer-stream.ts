import type { Connection } from '../../runtime/network.ts'
import type { Timers } from '../../runtime/timers.ts'

/** Characters that are gathered for one write. */
const chunkCharacters = 64 * 1024
/** Entries that are looked at in one turn. */
const piecesPerTurn = 4_096

/**
 * Sends an answer that may be long, some of it per turn, and no faster than it is taken: neither a hundred thousand watches
 * nor a monitor that does not read may hold the server up, or grow in its memory.
 */
export class AnswerStream {
  readonly #socket: Connection
  readonly #timers: Timers
  readonly #pieces: Iterator<string>
  readonly #onEnd: (error: unknown) => void
  #ended = false

  /** `onEnd` is called once, with null when all is sent. */
  constructor(socket: Connection, timers: Timers, pieces: Iterable<string>, onEnd: (error: unknown) => void) {
    this.#socket = socket
    this.#timers = timers
    this.#pieces = pieces[Symbol.iterator]()
    this.#onEnd = onEnd
  }

  /** To be called at first, and when the socket has drained. */
  readonly go = (): void => {
    if (this.#ended) return
    if (this.#socket.closed) return this.#end(null)
    try {
      this.#send()
    } catch (error) {
      this.#end(error)
    }
  }

  #send(): void {
    let text = ''
    for (let count = 0; count < piecesPerTurn && text.length < chunkCharacters; count++) {
      const { done, value } = this.#pieces.next()
      if (done === true) {
        if (text !== '') this.#socket.write(Buffer.from(text))
        return this.#end(null)
      }
      text += value
    }
    if (this.#socket.write(Buffer.from(text))) this.#timers.endOfTurn(this.go)
  }

  #end(error: unknown): void {
    this.#ended = true
    this.#onEnd(error)
  }
}
