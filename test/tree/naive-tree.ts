import { parentOf } from '../../src/tree/paths.ts'
import { ErrorCode } from '../../src/wire/error-codes.ts'

interface NaiveNode {
  data: string
  version: number
  creations: number
  owner: number
  czxid: number
  mzxid: number
  pzxid: number
}

/** The tree in the plainest words, for comparison: one map, every question answered by looking through all of it. */
export class NaiveTree {
  nodes = new Map<string, NaiveNode>([
    ['/', naiveNode(0)],
    ['/zookeeper', naiveNode(0)],
    ['/zookeeper/quota', naiveNode(0)],
    ['/zookeeper/config', naiveNode(0)],
  ])
  sessions = new Set<number>()

  childrenOf(path: string): string[] {
    return [...this.nodes.keys()].filter((other) => other !== '/' && parentOf(other) === path)
  }

  create(
    path: string,
    data: string,
    flags: number,
    session: number,
    zxid: number,
  ): { error: number; path: string } {
    if (!this.sessions.has(session)) return { error: ErrorCode.sessionExpired, path }
    const parent = this.nodes.get(parentOf(path))
    if (parent === undefined) return { error: ErrorCode.noNode, path }
    const full = flags >= 2 ? path + String(parent.creations).padStart(10, '0') : path
    if (this.nodes.has(full)) return { error: ErrorCode.nodeExists, path }
    if (parent.owner !== 0) return { error: ErrorCode.noChildrenForEphemerals, path }
    this.nodes.set(full, { ...naiveNode(zxid), data, owner: flags % 2 === 1 ? session : 0 })
    parent.creations++
    parent.pzxid = zxid
    return { error: 0, path: full }
  }

  delete(path: string, version: number, session: number, zxid: number): number {
    if (!this.sessions.has(session)) return ErrorCode.sessionExpired
    const node = this.nodes.get(path)
    if (node === undefined) return ErrorCode.noNode
    if (version !== -1 && version !== node.version) return ErrorCode.badVersion
    if (this.childrenOf(path).length > 0) return ErrorCode.notEmpty
    this.remove(path, zxid)
    return 0
  }

  setData(path: string, data: string, version: number, session: number, zxid: number): number {
    if (!this.sessions.has(session)) return ErrorCode.sessionExpired
    const node = this.nodes.get(path)
    if (node === undefined) return ErrorCode.noNode
    if (version !== -1 && version !== node.version) return ErrorCode.badVersion
    node.data = data
    node.version++
    node.mzxid = zxid
    return 0
  }

  check(path: string, version: number, session: number): number {
    if (!this.sessions.has(session)) return ErrorCode.sessionExpired
    const node = this.nodes.get(path)
    if (node === undefined) return ErrorCode.noNode
    return version !== -1 && version !== node.version ? ErrorCode.badVersion : 0
  }

  closeSession(session: number, zxid: number): number {
    if (!this.sessions.delete(session)) return ErrorCode.sessionExpired
    for (const [path, node] of [...this.nodes]) if (node.owner === session) this.remove(path, zxid)
    return 0
  }

  copy(): NaiveTree {
    const copy = new NaiveTree()
    copy.nodes = new Map([...this.nodes].map(([path, node]) => [path, { ...node }]))
    copy.sessions = new Set(this.sessions)
    return copy
  }

  private remove(path: string, zxid: number): void {
    this.nodes.delete(path)
    const parent = this.nodes.get(parentOf(path))
    if (parent !== undefined) parent.pzxid = zxid
  }
}

function naiveNode(zxid: number): NaiveNode {
  return { data: '', version: 0, creations: 0, owner: 0, czxid: zxid, mzxid: zxid, pzxid: zxid }
}
