import { conf } from './conf.ts'
import { mntr } from './mntr.ts'
import type { ServerView } from './server-view.ts'
import { srvr, stat } from './srvr.ts'

interface Word {
  /** Whether it is answered also by a server that does not serve. */
  readonly always: boolean
  answer(view: ServerView): string | Promise<string>
}

const words = new Map<string, Word>([
  ['ruok', { always: true, answer: () => 'imok' }],
  ['srvr', { always: false, answer: srvr }],
  ['stat', { always: false, answer: stat }],
  ['mntr', { always: false, answer: mntr }],
  ['conf', { always: false, answer: conf }],
])

/** ZooKeeper has them, this server does not yet: they are refused like words that are not enabled. */
const wordsToCome = new Set('cons crst dirs dump envi gtmk hash isro srst stmk wchc wchp wchs'.split(' '))

const notServing = 'This ZooKeeper instance is not currently serving requests\n'

/** What may be asked in four letters, in place of a first frame. */
export class FourLetterWords {
  readonly #view: ServerView

  constructor(view: ServerView) {
    this.#view = view
  }

  /** Otherwise the four bytes are the length of a frame. */
  has(name: string): boolean {
    return words.has(name) || wordsToCome.has(name)
  }

  /** `name`: one that there is. */
  async answer(name: string): Promise<string> {
    const word = words.get(name)
    const enabled = this.#view.config.fourLetterWords
    if (word === undefined || !(enabled === '*' || enabled.has(name))) {
      return `${name} is not executed because it is not in the whitelist.\n`
    }
    if (!word.always && this.#view.mode() === null) return notServing
    return word.answer(this.#view)
  }
}
