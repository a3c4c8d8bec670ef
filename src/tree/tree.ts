import { BrokenInvariant } from '../runtime/assert.ts'
import type { JuteWriter } from '../wire/jute-writer.ts'
import type { AclList } from './acl-table.ts'
import { hashString, type StateDigest } from './digest.ts'
import { Kinship } from './kinship.ts'
import { type Misfit, Newcomers } from './newcomers.ts'
import { digestOfData, digestOfRest } from './node-digest.ts'
import { type NodeImage, restoreRecord, SavedField } from './node-image.ts'
import { type KeptContent, NodeStore } from './node-store.ts'
import { Field, Flag, getLong, putLong } from './node-table.ts'
import { type Owner, sessionOf } from './owner.ts'
import { PathIndex } from './path-index.ts'
import { PathScan } from './path-scan.ts'
import { configPath } from './paths.ts'
import { areQuotaPart } from './quota/quota-paths.ts'
import { Quotas } from './quota/quotas.ts'
import { TreeView } from './tree-view.ts'
import type { Znode } from './znode.ts'
import type { Zxid } from './zxid.ts'

/** Is told of a node before it changes or goes: a snapshot under way has to have it as it was. */
export interface NodeChangeWatcher {
  nodeWillChange(node: Znode): void
}

/** A snapshot that announces more nodes is not believed before they have come. */
const expectedNodesMax = 4_000_000
const configHash = hashString(configPath)

/** All nodes by path. The changing methods are for `apply` and for loading a snapshot; they assert what `execute` has checked. */
export class Tree extends TreeView {
  readonly quotas = new Quotas(this)
  /** While a snapshot is taken: who is to be told, and the mark of nodes that need no telling. */
  watcher: NodeChangeWatcher | null = null
  snapshotMark = 0

  readonly #scan = new PathScan()
  readonly #digest: StateDigest
  /** What was inserted and is not settled. */
  #newcomers: Newcomers | null = null
  #replaying = false
  /** Of the nodes that were created last and are not counted at it yet; 0 for none. */
  #runParent = 0 as Znode
  #dataBytes = 0
  #ephemeralCount = 0
  readonly #reaped = new Set<Znode>()

  constructor(digest: StateDigest) {
    super()
    this.#digest = digest
  }

  get ephemeralCount(): number {
    return this.#ephemeralCount
  }

  /** The containers and the nodes with a time to live, so that nobody has to look through all nodes for them. */
  get reaped(): ReadonlySet<Znode> {
    return this.#reaped
  }

  /** Bytes of all data plus characters of all paths. */
  get approximateDataBytes(): number {
    return this.#dataBytes
  }

  setPending(node: Znode, pending: number): void {
    this.records.setInt(node, Field.pending, pending)
  }

  /** Marks that the snapshot under way has the node as it should be; whether it had not. */
  markForSnapshot(node: Znode): boolean {
    if (this.records.int(node, Field.snapshotMark) === this.snapshotMark) return false
    this.records.setInt(node, Field.snapshotMark, this.snapshotMark)
    return true
  }

  /** Path and data as they are now stay for `writeKept`, whatever becomes of the node, until `giveBack`. Neither after `clear`. */
  keepContent(node: Znode): KeptContent {
    return this.store.keep(node)
  }

  writeKept(content: KeptContent, writer: JuteWriter): void {
    this.store.writeKept(content, writer)
  }

  giveBack(content: KeptContent): void {
    this.store.giveBack(content)
  }

