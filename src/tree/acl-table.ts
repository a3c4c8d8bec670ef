import { assert } from '../runtime/assert.ts'
import type { JuteReader } from '../wire/jute-reader.ts'
import { JuteWriter } from '../wire/jute-writer.ts'
import { Permission } from '../wire/node-flags.ts'
import { type Acl, acls } from '../wire/records.ts'
import { hashBytes } from './digest.ts'
import type { Identities } from './identities.ts'

/** An access control list. Nodes with equal lists share one. What it says never changes. */
export class AclList {
  readonly entries: readonly Acl[]
  /** As it goes over the wire: a vector of ACL. */
  readonly bytes: Buffer
  readonly hash: number
  /** Nodes that have it; kept by the table. */
  references = 0
  /** What nodes have in its place; kept by the table. */
  number = 0
  /**
   * Who was last looked up in it, and the bits that were found. A client asks for many nodes in a row, and a list as long
   * as a request may be takes tens of milliseconds to go through.
   */
  lastAskedBy: Identities | null = null
  lastGranted = 0

  constructor(entries: readonly Acl[]) {
    const writer = new JuteWriter(64)
    acls.write(writer, entries)
    this.entries = entries
    this.bytes = writer.take()
    this.hash = hashBytes(this.bytes, 0, this.bytes.length)
  }
}

/** Everybody may do everything: what nearly all nodes have. It belongs to no table and is not counted. */
export const openAcl = new AclList([{ perms: Permission.all, scheme: 'world', id: 'anyone' }])
/** Everybody may read. */
export const readOnlyEntries: readonly Acl[] = [{ perms: Permission.read, scheme: 'world', id: 'anyone' }]

/** Whether the open list stands at the reader's position; it is skipped then. */
export function skipOpenAcl(reader: JuteReader): boolean {
  const expected = openAcl.bytes
  if (reader.remaining < expected.length) return false
  const bytes = reader.bytes
  const start = reader.position
  for (let i = expected.length - 1; i >= 0; i--) if (bytes[start + i] !== expected[i]) return false
  reader.skip(expected.length)
  return true
}

/** Its bytes as words, the last of which overlaps the one before. */
const openWords = wordPlaces(openAcl.bytes.length).map((at) => openAcl.bytes.readInt32BE(at))
const openPlaces = wordPlaces(openAcl.bytes.length)

function wordPlaces(length: number): number[] {
  const places: number[] = []
  for (let at = 0; at + 4 <= length; at += 4) places.push(at)
  places.push(length - 4)
  return places
}

/** Whether the open list, and nothing else, stands in `view` from `start` to `end`. */
export function isOpenAcl(view: DataView, start: number, end: number): boolean {
  if (end - start !== openAcl.bytes.length) return false
  for (let i = 0; i < openWords.length; i++)
    if (view.getInt32(start + (openPlaces[i] as number)) !== openWords[i]) return false
  return true
}

/** Keeps one list of each kind, as long as a node has it. */
export class AclTable {
  readonly #lists = new Map<string, AclList>()
  readonly #byNumber: AclList[] = [openAcl]
  readonly #freeNumbers: number[] = []

  /** Reads the list of a transaction or snapshot, for `reference`. */
  read(reader: JuteReader): AclList {
    if (skipOpenAcl(reader)) return openAcl
    const start = reader.position
    const count = reader.vectorLength()
    for (let i = 0; i < count; i++) {
      reader.skip(4)
      reader.skip(Math.max(reader.lengthPrefix(), 0))
      reader.skip(Math.max(reader.lengthPrefix(), 0))
    }
    const known = this.#lists.get(reader.bytes.toString('latin1', start, reader.position))
    if (known !== undefined) return known
    reader.reset(reader.bytes, start, reader.position + reader.remaining)
    return new AclList(acls.read(reader) ?? [])
  }

  /** The list of this number. That of a node that was just removed is still told. */
  at(number: number): AclList {
    return this.#byNumber[number] as AclList
  }

  /** A node takes the list on. Returns the number of the one to keep. */
  reference(list: AclList): number {
    if (list === openAcl) return 0
    const key = list.bytes.toString('latin1')
    const kept = this.#lists.get(key) ?? list
    if (kept.references++ === 0) {
      this.#lists.set(key, kept)
      kept.number = this.#freeNumbers.pop() ?? this.#byNumber.length
      this.#byNumber[kept.number] = kept
    }
    return kept.number
  }

  /** A node gives the list up. */
  release(number: number): void {
    if (number === 0) return
    const list = this.at(number)
    assert(list.references > 0, 'an access control list is released more often than taken')
    if (--list.references > 0) return
    this.#lists.delete(list.bytes.toString('latin1'))
    // A long list is not to be held by a number that nobody has; the last one is still asked for.
    const before = this.#freeNumbers.at(-1)
    if (before !== undefined) this.#byNumber[before] = openAcl
    this.#freeNumbers.push(number)
  }

  get size(): number {
    return this.#lists.size
  }

  clear(): void {
    for (const list of this.#lists.values()) list.references = 0
    this.#lists.clear()
    this.#byNumber.length = 1
    this.#freeNumbers.length = 0
  }
}
