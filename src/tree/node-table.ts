import { BrokenInvariant } from '../runtime/assert.ts'
import type { JuteWriter } from '../wire/jute-writer.ts'
import type { Znode } from './znode.ts'

/**
 * The fields of a node's record, by offset; 64-bit ones are told by `long`, others by `int`. The first 68 bytes are the
 * Stat as it goes over the wire.
 */
export const Field = {
  /** long */
  czxid: 0,
  /** long */
  mzxid: 8,
  /** long */
  ctime: 16,
  /** long */
  mtime: 24,
  version: 32,
  /** Twice the children ever created, minus those there are. */
  cversion: 36,
  aversion: 40,
  /** long: what clients see of `owner` */
  ephemeralOwner: 44,
  dataLength: 52,
  childCount: 56,
  /** long: last child create or delete; the node's own czxid before any. */
  pzxid: 60,
  /** Children ever created: the next sequential child's number. Wraps at 2^31. */
  childCreations: 68,
  /** long */
  owner: 72,
  /** long: bytes of the data of all nodes below: a client may begin a quota, as often as it likes. */
  descendantBytes: 80,
  /** All nodes below: a client may ask for the number, and a walk through a million nodes would stall the server. */
  descendantCount: 88,
  /** 0 for the root, and while a snapshot has not brought it yet. */
  parent: 92,
  /** 0 for none. */
  firstChild: 96,
  /** 0 behind the last one. */
  nextSibling: 100,
  /** Of the first one: the last. */
  previousSibling: 104,
  pathHash: 108,
  /** What the node adds to the state's digest. */
  digestA: 112,
  digestB: 116,
  /** Where path and data stand; 0 in a record that is not used. */
  chunk: 120,
  pathLength: 124,
  /** Number of its access control list. */
  acl: 128,
  /** The last snapshot that has this node as it should be. */
  snapshotMark: 132,
  /** On a leader: what the overlay has of the node as proposals in flight will leave it. 0 for nothing. */
  pending: 136,
  flags: 140,
} as const

export const Flag = {
  /** The data are null, which is not the same as empty. */
  noData: 1,
  /** Every byte of the path is a character. */
  asciiPath: 2,
  /** Its digest is to be reckoned anew. */
  digestDue: 4,
  /** A snapshot under way needs what stands in the chunk: it must not change, nor be given back. */
  chunkKept: 8,
} as const

export const statBytes = 68
const recordBytes = 144
const pageBits = 12
const recordsPerPage = 2 ** pageBits
const nodesMax = 2 ** 30

class Page {
  readonly bytes: Buffer
  readonly view: DataView

  constructor() {
    const memory = new ArrayBuffer(recordsPerPage * recordBytes)
    this.bytes = Buffer.from(memory)
    this.view = new DataView(memory)
  }
}

/**
 * Records of fixed size, in pages outside of what the garbage collector looks through. A node is the number of its record,
 * and record numbers are used again.
 */
export class NodeTable {
  readonly #pages: Page[] = []
  /** Numbers from here on were never used; 0 is none. */
  #end = 1
  /** The record that was released last; `nextSibling` leads to the one before. */
  #free = 0
  #count = 0

  /** Records in use. */
  get count(): number {
    return this.#count
  }

  /** All nodes have lower numbers. */
  get end(): number {
    return this.#end
  }

  /** A record of zeros. It counts as used once it has a chunk. */
  allocate(): Znode {
    this.#count++
    if (this.#free !== 0) {
      const node = this.#free as Znode
      this.#free = this.int(node, Field.nextSibling)
      const at = (node & (recordsPerPage - 1)) * recordBytes
      this.#page(node).bytes.fill(0, at, at + recordBytes)
      return node
    }
    const node = this.#end++ as Znode
    if (node >= nodesMax) throw new BrokenInvariant('the tree has more nodes than can be numbered')
    if (node >>> pageBits === this.#pages.length) this.#pages.push(new Page())
    return node
  }

  release(node: Znode): void {
    this.#count--
    this.setInt(node, Field.chunk, 0)
    this.setInt(node, Field.nextSibling, this.#free)
    this.#free = node
  }

  isUsed(node: Znode): boolean {
    return this.int(node, Field.chunk) !== 0
  }

  /** What the record stands in, from `at` on. */
  view(node: Znode): DataView {
    return this.#page(node).view
  }

  at(node: Znode): number {
    return (node & (recordsPerPage - 1)) * recordBytes
  }

  int(node: Znode, field: number): number {
    return this.#page(node).view.getInt32((node & (recordsPerPage - 1)) * recordBytes + field)
  }

  setInt(node: Znode, field: number, value: number): void {
    this.#page(node).view.setInt32((node & (recordsPerPage - 1)) * recordBytes + field, value)
  }

  /** A safe integer of either sign. */
  long(node: Znode, field: number): number {
    return getLong(this.#page(node).view, (node & (recordsPerPage - 1)) * recordBytes + field)
  }

  setLong(node: Znode, field: number, value: number): void {
    putLong(this.#page(node).view, (node & (recordsPerPage - 1)) * recordBytes + field, value)
  }

  /** Whether it was not set. */
  setFlag(node: Znode, flag: number): boolean {
    const flags = this.int(node, Field.flags)
    if ((flags & flag) !== 0) return false
    this.setInt(node, Field.flags, flags | flag)
    return true
  }

  clearFlag(node: Znode, flag: number): void {
    this.setInt(node, Field.flags, this.int(node, Field.flags) & ~flag)
  }

  writeStat(node: Znode, writer: JuteWriter): void {
    const at = (node & (recordsPerPage - 1)) * recordBytes
    writer.rawRange(this.#page(node).bytes, at, at + statBytes)
  }

  #page(node: Znode): Page {
    return this.#pages[node >>> pageBits] as Page
  }
}

/** A safe integer of either sign, as `putLong` writes it. */
export function getLong(view: DataView, at: number): number {
  return view.getInt32(at) * 2 ** 32 + view.getUint32(at + 4)
}

/** Writes a safe integer of either sign, as a field that `long` tells. */
export function putLong(view: DataView, at: number, value: number): void {
  // Not `assert`: its message would be a closure on the hottest path there is.
  if (!Number.isSafeInteger(value)) throw new BrokenInvariant(`${value} is not an exact integer`)
  view.setInt32(at, Math.floor(value / 2 ** 32))
  // Modulo 2^32, for negative numbers too: two's complement.
  view.setInt32(at + 4, value >>> 0)
}
