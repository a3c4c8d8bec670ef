import type { Connection } from '../../runtime/network.ts'
import type { Timers } from '../../runtime/timers.ts'
import { AnswerStream } from './answer-stream.ts'
import type { FourLetterWords } from './words.ts'

const wordBytes = 4
const noBytes = Buffer.alloc(0)

export interface WordAskerOptions {
  readonly socket: Connection
  readonly timers: Timers
  readonly words: FourLetterWords
  /** A word has come whole: nothing behind it is a frame. */
  onWord(): void
  /** Called once, with null when the answer is sent. */
  onEnd(error: unknown): void
}

/** The beginning of a connection, where four letters may stand in place of a frame; and their answer. */
export class WordAsker {
  readonly #options: WordAskerOptions
  /** Null once it is known what came. */
  #first: Buffer | null = noBytes
  #answer: AnswerStream | null = null
  #isAsking = false
  #ended = false

  constructor(options: WordAskerOptions) {
    this.#options = options
  }

  /** Whether a word came. */
  get isAsking(): boolean {
    return this.#isAsking
  }

  /** Only the very first four bytes can be a word. Returns what is to be taken for frames. */
  take(bytes: Buffer): Buffer {
    if (this.#first === null) return bytes
    const first = this.#first.length > 0 ? Buffer.concat([this.#first, bytes]) : bytes
    this.#first = first
    if (first.length < wordBytes) return noBytes
    const { words, onWord } = this.#options
    const word = first.toString('latin1', 0, wordBytes)
    if (!words.has(word)) {
      this.#first = null
      return first
    }
    const end = wordBytes + words.argumentBytes(word)
    if (first.length < end) return noBytes
    this.#first = null
    this.#isAsking = true
    onWord()
    this.#say(word, first.subarray(wordBytes, end))
    return noBytes
  }

  /** The socket has drained. */
  goOn(): void {
    this.#answer?.go()
  }

  /** The connection is gone: nothing more is said. */
  stop(): void {
    this.#ended = true
  }

  #say(word: string, argument: Buffer): void {
    const { words, onEnd } = this.#options
    const answer = words.answer(word, argument)
    if (answer instanceof Promise) answer.then((text) => this.#send([text]), onEnd)
    else this.#send(typeof answer === 'string' ? [answer] : answer)
  }

  #send(pieces: Iterable<string>): void {
    if (this.#ended) return
    const { socket, timers, onEnd } = this.#options
    this.#answer = new AnswerStream(socket, timers, pieces, onEnd)
    this.#answer.go()
  }
}
