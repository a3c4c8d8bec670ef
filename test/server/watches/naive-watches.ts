import type { Lists } from './requests.ts'

type Table = 'data' | 'child'
type Mode = 'standard' | 'persistent' | 'recursive'

interface Watch {
  readonly client: number
  readonly table: Table
  readonly mode: Mode
  readonly path: string
}

interface Node {
  mzxid: number
  pzxid: number
  secret: boolean
}

const parentOf = (path: string): string => path.substring(0, path.lastIndexOf('/')) || '/'
const isBelow = (path: string, root: string): boolean => path.startsWith(root === '/' ? '/' : `${root}/`)

/** What the protocol says of watches, in the plainest form: one list of watches, gone through for every event. */
export class NaiveWatches {
  readonly nodes = new Map<string, Node>([
    ['/', { mzxid: 0, pzxid: 0, secret: false }],
    ['/zookeeper', { mzxid: 0, pzxid: 0, secret: false }],
  ])
  watches: Watch[] = []
  /** Clients that may read secret nodes. */
  readonly insiders = new Set<number>()
  /** By client, since the last look. */
  readonly #told = new Map<number, string[]>()

  /** What a client was told since the last look. */
  take(client: number): string[] {
    const told = this.#told.get(client) ?? []
    this.#told.delete(client)
    return told
  }

  /** Pairs of path and client, per table. */
  count(table: Table): number {
    return new Set(this.watches.filter((watch) => watch.table === table).map((w) => `${w.client} ${w.path}`))
      .size
  }

  mayRead(client: number, path: string): boolean {
    return !this.nodes.get(path)?.secret || this.insiders.has(client)
  }

  // Requests; true when they succeed.

  read(client: number, kind: 'get' | 'exists' | 'children', path: string): boolean {
    const there = this.nodes.has(path)
    if (there && !this.mayRead(client, path)) return false
    if (there || kind === 'exists') {
      this.#leave({ client, table: kind === 'children' ? 'child' : 'data', mode: 'standard', path })
    }
    return there
  }

  add(client: number, mode: 'persistent' | 'recursive', path: string): void {
    this.#leave({ client, table: 'data', mode, path })
    if (mode === 'persistent') this.#leave({ client, table: 'child', mode, path })
  }

  find(client: number, path: string, type: number): Watch[] {
    return this.watches.filter((watch) => {
      if (watch.client !== client || watch.path !== path) return false
      if (type === 1) return watch.table === 'child' && watch.mode === 'standard'
      if (type === 2) return watch.table === 'data' && watch.mode === 'standard'
      if (type === 3) return true
      return watch.mode === (type === 4 ? 'persistent' : 'recursive')
    })
  }

  remove(client: number, path: string, type: number): boolean {
    const found = new Set(this.find(client, path, type))
    this.watches = this.watches.filter((watch) => !found.has(watch))
    return found.size > 0
  }

  restore(client: number, relativeZxid: number, lists: Required<Record<keyof Lists, string[]>>): void {
    for (const path of lists.data) {
      const node = this.nodes.get(path)
      if (node === undefined) this.#tell(client, `deleted ${path}`)
      else if (node.mzxid > relativeZxid) this.#tell(client, `changed ${path}`)
      else this.#leave({ client, table: 'data', mode: 'standard', path })
    }
    for (const path of lists.exist) {
      if (this.nodes.has(path)) this.#tell(client, `created ${path}`)
      else this.#leave({ client, table: 'data', mode: 'standard', path })
    }
    for (const path of lists.child) {
      const node = this.nodes.get(path)
      if (node === undefined) this.#tell(client, `deleted ${path}`)
      else if (node.pzxid > relativeZxid) this.#tell(client, `children ${path}`)
      else this.#leave({ client, table: 'child', mode: 'standard', path })
    }
    for (const path of lists.persistent) this.add(client, 'persistent', path)
    for (const path of lists.recursive) this.add(client, 'recursive', path)
  }

  close(client: number): void {
    this.watches = this.watches.filter((watch) => watch.client !== client)
    this.insiders.delete(client)
    this.#told.delete(client)
  }

  // Changes that were made.

  created(path: string, zxid: number, secret: boolean): void {
    this.nodes.set(path, { mzxid: zxid, pzxid: zxid, secret })
    this.#fire(['data'], path, `created ${path}`, path)
    this.#childrenChanged(path, zxid)
  }

  deleted(path: string, zxid: number): void {
    this.#fire(['data', 'child'], path, `deleted ${path}`, path)
    this.nodes.delete(path)
    this.#childrenChanged(path, zxid)
  }

  dataChanged(path: string, zxid: number): void {
    const node = this.nodes.get(path)
    if (node !== undefined) node.mzxid = zxid
    this.#fire(['data'], path, `changed ${path}`, path)
  }

  #childrenChanged(path: string, zxid: number): void {
    const parent = parentOf(path)
    const node = this.nodes.get(parent)
    if (node !== undefined) node.pzxid = zxid
    this.#fire(['child'], parent, `children ${parent}`, parent)
  }

  #fire(tables: readonly Table[], path: string, event: string, guarded: string): void {
    const concerned = this.watches.filter(
      (watch) =>
        tables.includes(watch.table) &&
        (watch.path === path || (watch.mode === 'recursive' && isBelow(path, watch.path))),
    )
    for (const client of new Set(concerned.map((watch) => watch.client))) {
      if (this.mayRead(client, guarded)) this.#tell(client, event)
    }
    this.watches = this.watches.filter((watch) => watch.mode !== 'standard' || !concerned.includes(watch))
  }

  #leave(watch: Watch): void {
    const same = (w: Watch): boolean =>
      w.client === watch.client && w.table === watch.table && w.mode === watch.mode && w.path === watch.path
    if (!this.watches.some(same)) this.watches.push(watch)
  }

  #tell(client: number, event: string): void {
    const told = this.#told.get(client)
    if (told === undefined) this.#told.set(client, [event])
    else told.push(event)
  }
}
