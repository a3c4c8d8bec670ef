import { isReserved, isSearchable, isValidPath, parentOf } from '../../src/tree/paths.ts'
import { ErrorCode } from '../../src/wire/error-codes.ts'
import { OpCode } from '../../src/wire/opcodes.ts'

export type NodeKind = 'plain' | 'ephemeral' | 'container' | 'ttl'

interface NaiveNode {
  data: string
  version: number
  creations: number
  kind: NodeKind
  /** The session of an ephemeral node. */
  owner: number
  ttlMs: number
  mtime: number
  czxid: number
  mzxid: number
  pzxid: number
}

/** Who asks, when, and in which place. */
export interface Circumstances {
  session: number
  zxid: number
  wallMs: number
  inMulti?: boolean
}

export interface NaiveCreate {
  path: string
  data: string
  opcode: number
  flags: number
  ttlMs: number
}

/** What the leader has seen of a node that it wants removed. */
export interface Seen {
  czxid: number
  version: number
  creations: number
}

/** The tree in the plainest words, for comparison: one map, every question answered by looking through all of it. */
export class NaiveTree {
  nodes = new Map<string, NaiveNode>([
    ['/', naiveNode(0, 0)],
    ['/zookeeper', naiveNode(0, 0)],
    ['/zookeeper/quota', naiveNode(0, 0)],
    ['/zookeeper/config', naiveNode(0, 0)],
  ])
  sessions = new Set<number>()

  childrenOf(path: string): string[] {
    return [...this.nodes.keys()].filter((other) => other !== '/' && parentOf(other) === path)
  }

  create(what: NaiveCreate, at: Circumstances): { error: number; path: string; withStat: boolean } {
    const { path, data, opcode, flags, ttlMs } = what
    const fail = (error: number) => ({ error, path, withStat: false })
    if (![0, 1, 2, 3, 4, 5, 6].includes(flags)) return fail(ErrorCode.badArguments)
    const hasTtl = flags === 5 || flags === 6
    const bringsTtl = opcode === OpCode.createTtl
    if (hasTtl && !(bringsTtl && ttlMs > 0 && ttlMs < 2 ** 40)) return fail(ErrorCode.badArguments)
    if (!hasTtl && bringsTtl && !at.inMulti) return fail(ErrorCode.badArguments)
    if (!this.sessions.has(at.session)) return fail(ErrorCode.sessionExpired)
    if (!isSearchable(path)) return fail(ErrorCode.badArguments)
    const parent = this.nodes.get(parentOf(path))
    if (parent === undefined) return fail(ErrorCode.noNode)
    const sequential = [2, 3, 6].includes(flags)
    const full = sequential ? path + String(parent.creations).padStart(10, '0') : path
    if (!isValidPath(full)) return fail(ErrorCode.badArguments)
    if (this.nodes.has(full)) return fail(ErrorCode.nodeExists)
    if (parent.kind === 'ephemeral') return fail(ErrorCode.noChildrenForEphemerals)

    const isContainer = at.inMulti ? flags === 4 : opcode === OpCode.createContainer
    const kind = hasTtl ? 'ttl' : isContainer ? 'container' : [1, 3].includes(flags) ? 'ephemeral' : 'plain'
    const owner = kind === 'ephemeral' ? at.session : 0
    const ttl = kind === 'ttl' ? ttlMs : 0
    this.nodes.set(full, { ...naiveNode(at.zxid, at.wallMs), data, kind, owner, ttlMs: ttl })
    parent.creations++
    parent.pzxid = at.zxid
    const withStat = at.inMulti
      ? opcode === OpCode.create2 || kind === 'container' || kind === 'ttl'
      : opcode !== OpCode.create
    return { error: 0, path: full, withStat }
  }

  delete(path: string, version: number, at: Circumstances): number {
    if (!this.sessions.has(at.session)) return ErrorCode.sessionExpired
    if (!isSearchable(path) || isReserved(path)) return ErrorCode.badArguments
    const node = this.nodes.get(path)
    if (node === undefined) return ErrorCode.noNode
    if (version !== -1 && version !== node.version) return ErrorCode.badVersion
    if (this.childrenOf(path).length > 0) return ErrorCode.notEmpty
    this.remove(path, at.zxid)
    return 0
  }

  setData(path: string, data: string, version: number, at: Circumstances): number {
    if (!this.sessions.has(at.session)) return ErrorCode.sessionExpired
    if (!isValidPath(path)) return ErrorCode.badArguments
    const node = this.nodes.get(path)
    if (node === undefined) return ErrorCode.noNode
    if (version !== -1 && version !== node.version) return ErrorCode.badVersion
    node.data = data
    node.version++
    node.mzxid = at.zxid
    node.mtime = at.wallMs
    return 0
  }

  check(path: string, version: number, at: Circumstances): number {
    if (!this.sessions.has(at.session)) return ErrorCode.sessionExpired
    if (!isValidPath(path)) return ErrorCode.badArguments
    const node = this.nodes.get(path)
    if (node === undefined) return ErrorCode.noNode
    return version !== -1 && version !== node.version ? ErrorCode.badVersion : 0
  }

  closeSession(at: Circumstances): number {
    if (!this.sessions.delete(at.session)) return ErrorCode.sessionExpired
    for (const [path, node] of [...this.nodes]) if (node.owner === at.session) this.remove(path, at.zxid)
    return 0
  }

  /** The leader's wish; it has no answer. */
  reap(path: string, seen: Seen, neverUsedMs: number, at: Circumstances): void {
    const node = this.nodes.get(path)
    if (node === undefined || this.childrenOf(path).length > 0) return
    const { czxid, version, creations } = node
    if (czxid !== seen.czxid || version !== seen.version || creations !== seen.creations) return
    const idleMs = at.wallMs - node.mtime
    const unused = creations === 0 && (neverUsedMs === 0 || idleMs <= neverUsedMs)
    if (node.kind === 'container' ? !unused : node.kind === 'ttl' && idleMs > node.ttlMs) {
      this.remove(path, at.zxid)
    }
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

function naiveNode(zxid: number, wallMs: number): NaiveNode {
  const counts = { version: 0, creations: 0, owner: 0, ttlMs: 0 }
  return { data: '', kind: 'plain', ...counts, mtime: wallMs, czxid: zxid, mzxid: zxid, pzxid: zxid }
}
