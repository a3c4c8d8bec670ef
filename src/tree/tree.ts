import { BrokenInvariant } from '../runtime/assert.ts'
import { copyRange } from '../runtime/copy-range.ts'
import type { JuteWriter } from '../wire/jute-writer.ts'
import { type AclList, AclTable, openAcl } from './acl-table.ts'
import { finish, hashBytes, mix, mixLong, type StateDigest } from './digest.ts'
import { type Owner, sessionOf } from './owner.ts'
import { PathIndex } from './path-index.ts'
import { configPath, nameOf, parentOf, rootPath } from './paths.ts'
import { isQuotaPart } from './quota/quota-paths.ts'
import { Quotas } from './quota/quotas.ts'
import { isOverdue } from './reaping.ts'
import { Znode } from './znode.ts'
import type { Zxid } from './zxid.ts'

/** Is told of a node before it changes or goes: a snapshot under way saves it as it was. */
export interface NodeChangeWatcher {
  nodeWillChange(node: Znode): void
}

const noData = Buffer.alloc(0)
const noNames: ReadonlySet<string> = new Set()

/**
 * All nodes by path. A `Znode` is a handle: what it holds is asked of the tree, and is as of now. The changing methods
 * are for `apply` and for loading a snapshot; they assert what `execute` has checked.
 */
export class Tree {
  readonly acls = new AclTable()
  readonly quotas = new Quotas(this)
  /** While a snapshot is taken: who is to be told, and the mark of nodes that need no telling. */
  watcher: NodeChangeWatcher | null = null
  snapshotMark = 0

  readonly #nodes = new Map<string, Znode>()
  readonly #index = new PathIndex()
  readonly #digest: StateDigest
  #dataBytes = 0
  #ephemeralCount = 0
  readonly #reaped = new Set<Znode>()

  constructor(digest: StateDigest) {
    this.#digest = digest
  }

  /** As ZooKeeper counts: the root is stored under two names there. */
  get nodeCount(): number {
    return this.#nodes.size + 1
  }

  get ephemeralCount(): number {
    return this.#ephemeralCount
  }

  /** The containers and the nodes with a time to live, so that nobody has to look through all nodes for them. */
  get reaped(): ReadonlySet<Znode> {
    return this.#reaped
  }

  /** Whether the leader is to remove the node, one of `reaped`. */
  isOverdue(node: Znode, wallMs: number, neverUsedMs: number): boolean {
    const { owner, mtime, childCreations } = node
    return isOverdue({ owner, mtime, childCreations, childCount: this.childCount(node) }, wallMs, neverUsedMs)
  }

  /** Bytes of all data plus characters of all paths. */
  get approximateDataBytes(): number {
    return this.#dataBytes
  }

  /** The empty path is another name of the root, for reads. */
  find(path: string): Znode | undefined {
    return this.#nodes.get(path) ?? (path === '' ? this.#nodes.get(rootPath) : undefined)
  }

  /** As `find`, by the bytes of a path in a request: much faster for nodes that are asked for again. */
  findBytes(bytes: Buffer, start: number, end: number): Znode | undefined {
    const known = this.#index.find(bytes, start, end)
    if (known !== undefined) return known
    const node = this.find(bytes.toString('utf8', start, end))
    if (node !== undefined) this.#index.remember(node, this.#nodes.size)
    return node
  }

  path(node: Znode): string {
    return node.path
  }

  /** A VIEW: write it out or copy it at once, the next change may overwrite it. */
  data(node: Znode): Buffer | null {
    return node.data
  }

  acl(node: Znode): AclList {
    return node.acl
  }

  czxid(node: Znode): Zxid {
    return node.czxid
  }

  mzxid(node: Znode): Zxid {
    return node.mzxid
  }

  pzxid(node: Znode): Zxid {
    return node.pzxid
  }

  version(node: Znode): number {
    return node.version
  }

  /** The owning session's id; 0 for a node that outlives sessions. */
  ephemeralOwner(node: Znode): number {
    return sessionOf(node.owner)
  }

  childCount(node: Znode): number {
    return node.children === null ? 0 : node.children.size
  }

  /** All nodes below. */
  descendantCount(node: Znode): number {
    return node.descendantCount
  }

  /** Bytes of the data of the node and of all nodes below. What `showMembership` shows is no part of the state, nor of these. */
  subtreeBytes(node: Znode): number {
    return node.path === configPath ? node.descendantBytes : dataBytesOf(node) + node.descendantBytes
  }

  /** Undefined for the root. A node that was just removed still tells. */
  parent(node: Znode): Znode | undefined {
    return node.parent ?? undefined
  }

