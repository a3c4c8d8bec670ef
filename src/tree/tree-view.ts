import type { JuteWriter } from '../wire/jute-writer.ts'
import { type AclList, AclTable } from './acl-table.ts'
import { hashAscii, hashString } from './digest.ts'
import { Kinship } from './kinship.ts'
import { NodeStore } from './node-store.ts'
import { Field, type NodeTable } from './node-table.ts'
import { type Owner, sessionOf } from './owner.ts'
import { PathIndex } from './path-index.ts'
import { isOverdue } from './reaping.ts'
import type { Znode } from './znode.ts'
import type { Zxid } from './zxid.ts'

/**
 * All nodes by path, to look at. A `Znode` is a handle: what it holds is asked of the tree, and is as of now.
 */
export class TreeView {
  readonly acls = new AclTable()
  protected store = new NodeStore()
  protected index = new PathIndex(this.store)
  protected records: NodeTable = this.store.records
  protected kinship = new Kinship(this.records)
  protected root = 0 as Znode
  protected config = 0 as Znode
  /** The node that was removed last: who is told of it may ask for what it was. */
  protected removed = 0 as Znode

  /** As ZooKeeper counts: the root is stored under two names there. */
  get nodeCount(): number {
    return this.records.count + (this.removed === 0 ? 1 : 0)
  }

  /** The empty path is another name of the root, for reads. */
  find(path: string): Znode | undefined {
    return this.index.findText(hashString(path), path) ?? (path === '' ? this.#rootIfThere() : undefined)
  }

  /** As `find`, by the bytes of a path in a request, without making a string of them. */
  findBytes(bytes: Buffer, start: number, end: number): Znode | undefined {
    const node = this.index.find(hashAscii(bytes, start, end), bytes, start, end)
    if (node !== undefined) return node
    if (start === end) return this.#rootIfThere()
    return isAscii(bytes, start, end) ? undefined : this.find(bytes.toString('utf8', start, end))
  }

  /** Whether it is what shows the members of the ensemble. */
  isConfig(node: Znode | null): boolean {
    return node === this.config
  }

  path(node: Znode): string {
    return this.store.path(node)
  }

  writePath(node: Znode, writer: JuteWriter): void {
    this.store.writePath(node, writer)
  }

  /** A VIEW: write it out or copy it at once, the next change may overwrite it. */
  data(node: Znode): Buffer | null {
    return this.store.data(node)
  }

  /** As a buffer goes over the wire: cheaper than `data`. */
  writeData(node: Znode, writer: JuteWriter): void {
    this.store.writeData(node, writer)
  }

  /** 0 for null, too. */
  dataLength(node: Znode): number {
    return this.records.int(node, Field.dataLength)
  }

  /** Bytes of path and data. */
  contentLength(node: Znode): number {
    return this.store.contentLength(node)
  }

  acl(node: Znode): AclList {
    return this.acls.at(this.records.int(node, Field.acl))
  }

  czxid(node: Znode): Zxid {
    return this.records.long(node, Field.czxid)
  }

  mzxid(node: Znode): Zxid {
    return this.records.long(node, Field.mzxid)
  }

  /** Last child create or delete; the node's own czxid before any. */
  pzxid(node: Znode): Zxid {
    return this.records.long(node, Field.pzxid)
  }

  ctime(node: Znode): number {
    return this.records.long(node, Field.ctime)
  }

  mtime(node: Znode): number {
    return this.records.long(node, Field.mtime)
  }

  version(node: Znode): number {
    return this.records.int(node, Field.version)
  }

  aversion(node: Znode): number {
    return this.records.int(node, Field.aversion)
  }

  /** Children ever created: the next sequential child's number. Wraps at 2^31. */
  childCreations(node: Znode): number {
    return this.records.int(node, Field.childCreations)
  }

  owner(node: Znode): Owner {
    return this.records.long(node, Field.owner)
  }

  /** The owning session's id; 0 for a node that outlives sessions. */
  ephemeralOwner(node: Znode): number {
    return sessionOf(this.owner(node))
  }

  childCount(node: Znode): number {
    return this.records.int(node, Field.childCount)
  }

  /** All nodes below. */
  descendantCount(node: Znode): number {
    return this.records.int(node, Field.descendantCount)
  }

  /** Bytes of the data of the node and of all nodes below. What `showMembership` shows is no part of the state, nor of these. */
  subtreeBytes(node: Znode): number {
    const below = this.records.long(node, Field.descendantBytes)
    return this.isConfig(node) ? below : below + this.dataLength(node)
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

  /** Undefined for the root. A node that was just removed still tells. */
  parent(node: Znode): Znode | undefined {
    const parent = this.kinship.parent(node)
    return parent === 0 ? undefined : parent
  }

  /** In no particular order. */
  childNames(node: Znode): string[] {
    const names: string[] = []
    for (let child = this.kinship.firstChild(node); child !== 0; child = this.kinship.nextSibling(child)) {
      names.push(this.store.name(child, node))
    }
    return names
  }

  /** As a vector of strings goes over the wire. */
  writeChildNames(node: Znode, writer: JuteWriter): void {
    writer.int(this.childCount(node))
    for (let child = this.kinship.firstChild(node); child !== 0; child = this.kinship.nextSibling(child)) {
      this.store.writeName(child, node, writer)
    }
  }

  /** Writes the 68-byte Stat. */
  writeStat(node: Znode, writer: JuteWriter): void {
    this.records.writeStat(node, writer)
  }

  /** What the overlay has put on the node; 0 for nothing. Here it costs no look-up. */
  pending(node: Znode): number {
    return this.records.int(node, Field.pending)
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
    return this.records.end
  }

  /** The node at a place; undefined when none is there. */
  nodeAt(place: number): Znode | undefined {
    const node = place as Znode
    return node !== this.removed && this.records.isUsed(node) ? node : undefined
  }

  /** There is none while a snapshot is loaded. */
  #rootIfThere(): Znode | undefined {
    return this.root === 0 ? undefined : this.root
  }
}

function isAscii(bytes: Buffer, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if ((bytes[i] as number) > 0x7f) return false
  return true
}