  /**
   * Adds a node, whose path stands in `path` from `start` to `end`, and counts it at its parent. `data` is copied from
   * `source`; `dataLength` -1 stands for null.
   */
  create(
    path: Buffer,
    start: number,
    end: number,
    source: Buffer,
    dataAt: number,
    dataLength: number,
    acl: AclList,
    owner: Owner,
    zxid: Zxid,
    wallMs: number,
  ): Znode {
    const scan = this.#scan
    scan.reset(path, start, end)
    const parent = this.index.find(scan.parentHash, scan.bytes, scan.start, scan.parentEnd)
    if (parent === undefined) throw this.#broken('create: the parent does not exist of')
    if (!this.#replaying && this.index.find(scan.hash, scan.bytes, scan.start, scan.end) !== undefined)
      throw this.#broken('create: there is already')
    if (parent !== this.#runParent) this.endRun()
    const node = this.#add(source, dataAt, dataLength, acl, owner)
    if (this.#replaying) this.index.addLate(node)
    else this.index.add(scan.hash, node)
    const records = this.records
    const view = records.view(node)
    const at = records.at(node)
    putLong(view, at + Field.czxid, zxid)
    putLong(view, at + Field.ctime, wallMs)
    putLong(view, at + Field.mzxid, zxid)
    putLong(view, at + Field.mtime, wallMs)
    putLong(view, at + Field.pzxid, zxid)
    this.#hashNew(node)
    this.#willChange(parent)
    records.setInt(parent, Field.childCreations, (records.int(parent, Field.childCreations) + 1) | 0)
    records.setLong(parent, Field.pzxid, zxid)
    this.#runParent = parent
    this.kinship.adoptInRun(parent, node)
    if (!this.#replaying) this.endRun()
    if (this.quotas.size > 0 || areQuotaPart(path, start, end)) {
      this.endRun()
      this.quotas.created(node)
    }
    return node
  }

  /** Takes a node without children away. It still tells what it was until the next one is created or removed. */
  remove(node: Znode, zxid: Zxid): void {
    this.endRun()
    this.#forgetRemoved()
    const records = this.records
    const parent = this.kinship.parent(node)
    if (this.childCount(node) > 0) throw new BrokenInvariant(`remove: ${this.path(node)} has children`)
    if (parent === 0) throw new BrokenInvariant(`remove: ${this.path(node)} has no parent`)
    this.#willChange(node)
    const dataLength = this.dataLength(node)
    const owner = this.owner(node)
    this.index.delete(records.int(node, Field.pathHash), node)
    this.acls.release(records.int(node, Field.acl))
    this.#digest.subtract(records.int(node, Field.digestA), records.int(node, Field.digestB))
    this.#dataBytes -= this.store.pathCharacters(node) + dataLength
    if (owner > 0) this.#ephemeralCount--
    else if (owner < 0) this.#reaped.delete(node)
    this.#willChange(parent)
    this.kinship.unlink(node)
    if (zxid > this.pzxid(parent)) records.setLong(parent, Field.pzxid, zxid)
    this.#rehashB(parent)
    this.removed = node
    if (this.quotas.size > 0) this.quotas.removed(node)
  }

  /** Replaces the data and raises the version. */
  setData(node: Znode, source: Buffer, dataAt: number, dataLength: number, zxid: Zxid, wallMs: number): void {
    this.endRun()
    this.#willChange(node)
    const records = this.records
    const bytesMore = Math.max(dataLength, 0) - this.dataLength(node)
    this.store.setData(node, source, dataAt, dataLength)
    if (bytesMore !== 0) this.#countBytes(node, bytesMore)
    records.setInt(node, Field.version, nextVersion(records.int(node, Field.version)))
    records.setLong(node, Field.mzxid, zxid)
    records.setLong(node, Field.mtime, wallMs)
    this.#rehashA(node)
    if (this.quotas.size > 0) this.quotas.dataChanged(this.path(node), bytesMore)
  }

  /** Replaces the data of a node that the servers themselves keep up to date: only its length shows in the Stat. */
  rewriteData(node: Znode, data: Buffer): void {
    this.endRun()
    this.#willChange(node)
    const bytesMore = data.length - this.dataLength(node)
    this.store.setData(node, data, 0, data.length)
    if (bytesMore !== 0) this.#countBytes(node, bytesMore)
    this.#rehashA(node)
  }

  setAcl(node: Znode, acl: AclList): void {
    this.endRun()
    this.#willChange(node)
    const records = this.records
    const kept = this.acls.reference(acl)
    this.acls.release(records.int(node, Field.acl))
    records.setInt(node, Field.acl, kept)
    records.setInt(node, Field.aversion, nextVersion(records.int(node, Field.aversion)))
    this.#rehashB(node)
  }

  /**
   * Puts a complete node in: the initial tree, and snapshots. It is found, and counted at its parent, once all of it is
   * settled; parents need not come first.
   */
  insert(image: NodeImage): Znode {
    const { path, pathAt, pathEnd, source, dataAt, dataLength, acl, saved, savedAt } = image
    const scan = this.#scan
    scan.reset(path, pathAt, pathEnd)
    const owner = getLong(saved, savedAt + SavedField.owner)
    const node = this.#add(source, dataAt, dataLength, acl, owner)
    restoreRecord(this.records.view(node), this.records.at(node), saved, savedAt)
    if (pathEnd - pathAt === 1) this.root = node
    else if (scan.hash === configHash && this.path(node) === configPath) this.config = node
    this.#hashNew(node)
    this.#newcomers ??= new Newcomers(this.store, this.index, this.kinship)
    this.#newcomers.add(node, scan)
    return node
  }

  /**
   * Until `endReplay`, many nodes are created in a row, and few are looked for: what they change at their parent, and above it,
   * may wait until another change comes, or `endRun`.
   */
  beginReplay(): void {
    // Of a replay that another one takes the place of: who looks at the tree now sees all of it.
    this.endRun()
    this.#replaying = true
  }

  endReplay(): void {
    this.#replaying = false
    this.endRun()
    this.index.placeLate()
  }

  /** Nothing that was created waits to be counted at its parent; before the digest is told, too. */
  endRun(): void {
    const parent = this.#runParent
    if (parent === 0) return
    this.#runParent = 0 as Znode
    this.kinship.endRun()
    this.#rehashB(parent)
  }

  /** About so many will be inserted into the empty tree. */
  expect(nodes: number): void {
    this.index.reserve(Math.min(nodes, expectedNodesMax))
  }

  /** All that was inserted is found and linked from here on. Returns one that has no place, and why; null when all have. */
  settle(): Misfit | null {
    const newcomers = this.#newcomers
    this.#newcomers = null
    if (newcomers === null) return null
    const misfit = newcomers.settle()
    // Once for each parent: to reckon its digest anew for each of its children would be a good part of loading a snapshot.
    for (const parent of newcomers.parents) {
      this.records.clearFlag(parent, Flag.digestDue)
      this.#rehashB(parent)
    }
    return misfit
  }

  /**
   * Puts into /zookeeper/config what this server's file says. It is no part of the history: neither the digest nor a snapshot
   * holds it, so servers whose files differ in a word still have equal states.
   */
  showMembership(text: Buffer): void {
    if (this.config === 0) throw new BrokenInvariant(`there is no ${configPath}`)
    this.store.setData(this.config, text, 0, text.length)
    this.records.setInt(this.config, Field.version, -1)
  }

  /** Whoever clears it resets the digest. */
  clear(): void {
    this.store = new NodeStore()
    this.index = new PathIndex(this.store)
    this.records = this.store.records
    this.kinship = new Kinship(this.records)
    this.#newcomers = null
    this.#runParent = 0 as Znode
    this.root = 0 as Znode
    this.config = 0 as Znode
    this.removed = 0 as Znode
    this.acls.clear()
    this.quotas.clear()
    this.#dataBytes = 0
    this.#ephemeralCount = 0
    this.#reaped.clear()
  }

  /** A node with the path that was scanned, which nothing finds yet. */
  #add(source: Buffer, dataAt: number, dataLength: number, acl: AclList, owner: Owner): Znode {
    this.#forgetRemoved()
    const { hash, bytes, start, end, isAscii } = this.#scan
    const node = this.store.add(bytes, start, end, isAscii, source, dataAt, dataLength)
    const view = this.records.view(node)
    const at = this.records.at(node)
    view.setInt32(at + Field.pathHash, hash)
    view.setInt32(at + Field.acl, this.acls.reference(acl))
    view.setInt32(at + Field.snapshotMark, this.snapshotMark)
    if (owner !== 0) {
      putLong(view, at + Field.owner, owner)
      putLong(view, at + Field.ephemeralOwner, sessionOf(owner))
      if (owner > 0) this.#ephemeralCount++
      else this.#reaped.add(node)
    }
    if (areQuotaPart(bytes, start, end)) this.quotas.appeared(this.path(node))
    this.#dataBytes += (isAscii ? end - start : this.store.pathCharacters(node)) + Math.max(dataLength, 0)
    return node
  }

  #forgetRemoved(): void {
    if (this.removed === 0) return
    this.store.remove(this.removed)
    this.removed = 0 as Znode
  }

  #broken(what: string): BrokenInvariant {
    const { bytes, start, end } = this.#scan
    return new BrokenInvariant(`${what} ${bytes.toString('utf8', start, end)}`)
  }

  #countBytes(node: Znode, bytesMore: number): void {
    this.#dataBytes += bytesMore
    this.kinship.addToAncestors(node, 0, bytesMore)
  }

