import { assert, BrokenInvariant } from '../runtime/assert.ts'
import type { AclList } from './acl-table.ts'
import type { OriginTable } from './origins.ts'
import { noOwner, type Owner } from './owner.ts'
import { QuotaCheck } from './quota/quota-check.ts'
import type { SessionTable } from './sessions.ts'
import { TouchQueue } from './touch-queue.ts'
import type { Tree } from './tree.ts'
import type { Znode } from './znode.ts'
import type { Zxid } from './zxid.ts'

/** Instead of a session's window: it does not exist, or a proposal closes it. */
export const sessionGone = -1
/** Instead of a session's window: its client has come in by a later connection than the one that asks. */
export const sessionMoved = -2

/** What `execute` needs to know of one node, as it will be once everything proposed so far is applied. */
export class PendingNode {
  /** The applied node that this was made from; null for one that was created in flight. */
  readonly node: Znode | null
  /** Where the overlay keeps it, which the applied node tells; 0 for nowhere. */
  place = 0
  exists = true
  version = 0
  aversion = 0
  acl: AclList
  dataLength = 0
  childCreations = 0
  childCount = 0
  owner: Owner = noOwner
  czxid: Zxid = 0
  lastZxid: Zxid = 0
  /** Whether the overlay holds it; else it is only a copy made for a look. */
  held = false
  /** Whether it was created in flight, so that the overlay has to know it by its path. */
  named = false

  readonly #tree: Tree
  #path: string | null

  /** The path of an applied node is left to be asked for: null. */
  constructor(tree: Tree, path: string | null, acl: AclList, node: Znode | null) {
    this.#tree = tree
    this.#path = path
    this.acl = acl
    this.node = node
  }

  /** Known to the end for a node that is `named`, else as long as the applied node is there. */
  get path(): string {
    if (this.#path === null) this.#path = this.#tree.path(this.node as Znode)
    return this.#path
  }

  nameIt(path: string): void {
    this.#path = path
    this.named = true
  }

  /** Takes over everything that a proposal may change. */
  become(other: PendingNode): void {
    this.exists = other.exists
    this.version = other.version
    this.aversion = other.aversion
    this.acl = other.acl
    this.dataLength = other.dataLength
    this.childCreations = other.childCreations
    this.childCount = other.childCount
    this.owner = other.owner
    this.czxid = other.czxid
    this.lastZxid = other.lastZxid
    this.held = other.held
    this.named = other.named
  }
}

/** A session that proposals in flight create, close, or do something for. */
class PendingSession {
  readonly id: number
  open: boolean
  readonly exactlyOnceWindow: number
  lastRequestId: number
  /** Ephemeral nodes created in flight. Some may be applied or deleted since: the node itself tells. */
  readonly ephemerals = new Set<string>()
  lastZxid: Zxid = 0

  constructor(id: number, exactlyOnceWindow: number, lastRequestId: number) {
    this.id = id
    this.open = true
    this.exactlyOnceWindow = exactlyOnceWindow
    this.lastRequestId = lastRequestId
  }
}

interface ProposedOrigin {
  incarnation: number
  number: number
}

/**
 * The state as a leader sees it while proposals are in flight: the applied state, and on top of it what those proposals
 * will change. What is applied is dropped from it.
 */
export class Overlay {
  readonly tree: Tree
  readonly #sessions: SessionTable
  readonly #origins: OriginTable
  /**
   * Nodes created in flight, by path. All others hang on the applied node. One that is created where another is being
   * deleted does both: the applied node goes first.
   */
  readonly #created = new Map<string, PendingNode>()
  /** Those that hang on applied nodes, which tell their places here. Place 0 is none. */
  readonly #hanging: (PendingNode | null)[] = [null]
  readonly #freePlaces: number[] = []
  readonly #nodeTouches = new TouchQueue<PendingNode>()
  readonly #pendingSessions = new Map<number, PendingSession>()
  readonly #sessionTouches = new TouchQueue<PendingSession>()
  /** Kept for the whole reign: one entry per server. */
  readonly #proposedOrigins = new Map<number, ProposedOrigin>()

  /** Nodes as they were before a multi touched them; null outside of one. */
  #undo: { node: PendingNode; before: PendingNode }[] | null = null
  #undoMark = 0
  /** What is in flight counts for quotas as well. */
  readonly quotas: QuotaCheck

  constructor(tree: Tree, sessions: SessionTable, origins: OriginTable) {
    this.tree = tree
    this.quotas = new QuotaCheck(tree)
    this.#sessions = sessions
    this.#origins = origins
  }

