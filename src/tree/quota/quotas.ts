import type { Tree } from '../tree.ts'
import type { Znode } from '../znode.ts'
import { Figures } from './figures.ts'
import { limitsName, quotaOf, statsName, statsPathOf } from './quota-paths.ts'

/**
 * Which nodes have a quota, and how much there is below them. A quota begins and ends with its node of limits. Its usage
 * stands in the data of its stats node, and nowhere else: so it is part of the state, of snapshots and of the digest, as
 * every other node is. Only the deepest quota above a change counts it, as in ZooKeeper.
 */
export class Quotas {
  readonly #tree: Tree
  readonly #active = new Set<string>()
  /** How many of them have a path of this length. Paths may be deep: only what can be a quota is cut out and looked up. */
  readonly #withLength = new Map<number, number>()

  constructor(tree: Tree) {
    this.#tree = tree
  }

  get size(): number {
    return this.#active.size
  }

  /** The deepest node, from this one upwards, that has a quota; null for none. */
  deepestAt(path: string): string | null {
    for (let at = path.length; at > 0; at = path.lastIndexOf('/', at - 1)) {
      if (!this.#withLength.has(at)) continue
      const quota = path.substring(0, at)
      if (this.#active.has(quota)) return quota
    }
    return null
  }

  /** A node is there, by whatever way. The root has no quota: in ZooKeeper its server ends on one. */
  appeared(path: string): void {
    const quota = quotaOf(path, limitsName)
    if (quota === null || quota === '' || this.#active.has(quota)) return
    this.#active.add(quota)
    this.#withLength.set(quota.length, (this.#withLength.get(quota.length) ?? 0) + 1)
  }

  created(node: Znode): void {
    const path = this.#tree.path(node)
    const quota = quotaOf(path, statsName)
    if (quota !== null) this.#takeStock(quota, node)
    this.#count(path, 1, this.#tree.dataLength(node))
  }

  removed(node: Znode): void {
    const path = this.#tree.path(node)
    const quota = quotaOf(path, limitsName)
    if (quota !== null && this.#active.delete(quota)) this.#forgetLength(quota.length)
    this.#count(path, -1, -this.#tree.dataLength(node))
  }

  dataChanged(path: string, bytesDifference: number): void {
    if (bytesDifference !== 0) this.#count(path, 0, bytesDifference)
  }

  clear(): void {
    this.#active.clear()
    this.#withLength.clear()
  }

  #forgetLength(length: number): void {
    const left = (this.#withLength.get(length) ?? 0) - 1
    if (left > 0) this.#withLength.set(length, left)
    else this.#withLength.delete(length)
  }

  #count(path: string, nodes: number, bytes: number): void {
    const quota = this.deepestAt(path)
    if (quota === null) return
    const stats = this.#tree.find(statsPathOf(quota))
    if (stats === undefined) return
    this.#write(stats, Figures.parse(this.#tree.data(stats)).add('count', nodes).add('bytes', bytes))
  }

  #takeStock(quota: string, stats: Znode): void {
    const tree = this.#tree
    const root = tree.find(quota)
    const count = root === undefined ? 0 : 1 + tree.descendantCount(root)
    const bytes = root === undefined ? 0 : tree.subtreeBytes(root)
    this.#write(stats, new Figures().set('count', count).set('bytes', bytes))
  }

  #write(stats: Znode, figures: Figures): void {
    this.#tree.rewriteData(stats, Buffer.from(figures.toString()))
  }
}
