import type { Kinship } from './kinship.ts'
import type { NodeStore } from './node-store.ts'
import { Field, Flag } from './node-table.ts'
import type { PathIndex } from './path-index.ts'
import type { PathScan } from './path-scan.ts'
import type { Znode } from './znode.ts'

const groupMax = 4096

/** A node that has no place in the tree. */
export interface Misfit {
  node: Znode
  /** There is another one with its path, or none with its parent's. */
  because: 'twice' | 'orphan'
}

/**
 * Finds the places of many new nodes. Group by group: the processor fetches what a look-up needs for several nodes at once
 * then, where one after the other, with all else that is done for a node in between, each would wait for the memory.
 */
export class Newcomers {
  /** Nodes that children were linked to. */
  readonly parents: Znode[] = []
  readonly #store: NodeStore
  readonly #index: PathIndex
  readonly #kinship: Kinship
  readonly #nodes = new Int32Array(groupMax)
  readonly #parentHashes = new Int32Array(groupMax)
  readonly #parentLengths = new Int32Array(groupMax)
  #count = 0
  /** Nodes that came before their parent, each with the hash and the length of its path. */
  readonly #orphans: { node: Znode; parentHash: number; parentLength: number }[] = []
  #misfit: Misfit | null = null
  /** 0 for none. */
  #lastParent = 0 as Znode

  constructor(store: NodeStore, index: PathIndex, kinship: Kinship) {
    this.#store = store
    this.#index = index
    this.#kinship = kinship
  }

  /** `scan` is of its path. */
  add(node: Znode, scan: PathScan): void {
    if (this.#count === groupMax) this.#placeGroup()
    const i = this.#count++
    this.#nodes[i] = node
    this.#parentHashes[i] = scan.parentHash
    this.#parentLengths[i] = scan.parentEnd - scan.start
  }

  /** All have come. Returns one that has no place; null when all have. */
  settle(): Misfit | null {
    this.#placeGroup()
    for (const { node, parentHash, parentLength } of this.#orphans) {
      if (!this.#link(node, parentHash, parentLength)) this.#misfit ??= { node, because: 'orphan' }
    }
    this.#kinship.endRun()
    return this.#misfit
  }

  #placeGroup(): void {
    const { records } = this.#store
    const count = this.#count
    this.#count = 0
    for (let i = 0; i < count; i++) {
      const node = this.#nodes[i] as Znode
      if (this.#index.addNew(records.int(node, Field.pathHash), node)) continue
      this.#misfit ??= { node, because: 'twice' }
      this.#nodes[i] = 0
    }
    for (let i = 0; i < count; i++) {
      const node = this.#nodes[i] as Znode
      // The root has none above it.
      if (node === 0 || records.int(node, Field.pathLength) === 1) continue
      const parentHash = this.#parentHashes[i] as number
      const parentLength = this.#parentLengths[i] as number
      if (!this.#link(node, parentHash, parentLength)) this.#orphans.push({ node, parentHash, parentLength })
    }
  }

  #link(node: Znode, parentHash: number, parentLength: number): boolean {
    // Children of one parent often come in a row.
    const last = this.#lastParent
    const parent =
      last !== 0 &&
      this.#store.records.int(last, Field.pathHash) === parentHash &&
      this.#store.isPathAbove(last, node, parentLength)
        ? last
        : this.#index.findAbove(parentHash, node, parentLength)
    // Bytes without a slash, which no path is, count as what is above them: linked to itself, a node would have no end of ancestors.
    if (parent === undefined || parent === node) return false
    this.#lastParent = parent
    this.#kinship.adoptInRun(parent, node)
    if (this.#store.records.setFlag(parent, Flag.digestDue)) this.parents.push(parent)
    return true
  }
}