  /** What it holds of proposals in flight: changes of nodes and of sessions, and the sessions' ephemeral nodes. */
  get size(): number {
    let size = this.#nodeTouches.size + this.#sessionTouches.size
    for (const session of this.#pendingSessions.values()) size += session.ephemerals.size
    return size
  }

  /** The node as it will be; undefined when it will not exist. Changing what is returned needs `touch` first. */
  find(path: string): PendingNode | undefined {
    return this.#find(path, this.tree.find(path))
  }

  /** As `find`, by the bytes of a path in a request. */
  findBytes(bytes: Buffer, start: number, end: number): PendingNode | undefined {
    const node = this.tree.findBytes(bytes, start, end)
    if (node !== undefined) return this.#find(null, node)
    return this.#created.size === 0 ? undefined : this.#find(bytes.toString('utf8', start, end), undefined)
  }

  #find(path: string | null, node: Znode | undefined): PendingNode | undefined {
    let pending = node === undefined ? null : this.#pendingOf(node)
    if (pending === null && this.#created.size > 0) {
      const name = path ?? this.tree.path(node as Znode)
      pending = this.#created.get(name) ?? null
    }
    if (pending !== null) return pending.exists ? pending : undefined
    if (node === undefined) return undefined
    const { tree } = this
    const copy = new PendingNode(tree, path, tree.acl(node), node)
    copy.version = tree.version(node)
    copy.aversion = tree.aversion(node)
    copy.dataLength = tree.dataLength(node)
    copy.childCreations = tree.childCreations(node)
    copy.childCount = tree.childCount(node)
    copy.owner = tree.owner(node)
    copy.czxid = tree.czxid(node)
    return copy
  }

