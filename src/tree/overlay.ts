import { assert } from '../runtime/assert.ts'
import type { AclList } from './acl-table.ts'
import type { OriginTable } from './origins.ts'
import type { SessionTable } from './sessions.ts'
import { TouchQueue } from './touch-queue.ts'
import type { Tree } from './tree.ts'
import type { Zxid } from './zxid.ts'

/** What `execute` needs to know of one node, as it will be once everything proposed so far is applied. */
export class PendingNode {
  readonly path: string
  exists: boolean
  version = 0
  aversion = 0
  acl: AclList
  childCreations = 0
  childCount = 0
  ephemeralOwner = 0
  lastZxid: Zxid = 0
  /** Whether the overlay holds it; else it is only a copy made for a look. */
  held = false

  constructor(path: string, acl: AclList) {
    this.path = path
    this.acl = acl
    this.exists = true
  }

  /** Takes over everything that a proposal may change. */
  become(other: PendingNode): void {
    this.exists = other.exists
    this.version = other.version
    this.aversion = other.aversion
    this.acl = other.acl
    this.childCreations = other.childCreations
    this.childCount = other.childCount
    this.ephemeralOwner = other.ephemeralOwner
    this.lastZxid = other.lastZxid
    this.held = other.held
  }
}

/** A session that proposals in flight create, close, or do something for. */
export class PendingSession {
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
  readonly #tree: Tree
  readonly #sessions: SessionTable
  readonly #origins: OriginTable
  readonly #nodes = new Map<string, PendingNode>()
  readonly #nodeTouches = new TouchQueue<PendingNode>()
  readonly #pendingSessions = new Map<number, PendingSession>()
  readonly #sessionTouches = new TouchQueue<PendingSession>()
  /** Kept for the whole reign: one entry per server. */
  readonly #proposedOrigins = new Map<number, ProposedOrigin>()

  /** Nodes as they were before a multi touched them; null outside of one. */
  #undo: { node: PendingNode; before: PendingNode }[] | null = null
  #undoMark = 0

  constructor(tree: Tree, sessions: SessionTable, origins: OriginTable) {
    this.#tree = tree
    this.#sessions = sessions
    this.#origins = origins
  }

  /** Nodes and sessions that proposals in flight have changed. */
  get size(): number {
    return this.#nodes.size + this.#pendingSessions.size
  }

  /** The node as it will be; undefined when it will not exist. Changing what is returned needs `touch` first. */
  find(path: string): PendingNode | undefined {
    const pending = this.#nodes.get(path)
    if (pending !== undefined) return pending.exists ? pending : undefined
    const node = this.#tree.find(path)
    if (node === undefined) return undefined
    const copy = new PendingNode(path, node.acl)
    copy.version = node.version
    copy.aversion = node.aversion
    copy.childCreations = node.childCreations
    copy.childCount = this.#tree.childCount(node)
    copy.ephemeralOwner = node.ephemeralOwner
    return copy
  }

  /** Announces that proposal `zxid` changes this node; the change follows. */
  touch(node: PendingNode, zxid: Zxid): void {
    if (this.#undo !== null) {
      const before = new PendingNode(node.path, node.acl)
      before.become(node)
      this.#undo.push({ node, before })
    }
    if (!node.held) {
      node.held = true
      this.#nodes.set(node.path, node)
    } else if (node.lastZxid === zxid) {
      return
    }
    this.#nodeTouches.push(node, zxid)
  }

  /** Adds a node that does not exist, with nothing but this known of it. */
  create(path: string, acl: AclList, ephemeralOwner: number, zxid: Zxid): void {
    let node = this.#nodes.get(path)
    if (node === undefined) {
      node = new PendingNode(path, acl)
      node.exists = false
    }
    assert(!node.exists, () => `overlay: ${path} exists`)
    this.touch(node, zxid)
    node.exists = true
    node.version = 0
    node.aversion = 0
    node.acl = acl
    node.childCreations = 0
    node.childCount = 0
    node.ephemeralOwner = ephemeralOwner
    if (ephemeralOwner !== 0) this.#touchSession(ephemeralOwner, zxid).ephemerals.add(path)
  }

  /** From here on every change of a node can be taken back. */
  beginMulti(): void {
    assert(this.#undo === null, 'overlay: a multi inside a multi')
    this.#undo = []
    this.#undoMark = this.#nodeTouches.mark
  }

  commitMulti(): void {
    this.#undo = null
  }

  /** Takes back every change of a node since `beginMulti`; does nothing outside of a multi. */
  rollbackMulti(): void {
    const undo = this.#undo
    if (undo === null) return
    this.#undo = null
    for (let i = undo.length - 1; i >= 0; i--) {
      const entry = undo[i]
      if (entry === undefined) continue
      if (entry.node.held && !entry.before.held) this.#nodes.delete(entry.node.path)
      entry.node.become(entry.before)
    }
    this.#nodeTouches.rollback(this.#undoMark)
  }

  /** The session's exactly-once window (0 for a plain session); -1 when it does not exist or a proposal closes it. */
  windowOf(id: number): number {
    if (this.#pendingSessions.size > 0) {
      const pending = this.#pendingSessions.get(id)
      if (pending !== undefined) return pending.open ? pending.exactlyOnceWindow : -1
    }
    const session = this.#sessions.get(id)
    return session === undefined ? -1 : session.exactlyOnceWindow
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

  /** The session's ephemeral nodes as they will be, sorted: every replica lists them alike. */
  ephemeralsOf(id: number): string[] {
    const paths = new Set(this.#sessions.get(id)?.ephemerals)
    const pending = this.#pendingSessions.get(id)
    if (pending !== undefined) for (const path of pending.ephemerals) paths.add(path)
    return [...paths].filter((path) => this.find(path)?.ephemeralOwner === id).sort()
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
  }

  readonly #letNodeGo = (node: PendingNode): void => {
    node.held = false
    this.#nodes.delete(node.path)
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