  /** In no particular order; valid until the next change. */
  childNames(node: Znode): ReadonlySet<string> {
    return node.children ?? noNames
  }

  /** Writes the 68-byte Stat. */
  writeStat(node: Znode, writer: JuteWriter): void {
    const childCount = this.childCount(node)
    writer
      .long(node.czxid)
      .long(node.mzxid)
      .long(node.ctime)
      .long(node.mtime)
      .int(node.version)
      .int(2 * node.childCreations - childCount)
      .int(node.aversion)
      .long(sessionOf(node.owner))
      .int(node.data === null ? 0 : node.data.length)
      .int(childCount)
      .long(node.pzxid)
  }

  /** All nodes, parents not always first. New ones that appear during the iteration are included. */
  nodes(): IterableIterator<Znode> {
    return this.#nodes.values()
  }

  /** Adds a node and counts it at its parent. `data` is copied from `source`; `dataLength` -1 stands for null. */
  create(
    path: string,
    source: Buffer,
    dataAt: number,
    dataLength: number,
    acl: AclList,
    owner: Owner,
    zxid: Zxid,
    wallMs: number,
  ): Znode {
    const parent = this.#nodes.get(parentOf(path))
    if (parent === undefined) throw new BrokenInvariant(`create: the parent of ${path} does not exist`)
    const data = dataLength < 0 ? null : copyOf(source, dataAt, dataLength)
    const mark = this.snapshotMark
    const node = new Znode(path, data, acl, owner, zxid, wallMs, mark)
    this.insert(node)
    this.#willChange(parent)
    adopt(parent, node)
    parent.childCreations = (parent.childCreations + 1) | 0
    parent.pzxid = zxid
    this.#rehashB(parent)
    if (this.quotas.size > 0 || isQuotaPart(path)) this.quotas.created(node)
    return node
  }

  /** Takes a node without children away. */
  remove(node: Znode, zxid: Zxid): void {
    const path = node.path
    if (this.childCount(node) > 0) throw new BrokenInvariant(`remove: ${path} has children`)
    const parent = node.parent
    if (parent === null || parent.children === null) {
      throw new BrokenInvariant(`remove: ${path} has no parent`)
    }
    this.#willChange(node)
    this.#nodes.delete(path)
    this.#index.forget(node)
    this.acls.release(node.acl)
    this.#digest.subtract(node.digestA, node.digestB)
    this.#dataBytes -= path.length + dataBytesOf(node)
    if (node.owner > 0) this.#ephemeralCount--
    else if (node.owner < 0) this.#reaped.delete(node)
    this.#willChange(parent)
    parent.children.delete(nameOf(path))
    if (parent.children.size === 0) parent.children = null
    addToAncestors(node, -1, -dataBytesOf(node))
    if (zxid > parent.pzxid) parent.pzxid = zxid
    this.#rehashB(parent)
    if (this.quotas.size > 0) this.quotas.removed(node)
  }

  /** Replaces the data and raises the version. */
  setData(node: Znode, source: Buffer, dataAt: number, dataLength: number, zxid: Zxid, wallMs: number): void {
    this.#willChange(node)
    const before = node.data
    const bytesMore = Math.max(dataLength, 0) - dataBytesOf(node)
    if (dataLength > 0 && before !== null && before.length === dataLength) {
      // Same length: no new buffer. Nobody holds a view across a change.
      copyRange(source, dataAt, dataAt + dataLength, before, 0)
    } else {
      node.data = dataLength < 0 ? null : copyOf(source, dataAt, dataLength)
      if (bytesMore !== 0) this.#countBytes(node, bytesMore)
    }
    node.dataHash = dataLength < 0 ? -1 : hashBytes(source, dataAt, dataAt + dataLength)
    node.version = nextVersion(node.version)
    node.mzxid = zxid
    node.mtime = wallMs
    this.#rehashA(node)
    if (this.quotas.size > 0) this.quotas.dataChanged(node.path, bytesMore)
  }

  /** Replaces the data of a node that the servers themselves keep up to date: only its length shows in the Stat. */
  rewriteData(node: Znode, data: Buffer): void {
    this.#willChange(node)
    const bytesMore = data.length - dataBytesOf(node)
    node.data = data
    if (bytesMore !== 0) this.#countBytes(node, bytesMore)
    node.dataHash = hashBytes(data, 0, data.length)
    this.#rehashA(node)
  }

  setAcl(node: Znode, acl: AclList): void {
    this.#willChange(node)
    const kept = this.acls.reference(acl)
    this.acls.release(node.acl)
    node.acl = kept
    node.aversion = nextVersion(node.aversion)
    this.#rehashB(node)
  }

