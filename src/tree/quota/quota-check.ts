import { TouchQueue } from '../touch-queue.ts'
import type { Tree } from '../tree.ts'
import type { Zxid } from '../zxid.ts'
import { Figures } from './figures.ts'
import { limitsPathOf, statsPathOf } from './quota-paths.ts'

/** A change leads beyond a limit. */
export interface QuotaExcess {
  /** The node that has the quota. */
  readonly quota: string
  readonly of: 'nodes' | 'bytes'
  /** What there would be. */
  readonly usage: number
  readonly limit: number
  readonly isHard: boolean
}

/** What a proposal in flight will add to the usage of a quota. */
class PendingChange {
  lastZxid: Zxid = 0
  readonly quota: string
  readonly nodes: number
  readonly bytes: number

  constructor(quota: string, nodes: number, bytes: number) {
    this.quota = quota
    this.nodes = nodes
    this.bytes = bytes
  }
}

/**
 * Whether changes keep to the quotas, as a leader has to know it before they are applied: by the limits and the usage that
 * are applied, and what proposals in flight add to the usage. The operations of one multi do not see each other, as in
 * ZooKeeper: together they may lead beyond a limit that none of them passes alone.
 */
export class QuotaCheck {
  readonly #tree: Tree
  readonly #pending = new TouchQueue<PendingChange>()
  readonly #sums = new Map<string, { nodes: number; bytes: number }>()
  /** Those of the multi that is being decided; null outside of one. */
  #multi: { change: PendingChange; zxid: Zxid }[] | null = null

  constructor(tree: Tree) {
    this.#tree = tree
  }

  /** While it is not, nothing else of this need be called. */
  get isNeeded(): boolean {
    return this.#tree.quotas.size > 0
  }

  /** What is wrong with a change of so much at `path`; null when nothing is. What stays as it is passes no limit. */
  excessOf(path: string, nodes: number, bytes: number): QuotaExcess | null {
    const quota = this.#tree.quotas.deepestAt(path)
    if (quota === null) return null
    const limits = this.#figures(limitsPathOf(quota))
    const usage = this.#figures(statsPathOf(quota))
    if (limits === null || usage === null) return null
    const pending = this.#sums.get(quota)
    const ofNodes = excess(quota, 'nodes', limits, usage.get('count') + (pending?.nodes ?? 0), nodes)
    if (ofNodes?.isHard) return ofNodes
    const ofBytes = excess(quota, 'bytes', limits, usage.get('bytes') + (pending?.bytes ?? 0), bytes)
    return ofBytes?.isHard ? ofBytes : (ofNodes ?? ofBytes)
  }

  /** Proposal `zxid` changes so much at `path`. */
  note(path: string, nodes: number, bytes: number, zxid: Zxid): void {
    const quota = this.#tree.quotas.deepestAt(path)
    if (quota === null) return
    const change = new PendingChange(quota, nodes, bytes)
    if (this.#multi !== null) this.#multi.push({ change, zxid })
    else this.#hold(change, zxid)
  }

  beginMulti(): void {
    this.#multi = []
  }

  commitMulti(): void {
    const multi = this.#multi
    this.#multi = null
    for (const { change, zxid } of multi ?? []) this.#hold(change, zxid)
  }

  rollbackMulti(): void {
    this.#multi = null
  }

  dropThrough(zxid: Zxid): void {
    if (this.#pending.size > 0) this.#pending.dropThrough(zxid, this.#letGo)
    if (this.#pending.size === 0 && this.#sums.size > 0) this.#sums.clear()
  }

  #figures(path: string): Figures | null {
    const node = this.#tree.find(path)
    return node === undefined ? null : Figures.parse(this.#tree.data(node))
  }

  #hold(change: PendingChange, zxid: Zxid): void {
    this.#pending.push(change, zxid)
    const sum = this.#sums.get(change.quota)
    if (sum === undefined) this.#sums.set(change.quota, { nodes: change.nodes, bytes: change.bytes })
    else {
      sum.nodes += change.nodes
      sum.bytes += change.bytes
    }
  }

  readonly #letGo = (change: PendingChange): void => {
    const sum = this.#sums.get(change.quota)
    if (sum === undefined) return
    sum.nodes -= change.nodes
    sum.bytes -= change.bytes
  }
}

/** A hard limit takes the place of a soft one. */
function excess(
  quota: string,
  of: QuotaExcess['of'],
  limits: Figures,
  usage: number,
  difference: number,
): QuotaExcess | null {
  if (difference === 0) return null
  const hard = limits.get(of === 'nodes' ? 'countHardLimit' : 'byteHardLimit')
  const isHard = hard > -1
  const limit = isHard ? hard : limits.get(of === 'nodes' ? 'count' : 'bytes')
  const after = usage + difference
  return limit > -1 && after > limit ? { quota, of, usage: after, limit, isHard } : null
}
