import { conf } from './conf.ts'
import { cons } from './cons.ts'
import { dirs } from './dirs.ts'
import { dump } from './dump.ts'
import { envi } from './envi.ts'
import { hash } from './hash.ts'
import { mntr } from './mntr.ts'
import { crst, srst } from './resets.ts'
import { isro, ruok } from './ruok.ts'
import type { ServerView } from './server-view.ts'
import { srvr, stat } from './srvr.ts'
import { gtmk, stmk } from './trace-mask.ts'
import { wchc, wchp, wchs } from './watches.ts'

/** Long answers are made piece by piece, as they are sent. */
export type Answer = string | Promise<string> | Iterable<string>

interface Word {
  /** Whether it is answered also by a server that does not serve. */
  readonly always?: true
  /** Bytes that follow the word and belong to it. */
  readonly argumentBytes?: number
  answer(view: ServerView, argument: Buffer): Answer
}

const words = new Map<string, Word>([
  ['ruok', { always: true, answer: ruok }],
  ['isro', { always: true, answer: isro }],
  ['envi', { always: true, answer: envi }],
  ['gtmk', { always: true, answer: gtmk }],
  ['stmk', { always: true, argumentBytes: 8, answer: stmk }],
  ['srvr', { answer: srvr }],
  ['stat', { answer: stat }],
  ['conf', { answer: conf }],
  ['cons', { answer: cons }],
  ['crst', { answer: crst }],
  ['srst', { answer: srst }],
  ['dirs', { answer: dirs }],
  ['dump', { answer: dump }],
  ['hash', { answer: hash }],
  ['wchs', { answer: wchs }],
  ['wchc', { answer: wchc }],
  ['wchp', { answer: wchp }],
  ['mntr', { answer: mntr }],
])

const notServing = 'This ZooKeeper instance is not currently serving requests'

/** What may be asked in four letters, in place of a first frame. */
export class FourLetterWords {
  readonly #view: ServerView

  constructor(view: ServerView) {
    this.#view = view
  }

  /** Otherwise the four bytes are the length of a frame. */
  has(name: string): boolean {
    return words.has(name)
  }

  argumentBytes(name: string): number {
    return words.get(name)?.argumentBytes ?? 0
  }

  /** `name`: one that there is. */
  answer(name: string, argument: Buffer): Answer {
    const word = words.get(name)
    const enabled = this.#view.config.fourLetterWords
    if (word === undefined || !(enabled === '*' || enabled.has(name))) {
      return `${name} is not executed because it is not in the whitelist.\n`
    }
    if (word.always !== true && this.#view.mode() === null) {
      if (name === 'hash') return notServing
      const trouble = this.#view.diskTrouble()
      return trouble === null ? `${notServing}\n` : `${notServing}\nDisk: ${trouble}\n`
    }
    return word.answer(this.#view, argument)
  }
}
