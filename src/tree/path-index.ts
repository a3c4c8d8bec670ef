import { assert, BrokenInvariant } from '../runtime/assert.ts'
import type { NodeStore } from './node-store.ts'
import { Field } from './node-table.ts'
import type { Znode } from './znode.ts'

const partBits = 8
const slotsMin = 16
/** Longer ones are looked up by their bytes, which are compared faster. */
const shortPathMax = 256
/**
 * How far from its place a node is looked for. Well-spread hashes stay far below; names chosen so that their hashes meet
 * would otherwise make every look-up a search through all of them.
 */
const stepsMax = 128
const lateMax = 1024

/** Hash and node alternate; node 0 is an empty slot. */
class Part {
  slots = new Int32Array(2 * slotsMin)
  mask = slotsMin - 1
  used = 0

  /** At most three of five slots are used. */
  hasRoomFor(nodes: number): boolean {
    return nodes * 5 <= (this.mask + 1) * 3
  }
}

/**
 * Finds nodes by path: a hash table outside of what the garbage collector looks through. It grows in parts, each by itself,
 * for to move a million entries at once would stall the server.
 */
export class PathIndex {
  readonly #store: NodeStore
  readonly #parts = Array.from({ length: 2 ** partBits }, () => new Part())
  /** Those that had no room near their place. */
  readonly #others = new Map<string, Znode>()
  /** Those that `addLate` was given. */
  readonly #late = new Int32Array(lateMax)
  #lateCount = 0

  constructor(store: NodeStore) {
    this.#store = store
  }

  /** By the bytes of a path. */
  find(hash: number, bytes: Buffer, start: number, end: number): Znode | undefined {
    const { slots, mask } = this.#parts[hash >>> (32 - partBits)] as Part
    for (let i = hash & mask, steps = 0; steps < stepsMax; i = (i + 1) & mask, steps++) {
      const node = slots[2 * i + 1] as Znode
      if (node === 0) break
      if (slots[2 * i] === hash && this.#store.hasPath(node, bytes, start, end)) return node
    }
    if (this.#lateCount > 0) {
      this.placeLate()
      return this.find(hash, bytes, start, end)
    }
    return this.#others.size === 0 ? undefined : this.#others.get(bytes.toString('utf8', start, end))
  }

  findText(hash: number, path: string): Znode | undefined {
    if (path.length > shortPathMax) {
      const bytes = Buffer.from(path)
      return this.find(hash, bytes, 0, bytes.length)
    }
    const { slots, mask } = this.#parts[hash >>> (32 - partBits)] as Part
    for (let i = hash & mask, steps = 0; steps < stepsMax; i = (i + 1) & mask, steps++) {
      const node = slots[2 * i + 1] as Znode
      if (node === 0) break
      if (slots[2 * i] === hash && this.#store.hasPathText(node, path)) return node
    }
    if (this.#lateCount > 0) {
      this.placeLate()
      return this.findText(hash, path)
    }
    return this.#others.size === 0 ? undefined : this.#others.get(path)
  }

  /** The node is not in it yet. */
  add(hash: number, node: Znode): void {
    const part = this.#parts[hash >>> (32 - partBits)] as Part
    if (!part.hasRoomFor(part.used + 1)) this.#grow(part)
    if (!place(part, hash, node)) this.#others.set(this.#store.path(node), node)
  }

  /**
   * As `add`, of a node whose record has its hash. It is put in when somebody looks for what is not there yet, or together with
   * many others: the processor fetches what it needs for several of them at once then, where one after the other each would wait
   * for the memory. That there is none with the same path is checked then.
   */
  addLate(node: Znode): void {
    if (this.#lateCount === lateMax) this.placeLate()
    this.#late[this.#lateCount++] = node
  }

  placeLate(): void {
    const count = this.#lateCount
    this.#lateCount = 0
    for (let i = 0; i < count; i++) {
      const node = this.#late[i] as Znode
      if (!this.addNew(this.#store.records.int(node, Field.pathHash), node))
        throw twice(this.#store.path(node))
    }
  }

  /** Makes room for about so many nodes, while there are none: cheaper than to grow again and again. */
  reserve(nodes: number): void {
    for (const part of this.#parts) {
      assert(part.used === 0, 'room is reserved in an index that is in use')
      part.mask = slotsMin - 1
      while (!part.hasRoomFor(nodes / this.#parts.length)) part.mask = 2 * part.mask + 1
      part.slots = new Int32Array(2 * (part.mask + 1))
    }
  }

  /** As `add`, unless there is one with the same path: whether there was none. */
  addNew(hash: number, node: Znode): boolean {
    const { slots, mask } = this.#parts[hash >>> (32 - partBits)] as Part
    for (let i = hash & mask, steps = 0; steps < stepsMax; i = (i + 1) & mask, steps++) {
      const found = slots[2 * i + 1] as Znode
      if (found === 0) break
      if (slots[2 * i] === hash && this.#store.haveSamePath(found, node)) return false
    }
    if (this.#others.size > 0 && this.#others.has(this.#store.path(node))) return false
    this.add(hash, node)
    return true
  }

  /** By the first bytes of a node's path. */
  findAbove(hash: number, node: Znode, length: number): Znode | undefined {
    const start = this.#store.pathAt(node)
    return this.find(hash, this.#store.pathBytes(node), start, start + length)
  }

  delete(hash: number, node: Znode): void {
    if (this.#lateCount > 0) this.placeLate()
    const part = this.#parts[hash >>> (32 - partBits)] as Part
    const { slots, mask } = part
    for (let i = hash & mask, steps = 0; steps < stepsMax; i = (i + 1) & mask, steps++) {
      if (slots[2 * i + 1] === 0) break
      if (slots[2 * i + 1] !== node) continue
      closeGap(slots, mask, i)
      part.used--
      return
    }
    this.#others.delete(this.#store.path(node))
  }

  #grow(part: Part): void {
    const before = part.slots
    part.slots = new Int32Array(before.length * 2)
    part.mask = before.length - 1
    part.used = 0
    for (let at = 0; at < before.length; at += 2) {
      const node = before[at + 1] as Znode
      if (node === 0 || place(part, before[at] as number, node)) continue
      this.#others.set(this.#store.path(node), node)
    }
  }
}

const twice = (path: string): BrokenInvariant =>
  new BrokenInvariant(`there is already a node at the path of another: ${path}`)

/** Whether there was room near enough. */
function place(part: Part, hash: number, node: Znode): boolean {
  const { slots, mask } = part
  for (let i = hash & mask, steps = 0; steps < stepsMax; i = (i + 1) & mask, steps++) {
    if (slots[2 * i + 1] !== 0) continue
    slots[2 * i] = hash
    slots[2 * i + 1] = node
    part.used++
    return true
  }
  return false
}

/**
 * Empties a slot and moves up those behind it that are not at their place, so that a search may end at an empty slot. What
 * is further behind than a search goes has its place behind the hole: names chosen so that their hashes follow each other
 * would otherwise make each deletion a walk along all of them.
 */
function closeGap(slots: Int32Array, mask: number, gap: number): void {
  let hole = gap
  for (let i = (gap + 1) & mask; slots[2 * i + 1] !== 0; i = (i + 1) & mask) {
    if (((i - hole) & mask) >= stepsMax) break
    const home = (slots[2 * i] as number) & mask
    if (((i - home) & mask) < ((i - hole) & mask)) continue
    slots[2 * hole] = slots[2 * i] as number
    slots[2 * hole + 1] = slots[2 * i + 1] as number
    hole = i
  }
  slots[2 * hole + 1] = 0
}
