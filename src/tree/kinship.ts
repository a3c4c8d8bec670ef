import { BrokenInvariant } from '../runtime/assert.ts'
import { Field, getLong, type NodeTable } from './node-table.ts'
import type { Znode } from './znode.ts'

/** Who is whose child, in the order in which they came; and what is counted up the path with each. */
export class Kinship {
  readonly #records: NodeTable
  /** Of the run that has not ended: whose children, the first and the last of them all, and what the new ones come to. */
  #runParent = 0 as Znode
  #runFirst = 0 as Znode
  #runLast = 0 as Znode
  #runChildren = 0
  #runCount = 0
  #runBytes = 0

  constructor(records: NodeTable) {
    this.#records = records
  }

  /** 0 for none. */
  parent(node: Znode): Znode {
    return this.#link(node, Field.parent)
  }

  /** 0 for none. Not during a run, which hides its children. */
  firstChild(node: Znode): Znode {
    if (this.#runParent !== 0)
      throw new BrokenInvariant('children are looked for while some wait to be counted')
    return this.#link(node, Field.firstChild)
  }

  /** 0 behind the last one. */
  nextSibling(node: Znode): Znode {
    return this.#link(node, Field.nextSibling)
  }

  /**
   * For one or many in a row: what is counted up the path of a parent is added when another one's turn comes, or at `endRun`.
   * Until then nothing else may be done here.
   */
  adoptInRun(parent: Znode, node: Znode): void {
    const records = this.#records
    if (parent !== this.#runParent) {
      this.endRun()
      const first = this.firstChild(parent)
      this.#runParent = parent
      this.#runFirst = first
      this.#runLast = first === 0 ? first : this.#link(first, Field.previousSibling)
    }
    const view = records.view(node)
    const at = records.at(node)
    view.setInt32(at + Field.parent, parent)
    if (this.#runFirst === 0) this.#runFirst = node
    else {
      view.setInt32(at + Field.previousSibling, this.#runLast)
      records.setInt(this.#runLast, Field.nextSibling, node)
    }
    this.#runLast = node
    this.#runChildren++
    this.#runCount += 1 + view.getInt32(at + Field.descendantCount)
    this.#runBytes += view.getInt32(at + Field.dataLength) + getLong(view, at + Field.descendantBytes)
  }

  endRun(): void {
    const parent = this.#runParent
    if (parent === 0) return
    const records = this.#records
    records.setInt(parent, Field.firstChild, this.#runFirst)
    records.setInt(this.#runFirst, Field.previousSibling, this.#runLast)
    this.#countChildren(parent, this.#runChildren)
    this.addToAncestors(this.#runLast, this.#runCount, this.#runBytes)
    this.#runParent = 0 as Znode
    this.#runChildren = 0
    this.#runCount = 0
    this.#runBytes = 0
  }

  /** The node still knows its parent. */
  unlink(node: Znode): void {
    const records = this.#records
    const parent = this.parent(node)
    const first = this.firstChild(parent)
    const next = this.nextSibling(node)
    const previous = this.#link(node, Field.previousSibling)
    if (node === first) records.setInt(parent, Field.firstChild, next)
    else records.setInt(previous, Field.nextSibling, next)
    if (next !== 0) records.setInt(next, Field.previousSibling, previous)
    else if (node !== first) records.setInt(first, Field.previousSibling, previous)
    this.#countChildren(parent, -1)
    this.addToAncestors(node, -1, -records.int(node, Field.dataLength))
  }

  addToAncestors(node: Znode, count: number, bytes: number): void {
    const records = this.#records
    for (let above = this.parent(node); above !== 0; above = this.parent(above)) {
      if (count !== 0) {
        records.setInt(above, Field.descendantCount, records.int(above, Field.descendantCount) + count)
      }
      if (bytes !== 0) {
        records.setLong(above, Field.descendantBytes, records.long(above, Field.descendantBytes) + bytes)
      }
    }
  }

  #countChildren(parent: Znode, more: number): void {
    const records = this.#records
    const count = records.int(parent, Field.childCount) + more
    records.setInt(parent, Field.childCount, count)
    records.setInt(parent, Field.cversion, 2 * records.int(parent, Field.childCreations) - count)
  }

  #link(node: Znode, field: number): Znode {
    return this.#records.int(node, field) as Znode
  }
}