  /** Puts a complete node in, without counting it at its parent: the initial tree, and snapshots. */
  insert(node: Znode): void {
    const path = node.path
    const countBefore = this.#nodes.size
    this.#nodes.set(path, node)
    if (this.#nodes.size === countBefore) throw new BrokenInvariant(`insert: ${path} exists`)
    node.acl = this.acls.reference(node.acl)
    if (isQuotaPart(path)) this.quotas.appeared(path)
    node.dataHash = node.data === null ? -1 : hashBytes(node.data, 0, node.data.length)
    this.#dataBytes += path.length + dataBytesOf(node)
    if (node.owner > 0) this.#ephemeralCount++
    else if (node.owner < 0) this.#reaped.add(node)
    this.#rehashA(node)
    this.#rehashB(node)
  }

  /** Names an inserted node among its parent's children; whether the parent is there. */
  link(node: Znode): boolean {
    const parent = this.#nodes.get(parentOf(node.path))
    if (parent === undefined) return false
    adopt(parent, node)
    this.#rehashB(parent)
    return true
  }

  /**
   * Puts into /zookeeper/config what this server's file says. It is no part of the history: neither the digest nor a snapshot
   * holds it, so servers whose files differ in a word still have equal states.
   */
  showMembership(text: Buffer): void {
    const node = this.#nodes.get(configPath)
    if (node === undefined) throw new BrokenInvariant(`there is no ${configPath}`)
    node.data = text
    node.version = -1
  }

  clear(): void {
    for (const node of this.#nodes.values()) this.#digest.subtract(node.digestA, node.digestB)
    this.#nodes.clear()
    this.#index.clear()
    this.acls.clear()
    this.quotas.clear()
    this.#dataBytes = 0
    this.#ephemeralCount = 0
    this.#reaped.clear()
  }

  #countBytes(node: Znode, bytesMore: number): void {
    this.#dataBytes += bytesMore
    addToAncestors(node, 0, bytesMore)
  }

  #willChange(node: Znode): void {
    if (this.watcher !== null && node.snapshotMark !== this.snapshotMark) {
      this.watcher.nodeWillChange(node)
      node.snapshotMark = this.snapshotMark
    }
  }

  /** The half of the digest that changes with the data. */
  #rehashA(node: Znode): void {
    let h = mix(node.pathHash, node.dataHash)
    h = mix(h, node.version)
    h = mixLong(h, node.mzxid)
    h = finish(mixLong(h, node.mtime))
    this.#digest.add(h - node.digestA, 0)
    node.digestA = h
  }

  /** The half that changes with the children and the access control list. */
  #rehashB(node: Znode): void {
    let h = mix(node.pathHash ^ 0x5bd1e995, node.acl.hash)
    h = mix(h, node.aversion)
    h = mix(h, node.childCreations)
    h = mix(h, this.childCount(node))
    h = mixLong(h, node.czxid)
    h = mixLong(h, node.ctime)
    h = mixLong(h, node.owner)
    h = finish(mixLong(h, node.pzxid))
    this.#digest.add(0, h - node.digestB)
    node.digestB = h
  }
}

/** The version after a change: it never becomes -1, which means "any" where a version is expected. */
export function nextVersion(version: number): number {
  const next = (version + 1) | 0
  return next === -1 ? 0 : next
}

function adopt(parent: Znode, node: Znode): void {
  parent.children ??= new Set()
  parent.children.add(nameOf(node.path))
  node.parent = parent
  addToAncestors(node, 1 + node.descendantCount, dataBytesOf(node) + node.descendantBytes)
}

function addToAncestors(node: Znode, count: number, bytes: number): void {
  for (let above = node.parent; above !== null; above = above.parent) {
    above.descendantCount += count
    above.descendantBytes += bytes
  }
}

const dataBytesOf = (node: Znode): number => (node.data === null ? 0 : node.data.length)

function copyOf(source: Buffer, at: number, length: number): Buffer {
  if (length === 0) return noData
  const copy = Buffer.allocUnsafe(length)
  copyRange(source, at, at + length, copy, 0)
  return copy
}

/** The tree of an ensemble that has never seen a write. */
export function plantInitialTree(tree: Tree, configAcl: AclList): void {
  for (const path of ['/', '/zookeeper', '/zookeeper/quota', configPath]) {
    const acl = path === configPath ? configAcl : openAcl
    const node = new Znode(path, noData, acl, 0, 0, 0, 0)
    // As ZooKeeper's own set-up leaves it.
    if (path === configPath) node.aversion = -1
    tree.insert(node)
    if (path !== '/') tree.link(node)
  }
}
