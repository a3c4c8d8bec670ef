/** What was done to a node. */
export interface TreeChange {
  zxid: number
  type: 'created' | 'deleted' | 'dataChanged'
  path: string
}

/** What a watch tells, or has to. */
export interface Told {
  zxid: number
  type: 'created' | 'deleted' | 'dataChanged' | 'childrenChanged'
  path: string
}

/** Everything that ever happened to some nodes, in the order in which it happened: what watches are measured by. */
export class TreeChanges {
  readonly #all: readonly TreeChange[]
  readonly #own = new Map<string, TreeChange[]>()
  readonly #children = new Map<string, TreeChange[]>()

  constructor(changes: readonly TreeChange[]) {
    this.#all = [...changes].sort((a, b) => a.zxid - b.zxid)
    for (const change of this.#all) {
      add(this.#own, change.path, change)
      if (change.type !== 'dataChanged') add(this.#children, parentOf(change.path), change)
    }
  }

  /** Everything with `afterZxid` < zxid <= `throughZxid`. */
  between(afterZxid: number, throughZxid: number): readonly TreeChange[] {
    return this.#all.slice(firstAbove(this.#all, afterZxid), firstAbove(this.#all, throughZxid))
  }

  /** The first change of the node itself behind a zxid. */
  firstOf(path: string, afterZxid: number): TreeChange | undefined {
    return firstIn(this.#own.get(path), afterZxid)
  }

  /** The first change behind a zxid that a watch on the children of a node tells: a child comes or goes, or the node goes. */
  firstOfChildren(path: string, afterZxid: number): Told | undefined {
    const child = firstIn(this.#children.get(path), afterZxid)
    const gone = this.#own.get(path)?.find(({ type, zxid }) => type === 'deleted' && zxid > afterZxid)
    if (child === undefined || (gone !== undefined && gone.zxid < child.zxid)) return gone
    return { zxid: child.zxid, type: 'childrenChanged', path }
  }

  /** The first creation of a node behind a zxid. */
  firstCreation(path: string, afterZxid: number): TreeChange | undefined {
    const own = this.#own.get(path) ?? []
    for (let i = firstAbove(own, afterZxid); i < own.length; i++)
      if (own[i]?.type === 'created') return own[i]
    return undefined
  }

  /** Whether the node was there as of a zxid. */
  existsAt(path: string, zxid: number): boolean {
    const own = this.#own.get(path) ?? []
    const last = own[firstAbove(own, zxid) - 1]
    return last !== undefined && last.type !== 'deleted'
  }

  /** Whether exactly this happened. */
  has({ type, path, zxid }: Told): boolean {
    if (type !== 'childrenChanged') {
      return this.#own.get(path)?.[this.#indexAt(path, zxid)]?.type === type
    }
    return firstIn(this.#children.get(path), zxid - 1)?.zxid === zxid
  }

  /**
   * Whether something with `afterZxid` < zxid <= `throughZxid` can come out as such an event where only the state before and the
   * state after it are compared.
   */
  accountsFor(type: Told['type'], path: string, afterZxid: number, throughZxid: number): boolean {
    const own = this.#own.get(path) ?? []
    const happened = own.slice(firstAbove(own, afterZxid), firstAbove(own, throughZxid))
    switch (type) {
      case 'created':
      case 'deleted':
        return happened.some((change) => change.type === type)
      case 'dataChanged':
        return happened.some((change) => change.type !== 'deleted')
      case 'childrenChanged': {
        const child = firstIn(this.#children.get(path), afterZxid)
        if (child !== undefined && child.zxid <= throughZxid) return true
        return happened.some((change) => change.type === 'created')
      }
    }
  }

  #indexAt(path: string, zxid: number): number {
    const own = this.#own.get(path) ?? []
    const index = firstAbove(own, zxid) - 1
    return own[index]?.zxid === zxid ? index : -1
  }
}

/** The index of the first with a higher zxid. */
function firstAbove(changes: readonly TreeChange[], zxid: number): number {
  let low = 0
  let high = changes.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((changes[middle] as TreeChange).zxid <= zxid) low = middle + 1
    else high = middle
  }
  return low
}

function firstIn(changes: readonly TreeChange[] | undefined, afterZxid: number): TreeChange | undefined {
  return changes?.[firstAbove(changes, afterZxid)]
}

function add(map: Map<string, TreeChange[]>, path: string, change: TreeChange): void {
  const list = map.get(path)
  if (list === undefined) map.set(path, [change])
  else list.push(change)
}

export function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/'
}