  #willChange(node: Znode): void {
    if (this.watcher === null || this.records.int(node, Field.snapshotMark) === this.snapshotMark) return
    this.watcher.nodeWillChange(node)
    this.markForSnapshot(node)
  }

  /** Of the node that was added last, which the digest does not have yet. */
  #hashNew(node: Znode): void {
    const view = this.records.view(node)
    const at = this.records.at(node)
    const a = digestOfData(view, at, this.store.addedHash)
    const b = digestOfRest(view, at, this.acls.at(view.getInt32(at + Field.acl)).hash)
    this.#digest.add(a, b)
    view.setInt32(at + Field.digestA, a)
    view.setInt32(at + Field.digestB, b)
  }

  #rehashA(node: Znode): void {
    const view = this.records.view(node)
    const at = this.records.at(node)
    const digest = digestOfData(view, at, this.store.hashData(node))
    this.#digest.add(digest - view.getInt32(at + Field.digestA), 0)
    view.setInt32(at + Field.digestA, digest)
  }

  #rehashB(node: Znode): void {
    const view = this.records.view(node)
    const at = this.records.at(node)
    const digest = digestOfRest(view, at, this.acls.at(view.getInt32(at + Field.acl)).hash)
    this.#digest.add(0, digest - view.getInt32(at + Field.digestB))
    view.setInt32(at + Field.digestB, digest)
  }
}

/** The version after a change: it never becomes -1, which means "any" where a version is expected. */
export function nextVersion(version: number): number {
  const next = (version + 1) | 0
  return next === -1 ? 0 : next
}