  /** Announces that proposal `zxid` changes this node; the change follows. */
  touch(node: PendingNode, zxid: Zxid): void {
    if (this.#undo !== null) this.#remember(node, this.#undo)
    if (!node.held) {
      node.held = true
      this.#hang(node)
    } else if (node.lastZxid === zxid) {
      return
    }
    this.#nodeTouches.push(node, zxid)
  }

  /** Adds a node that does not exist, with nothing but this known of it. */
  create(path: string, dataLength: number, acl: AclList, owner: Owner, zxid: Zxid): void {
    const applied = this.tree.find(path)
    const deleted = (applied === undefined ? null : this.#pendingOf(applied)) ?? this.#created.get(path)
    if (deleted?.exists) throw new BrokenInvariant(`overlay: ${path} exists`)
    const node = deleted ?? new PendingNode(this.tree, path, acl, null)
    if (deleted === undefined) node.exists = false
    this.touch(node, zxid)
    node.nameIt(path)
    this.#created.set(path, node)
    node.exists = true
    node.version = 0
    node.aversion = 0
    node.acl = acl
    node.dataLength = dataLength
    node.childCreations = 0
    node.childCount = 0
    node.owner = owner
    node.czxid = zxid
    if (owner > 0) this.#touchSession(owner, zxid).ephemerals.add(path)
  }

  /** Takes a node without children away. */
  remove(node: PendingNode, parent: PendingNode, zxid: Zxid): void {
    if (this.quotas.isNeeded) this.quotas.note(node.path, -1, -node.dataLength, zxid)
    this.touch(parent, zxid)
    parent.childCount--
    this.touch(node, zxid)
    node.exists = false
  }

  /** From here on every change of a node can be taken back. */
  beginMulti(): void {
    assert(this.#undo === null, 'overlay: a multi inside a multi')
    this.#undo = []
    this.#undoMark = this.#nodeTouches.mark
    this.quotas.beginMulti()
  }

  commitMulti(): void {
    this.#undo = null
    this.quotas.commitMulti()
  }

  /** Takes back every change of a node since `beginMulti`; does nothing outside of a multi. */
  rollbackMulti(): void {
    const undo = this.#undo
    if (undo === null) return
    this.#undo = null
    for (let i = undo.length - 1; i >= 0; i--) {
      const entry = undo[i]
      if (entry === undefined) continue
      const { node, before } = entry
      if (node.named && !before.named) this.#created.delete(node.path)
      if (!before.held) this.#unhang(node)
      node.become(before)
    }
    this.#nodeTouches.rollback(this.#undoMark)
    this.quotas.rollbackMulti()
  }

  /**
   * The session's exactly-once window (0 for a plain session), `sessionGone`, or `sessionMoved`: it is known to have had a
   * later connection than the one numbered `attachment`.
   */
  windowOf(id: number, attachment: number): number {
    const session = this.#sessions.get(id)
    if (session !== undefined && attachment < session.claim) return sessionMoved
    if (this.#pendingSessions.size > 0) {
      const pending = this.#pendingSessions.get(id)
      if (pending !== undefined) return pending.open ? pending.exactlyOnceWindow : sessionGone
    }
    return session === undefined ? sessionGone : session.exactlyOnceWindow
  }

  /** The id of the last write proposed for an exactly-once session. */
  lastRequestId(id: number): number {
    const known = this.#pendingSessions.get(id) ?? this.#sessions.get(id)
    return known === undefined ? 0 : known.lastRequestId
  }

  /** Proposal `zxid` is the answer to this request of an exactly-once session. */
  requestProposed(id: number, requestId: number, zxid: Zxid): void {
    this.#touchSession(id, zxid).lastRequestId = requestId
  }

  createSession(id: number, exactlyOnceWindow: number): void {
    const pending = new PendingSession(id, exactlyOnceWindow, 0)
    this.#pendingSessions.set(id, pending)
    this.#sessionTouches.push(pending, id)
  }

  closeSession(id: number, zxid: Zxid): void {
    this.#touchSession(id, zxid).open = false
  }

  /** The session's ephemeral nodes as they will be. */
  ephemeralsOf(id: number): string[] {
    const paths = new Set(this.#sessions.get(id)?.ephemerals)
    const pending = this.#pendingSessions.get(id)
    if (pending !== undefined) for (const path of pending.ephemerals) paths.add(path)
    return [...paths].filter((path) => this.find(path)?.owner === id)
  }

  /**
   * Whether this request has not been proposed before, in this reign or an earlier one; it counts as proposed from now
   * on. What an older incarnation asked comes too late: nobody waits for it.
   */
  isFirstProposal(server: number, incarnation: number, number: number): boolean {
    const origin = this.#proposedOrigins.get(server) ?? this.#rememberOrigin(server)
    if (incarnation < origin.incarnation) return false
    if (incarnation === origin.incarnation && number <= origin.number) return false
    origin.incarnation = incarnation
    origin.number = number
    return true
  }

  /** Proposals up to `zxid` are applied: what only they changed is now in the state itself. */
  dropThrough(zxid: Zxid): void {
    this.#nodeTouches.dropThrough(zxid, this.#letNodeGo)
    if (this.#sessionTouches.size > 0) this.#sessionTouches.dropThrough(zxid, this.#letSessionGo)
    this.quotas.dropThrough(zxid)
  }

  /** The reign is over: nothing of it may stay on the nodes. */
  clear(): void {
    this.dropThrough(Number.POSITIVE_INFINITY)
  }

  #remember(node: PendingNode, undo: { node: PendingNode; before: PendingNode }[]): void {
    const before = new PendingNode(this.tree, '', node.acl, node.node)
    before.become(node)
    undo.push({ node, before })
  }

  #pendingOf(node: Znode): PendingNode | null {
    const place = this.tree.pending(node)
    return place === 0 ? null : (this.#hanging[place] ?? null)
  }

  #hang(node: PendingNode): void {
    if (node.node === null) return
    node.place = this.#freePlaces.pop() ?? this.#hanging.length
    this.#hanging[node.place] = node
    this.tree.setPending(node.node, node.place)
  }

  #unhang(node: PendingNode): void {
    const { place } = node
    if (node.node === null || place === 0) return
    node.place = 0
    this.#hanging[place] = null
    this.#freePlaces.push(place)
    // The applied node may be gone by now, and its number be that of another one.
    if (this.tree.pending(node.node) === place) this.tree.setPending(node.node, 0)
  }

  readonly #letNodeGo = (node: PendingNode): void => {
    node.held = false
    this.#unhang(node)
    if (!node.named) return
    this.#created.delete(node.path)
    // From here on the session itself tells. One that always has something in flight would gather paths without end.
    if (node.owner > 0) this.#pendingSessions.get(node.owner)?.ephemerals.delete(node.path)
  }

  readonly #letSessionGo = (session: PendingSession): void => {
    this.#pendingSessions.delete(session.id)
  }

  #touchSession(id: number, zxid: Zxid): PendingSession {
    let pending = this.#pendingSessions.get(id)
    if (pending === undefined) {
      const session = this.#sessions.get(id)
      assert(session !== undefined, () => `overlay: session ${id} does not exist`)
      pending = new PendingSession(id, session.exactlyOnceWindow, session.lastRequestId)
      this.#pendingSessions.set(id, pending)
    }
    if (pending.lastZxid !== zxid) this.#sessionTouches.push(pending, zxid)
    return pending
  }

  #rememberOrigin(server: number): ProposedOrigin {
    const done = this.#origins.get(server)
    const origin = { incarnation: done?.incarnation ?? 0, number: done?.number ?? 0 }
    this.#proposedOrigins.set(server, origin)
    return origin
  }
}
