import { BrokenInvariant } from '../runtime/assert.ts'
import type { JuteWriter } from '../wire/jute-writer.ts'
import { type AclList, AclTable, openAcl } from './acl-table.ts'
import { hashAscii, hashBytes, hashString, type StateDigest } from './digest.ts'
import { Kinship } from './kinship.ts'
import { digestOfData, digestOfRest } from './node-digest.ts'
import { NodeImage } from './node-image.ts'
import { NodeStore } from './node-store.ts'
import { Field, Flag, type NodeTable, putLong } from './node-table.ts'
import { type Owner, sessionOf } from './owner.ts'
import { PathIndex } from './path-index.ts'
import { PathScan } from './path-scan.ts'
import { configPath, quotaPath, rootPath, zookeeperPath } from './paths.ts'
import { areQuotaPart } from './quota/quota-paths.ts'
import { Quotas } from './quota/quotas.ts'
import { isOverdue } from './reaping.ts'
import type { Znode } from './znode.ts'
import type { Zxid } from './zxid.ts'

/** Is told of a node before it changes or goes: a snapshot under way saves it as it was. */
export interface NodeChangeWatcher {
  nodeWillChange(node: Znode): void
}

const configHash = hashString(configPath)

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

  #store = new NodeStore()
  #index = new PathIndex(this.#store)
  #records: NodeTable = this.#store.records
  #kinship = new Kinship(this.#records)
  readonly #scan = new PathScan()
  /** The node whose path was scanned last. */
  #scanned = 0 as Znode
  readonly #digest: StateDigest
  /** Nodes that children were linked to since. */
  readonly #digestDue: Znode[] = []
  #dataBytes = 0
  #ephemeralCount = 0
  readonly #reaped = new Set<Znode>()
  #root = 0 as Znode
  #config = 0 as Znode
  /** The node that was removed last: who is told of it may ask for what it was. */
  #removed = 0 as Znode

  constructor(digest: StateDigest) {
    this.#digest = digest
  }

  /** As ZooKeeper counts: the root is stored under two names there. */
  get nodeCount(): number {
    return this.#records.count + (this.#removed === 0 ? 1 : 0)
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
    const mortal = {
      owner: this.owner(node),
      mtime: this.mtime(node),
      childCreations: this.childCreations(node),
      childCount: this.childCount(node),
    }
    return isOverdue(mortal, wallMs, neverUsedMs)
  }

  /** Bytes of all data plus characters of all paths. */
  get approximateDataBytes(): number {
    return this.#dataBytes
  }

  /** The empty path is another name of the root, for reads. */
  find(path: string): Znode | undefined {
    return this.#index.findText(hashString(path), path) ?? (path === '' ? this.#rootIfThere() : undefined)
  }

  /** As `find`, by the bytes of a path in a request, without making a string of them. */
  findBytes(bytes: Buffer, start: number, end: number): Znode | undefined {
    const node = this.#index.find(hashAscii(bytes, start, end), bytes, start, end)
    if (node !== undefined) return node
    if (start === end) return this.#rootIfThere()
    return isAscii(bytes, start, end) ? undefined : this.find(bytes.toString('utf8', start, end))
  }

  /** Whether it is what shows the members of the ensemble. */
  isConfig(node: Znode | null): boolean {
    return node === this.#config
  }

  path(node: Znode): string {
    return this.#store.path(node)
  }

  writePath(node: Znode, writer: JuteWriter): void {
    this.#store.writePath(node, writer)
  }

  /** A VIEW: write it out or copy it at once, the next change may overwrite it. */
  data(node: Znode): Buffer | null {
    return this.#store.data(node)
  }

  /** As a buffer goes over the wire: cheaper than `data`. */
  writeData(node: Znode, writer: JuteWriter): void {
    this.#store.writeData(node, writer)
  }

  /** 0 for null, too. */
  dataLength(node: Znode): number {
    return this.#records.int(node, Field.dataLength)
  }

  acl(node: Znode): AclList {
    return this.acls.at(this.#records.int(node, Field.acl))
  }

  czxid(node: Znode): Zxid {
    return this.#records.long(node, Field.czxid)
  }

  mzxid(node: Znode): Zxid {
    return this.#records.long(node, Field.mzxid)
  }

  /** Last child create or delete; the node's own czxid before any. */
  pzxid(node: Znode): Zxid {
    return this.#records.long(node, Field.pzxid)
  }

  ctime(node: Znode): number {
    return this.#records.long(node, Field.ctime)
  }

  mtime(node: Znode): number {
    return this.#records.long(node, Field.mtime)
  }

  version(node: Znode): number {
    return this.#records.int(node, Field.version)
  }

  aversion(node: Znode): number {
    return this.#records.int(node, Field.aversion)
  }

  /** Children ever created: the next sequential child's number. Wraps at 2^31. */
  childCreations(node: Znode): number {
    return this.#records.int(node, Field.childCreations)
  }

  owner(node: Znode): Owner {
    return this.#records.long(node, Field.owner)
  }

  /** The owning session's id; 0 for a node that outlives sessions. */
  ephemeralOwner(node: Znode): number {
    return sessionOf(this.owner(node))
  }

  childCount(node: Znode): number {
    return this.#records.int(node, Field.childCount)
  }

  /** All nodes below. */
  descendantCount(node: Znode): number {
    return this.#records.int(node, Field.descendantCount)
  }

  /** Bytes of the data of the node and of all nodes below. What `showMembership` shows is no part of the state, nor of these. */
  subtreeBytes(node: Znode): number {
    const below = this.#records.long(node, Field.descendantBytes)
    return this.isConfig(node) ? below : below + this.dataLength(node)
  }

  /** Undefined for the root. A node that was just removed still tells. */
  parent(node: Znode): Znode | undefined {
    const parent = this.#kinship.parent(node)
    return parent === 0 ? undefined : parent
  }

  /** In no particular order. */
  childNames(node: Znode): string[] {
    const names: string[] = []
    for (let child = this.#kinship.firstChild(node); child !== 0; child = this.#kinship.nextSibling(child)) {
      names.push(this.#store.name(child, node))
    }
    return names
  }

  /** As a vector of strings goes over the wire. */
  writeChildNames(node: Znode, writer: JuteWriter): void {
    writer.int(this.childCount(node))
    for (let child = this.#kinship.firstChild(node); child !== 0; child = this.#kinship.nextSibling(child)) {
      this.#store.writeName(child, node, writer)
    }
  }

  /** Writes the 68-byte Stat. */
  writeStat(node: Znode, writer: JuteWriter): void {
    this.#records.writeStat(node, writer)
  }

  /** What the overlay has put on the node; 0 for nothing. Here it costs no look-up. */
  pending(node: Znode): number {
    return this.#records.int(node, Field.pending)
  }

  setPending(node: Znode, pending: number): void {
    this.#records.setInt(node, Field.pending, pending)
  }

  /** All nodes, parents not always first. New ones that appear during the iteration may be included. */
  *nodes(): Generator<Znode> {
    for (let place = 1; place < this.placesEnd; place++) {
      const node = this.nodeAt(place)
      if (node !== undefined) yield node
    }
  }

  /** Nodes keep their places, from 1 to below this. */
  get placesEnd(): number {
    return this.#records.end
  }

  /** The node at a place; undefined when none is there. */
  nodeAt(place: number): Znode | undefined {
    const node = place as Znode
    return node !== this.#removed && this.#records.isUsed(node) ? node : undefined
  }

  /** Marks that the snapshot under way has the node as it should be; whether it had not. */
  markForSnapshot(node: Znode): boolean {
    if (this.#records.int(node, Field.snapshotMark) === this.snapshotMark) return false
    this.#records.setInt(node, Field.snapshotMark, this.snapshotMark)
    return true
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
    const parent = this.#index.find(scan.parentHash, scan.bytes, scan.start, scan.parentEnd)
    if (parent === undefined) throw this.#broken('create: the parent does not exist of')
    const node = this.#add(source, dataAt, dataLength, acl, owner, zxid, wallMs)
    if (node === undefined) throw this.#broken('create: there is already')
    const records = this.#records
    const view = records.view(node)
    const at = records.at(node)
    putLong(view, at + Field.mzxid, zxid)
    putLong(view, at + Field.mtime, wallMs)
    putLong(view, at + Field.pzxid, zxid)
    this.#rehashA(node, hashOf(source, dataAt, dataLength))
    this.#rehashB(node)
    this.#willChange(parent)
    records.setInt(parent, Field.childCreations, (records.int(parent, Field.childCreations) + 1) | 0)
    this.#kinship.adopt(parent, node)
    records.setLong(parent, Field.pzxid, zxid)
    this.#rehashB(parent)
    if (this.quotas.size > 0 || areQuotaPart(path, start, end)) this.quotas.created(node)
    return node
  }

  /** Takes a node without children away. It still tells what it was until the next one is created or removed. */
  remove(node: Znode, zxid: Zxid): void {
    this.#forgetRemoved()
    const records = this.#records
    const parent = this.#kinship.parent(node)
    if (this.childCount(node) > 0) throw new BrokenInvariant(`remove: ${this.path(node)} has children`)
    if (parent === 0) throw new BrokenInvariant(`remove: ${this.path(node)} has no parent`)
    this.#willChange(node)
    const dataLength = this.dataLength(node)
    const owner = this.owner(node)
    this.#index.delete(records.int(node, Field.pathHash), node)
    this.acls.release(records.int(node, Field.acl))
    this.#digest.subtract(records.int(node, Field.digestA), records.int(node, Field.digestB))
    this.#dataBytes -= this.#store.pathCharacters(node) + dataLength
    if (owner > 0) this.#ephemeralCount--
    else if (owner < 0) this.#reaped.delete(node)
    this.#willChange(parent)
    this.#kinship.unlink(node)
    if (zxid > this.pzxid(parent)) records.setLong(parent, Field.pzxid, zxid)
    this.#rehashB(parent)
    this.#removed = node
    if (this.quotas.size > 0) this.quotas.removed(node)
  }

  /** Replaces the data and raises the version. */
  setData(node: Znode, source: Buffer, dataAt: number, dataLength: number, zxid: Zxid, wallMs: number): void {
    this.#willChange(node)
    const records = this.#records
    const bytesMore = Math.max(dataLength, 0) - this.dataLength(node)
    this.#store.setData(node, source, dataAt, dataLength)
    if (bytesMore !== 0) this.#countBytes(node, bytesMore)
    records.setInt(node, Field.version, nextVersion(records.int(node, Field.version)))
    records.setLong(node, Field.mzxid, zxid)
    records.setLong(node, Field.mtime, wallMs)
    this.#rehashA(node, hashOf(source, dataAt, dataLength))
    if (this.quotas.size > 0) this.quotas.dataChanged(this.path(node), bytesMore)
  }

  /** Replaces the data of a node that the servers themselves keep up to date: only its length shows in the Stat. */
  rewriteData(node: Znode, data: Buffer): void {
    this.#willChange(node)
    const bytesMore = data.length - this.dataLength(node)
    this.#store.setData(node, data, 0, data.length)
    if (bytesMore !== 0) this.#countBytes(node, bytesMore)
    this.#rehashA(node, hashOf(data, 0, data.length))
  }

  setAcl(node: Znode, acl: AclList): void {
    this.#willChange(node)
    const records = this.#records
    const kept = this.acls.reference(acl)
    this.acls.release(records.int(node, Field.acl))
    records.setInt(node, Field.acl, kept)
    records.setInt(node, Field.aversion, nextVersion(records.int(node, Field.aversion)))
    this.#rehashB(node)
  }

  /**
   * Puts a complete node in, without counting it at its parent: the initial tree, and snapshots. Undefined, and nothing
   * done, when there is one with its path.
   */
  insert(image: NodeImage): Znode | undefined {
    const { path, pathAt, pathEnd, source, dataAt, dataLength, acl, owner, czxid, ctime } = image
    this.#scan.reset(path, pathAt, pathEnd)
    const node = this.#add(source, dataAt, dataLength, acl, owner, czxid, ctime)
    if (node === undefined) return undefined
    const view = this.#records.view(node)
    const at = this.#records.at(node)
    putLong(view, at + Field.mzxid, image.mzxid)
    putLong(view, at + Field.mtime, image.mtime)
    putLong(view, at + Field.pzxid, image.pzxid)
    view.setInt32(at + Field.version, image.version)
    view.setInt32(at + Field.aversion, image.aversion)
    view.setInt32(at + Field.childCreations, image.childCreations)
    view.setInt32(at + Field.cversion, 2 * image.childCreations)
    if (pathEnd - pathAt === 1) this.#root = node
    else if (this.#scan.hash === configHash && this.path(node) === configPath) this.#config = node
    this.#rehashA(node, hashOf(source, dataAt, dataLength))
    this.#rehashB(node)
    return node
  }

  /**
   * Names an inserted node among its parent's children; whether the parent is there. To reckon the parent's digest anew for
   * each of its children would be a good part of loading a snapshot: `settle` does it once.
   */
  link(node: Znode): boolean {
    const scan = this.#scan
    if (this.#scanned !== node) {
      const path = Buffer.from(this.path(node))
      scan.reset(path, 0, path.length)
      this.#scanned = node
    }
    const parent = this.#index.find(scan.parentHash, scan.bytes, scan.start, scan.parentEnd)
    if (parent === undefined) return false
    this.#kinship.adopt(parent, node)
    if (!this.#records.setFlag(parent, Flag.digestDue)) return true
    this.#digestDue.push(parent)
    return true
  }

  /** All that was inserted is linked. */
  settle(): void {
    for (const node of this.#digestDue) {
      this.#records.clearFlag(node, Flag.digestDue)
      this.#rehashB(node)
    }
    this.#digestDue.length = 0
  }

  /**
   * Puts into /zookeeper/config what this server's file says. It is no part of the history: neither the digest nor a snapshot
   * holds it, so servers whose files differ in a word still have equal states.
   */
  showMembership(text: Buffer): void {
    if (this.#config === 0) throw new BrokenInvariant(`there is no ${configPath}`)
    this.#store.setData(this.#config, text, 0, text.length)
    this.#records.setInt(this.#config, Field.version, -1)
  }

  /** Whoever clears it resets the digest. */
  clear(): void {
    this.#store = new NodeStore()
    this.#index = new PathIndex(this.#store)
    this.#records = this.#store.records
    this.#kinship = new Kinship(this.#records)
    this.#digestDue.length = 0
    this.#root = 0 as Znode
    this.#config = 0 as Znode
    this.#removed = 0 as Znode
    this.#scanned = 0 as Znode
    this.acls.clear()
    this.quotas.clear()
    this.#dataBytes = 0
    this.#ephemeralCount = 0
    this.#reaped.clear()
  }

  /** A node with the path that was scanned, in no place yet but its own; undefined when there is one. */
  #add(
    source: Buffer,
    dataAt: number,
    dataLength: number,
    acl: AclList,
    owner: Owner,
    zxid: Zxid,
    wallMs: number,
  ): Znode | undefined {
    this.#forgetRemoved()
    const { hash, bytes, start, end, isAscii } = this.#scan
    this.#scanned = 0 as Znode
    if (this.#index.find(hash, bytes, start, end) !== undefined) return undefined
    const node = this.#store.add(bytes, start, end, isAscii, dataLength)
    if (dataLength >= 0) this.#store.setData(node, source, dataAt, dataLength)
    const view = this.#records.view(node)
    const at = this.#records.at(node)
    view.setInt32(at + Field.pathHash, hash)
    view.setInt32(at + Field.acl, this.acls.reference(acl))
    putLong(view, at + Field.czxid, zxid)
    putLong(view, at + Field.ctime, wallMs)
    view.setInt32(at + Field.snapshotMark, this.snapshotMark)
    if (owner !== 0) {
      putLong(view, at + Field.owner, owner)
      putLong(view, at + Field.ephemeralOwner, sessionOf(owner))
      if (owner > 0) this.#ephemeralCount++
      else this.#reaped.add(node)
    }
    this.#index.add(hash, node)
    this.#scanned = node
    if (areQuotaPart(bytes, start, end)) this.quotas.appeared(this.path(node))
    this.#dataBytes += this.#store.pathCharacters(node) + Math.max(dataLength, 0)
    return node
  }

  /** There is none while a snapshot is loaded. */
  #rootIfThere(): Znode | undefined {
    return this.#root === 0 ? undefined : this.#root
  }

  #forgetRemoved(): void {
    if (this.#removed === 0) return
    this.#store.remove(this.#removed)
    this.#removed = 0 as Znode
  }

  #broken(what: string): BrokenInvariant {
    const { bytes, start, end } = this.#scan
    return new BrokenInvariant(`${what} ${bytes.toString('utf8', start, end)}`)
  }

  #countBytes(node: Znode, bytesMore: number): void {
    this.#dataBytes += bytesMore
    this.#kinship.addToAncestors(node, 0, bytesMore)
  }

  #willChange(node: Znode): void {
    if (this.watcher === null || this.#records.int(node, Field.snapshotMark) === this.snapshotMark) return
    this.watcher.nodeWillChange(node)
    this.markForSnapshot(node)
  }

  #rehashA(node: Znode, dataHash: number): void {
    const records = this.#records
    const digest = digestOfData(records, node, dataHash)
    this.#digest.add(digest - records.int(node, Field.digestA), 0)
    records.setInt(node, Field.digestA, digest)
  }

  #rehashB(node: Znode): void {
    const records = this.#records
    const digest = digestOfRest(records, node, this.acl(node).hash)
    this.#digest.add(0, digest - records.int(node, Field.digestB))
    records.setInt(node, Field.digestB, digest)
  }
}

/** The version after a change: it never becomes -1, which means "any" where a version is expected. */
export function nextVersion(version: number): number {
  const next = (version + 1) | 0
  return next === -1 ? 0 : next
}

/** What data add to the digest; a length of -1 stands for null. */
function hashOf(source: Buffer, at: number, length: number): number {
  return length < 0 ? -1 : hashBytes(source, at, at + length)
}

function isAscii(bytes: Buffer, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if ((bytes[i] as number) > 0x7f) return false
  return true
}

/** The tree of an ensemble that has never seen a write. */
export function plantInitialTree(tree: Tree, configAcl: AclList): void {
  for (const path of [rootPath, zookeeperPath, quotaPath, configPath]) {
    const image = new NodeImage()
    image.setPath(path)
    image.acl = path === configPath ? configAcl : openAcl
    // As ZooKeeper's own set-up leaves it.
    if (path === configPath) image.aversion = -1
    const node = tree.insert(image)
    if (node !== undefined && path !== rootPath) tree.link(node)
  }
  tree.settle()
}
