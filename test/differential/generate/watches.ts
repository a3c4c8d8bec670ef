import type { SeededRandom } from '../../../src/runtime/seeded-random.ts'
import { SpecialXid } from '../../../src/wire/opcodes.ts'
import type { Field, Request, Text } from '../program.ts'
import { request } from './request.ts'

/**
 * What a program has to do with watches. ZooKeeper 3.8 and later ones differ in what they do with several kinds of watches of
 * one client on one path, and with watches on what may not be read; a program keeps to a part in which they agree.
 *
 * - `standard`: those that fire once. Everything may be read.
 * - `persistent`: all kinds, but on any path only one. Everything may be read.
 * - `none`: nodes may be unreadable, so nothing is watched.
 */
export type WatchFamily = 'standard' | 'persistent' | 'none'

type WatchKind = 'standard' | 'persistent' | 'recursive'

const modes = { persistent: 0, recursive: 1 } as const

/** Makes the requests about watches. */
export class WatchRequests {
  readonly #random: SeededRandom
  readonly #family: WatchFamily
  readonly #anyPath: () => Text

  constructor(random: SeededRandom, family: WatchFamily, anyPath: () => Text) {
    this.#random = random
    this.#family = family
    this.#anyPath = anyPath
  }

  /** The watch flag of a read. */
  flag(path: Text): Field {
    return { bool: this.#takes(path, 'standard') && this.#random.chance(1, 2) ? 1 : 0 }
  }

  /** Null where the program has nothing to do with watches. */
  any(stepsSoFar: number): Request | null {
    const random = this.#random
    if (this.#family === 'none') return null
    const draw = random.below(20)
    if (draw < 8) return this.#add()
    if (draw < 11) return request('removeWatches', this.#pathField(), { int: this.#typeToRemove() })
    if (draw < 14) return request('checkWatches', this.#pathField(), { int: this.#typeToCheck() })
    return this.#setWatches(draw < 17 ? 'setWatches' : 'setWatches2', stepsSoFar)
  }

  #add(): Request {
    // Apache ZooKeeper takes a watch on no path at all, and then cannot close the connection.
    const path = this.#anyPath() ?? ''
    if (this.#random.chance(1, 15))
      return request('addWatch', { text: path }, { int: this.#random.pick([2, -1, 99]) })
    const kind = this.#kindAt(path)
    return kind === 'standard'
      ? request(this.#random.pick(['getData', 'exists', 'getChildren']), { text: path }, { bool: 1 })
      : request('addWatch', { text: path }, { int: modes[kind] })
  }

  /** Of several kinds on one path, ZooKeeper 3.8 removes others than asked for. */
  #typeToRemove(): number {
    if (this.#random.chance(1, 12)) return this.#random.pick([0, 6, -1, 77])
    return this.#family === 'standard' ? this.#random.between(1, 3) : 3
  }

  #typeToCheck(): number {
    return this.#random.chance(1, 12) ? this.#random.pick([0, 6, -1, 77]) : this.#random.between(1, 5)
  }

  #setWatches(name: 'setWatches' | 'setWatches2', stepsSoFar: number): Request {
    const random = this.#random
    const relative: Field = random.chance(1, 8)
      ? { long: random.pick(['0', '-1', '9223372036854775807']) }
      : { zxidBefore: random.below(stepsSoFar + 1) }
    const kinds: WatchKind[] = ['standard', 'standard', 'standard']
    if (name === 'setWatches2') kinds.push('persistent', 'recursive')
    // ZooKeeper does what stands before a missing list, Banyan does nothing then: there, nothing stands before it.
    const lists = random.chance(1, 30) ? oneMissing(random, kinds) : kinds.map((kind) => this.#list(kind))
    const made = request(name, relative, ...lists)
    return random.chance(1, 3) ? { ...made, xid: SpecialXid.setWatches } : made
  }

  #list(kind: WatchKind): Field {
    const paths = Array.from({ length: this.#random.below(4) }, () => this.#anyPath() ?? '')
    return { texts: paths.filter((path) => this.#takes(path, kind)) }
  }

  /** Only what begins like a path: ZooKeeper 3.8 fails in its own way when it looks for the parents of anything else. */
  #pathField(): Field {
    const path = this.#anyPath()
    return { text: typeof path === 'string' && path.startsWith('/') ? path : '/' }
  }

  #takes(path: Text, kind: WatchKind): boolean {
    return this.#family !== 'none' && this.#kindAt(path) === kind
  }

  /** The one kind of watch that the program ever puts on a path. */
  #kindAt(path: Text): WatchKind {
    if (this.#family !== 'persistent') return 'standard'
    const kinds = ['standard', 'persistent', 'recursive'] as const
    const sum = [...JSON.stringify(path)].reduce((total, letter) => total + letter.charCodeAt(0), 0)
    return kinds[sum % kinds.length] ?? 'standard'
  }
}

function oneMissing(random: SeededRandom, { length }: readonly WatchKind[]): Field[] {
  const missing = random.below(length)
  return Array.from({ length }, (_, i) => ({ texts: i === missing ? null : [] }))
}
