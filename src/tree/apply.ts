import { assert, BrokenInvariant } from '../runtime/assert.ts'
import { DecodeError } from '../wire/decode-error.ts'
import { ErrorCode } from '../wire/error-codes.ts'
import { JuteReader } from '../wire/jute-reader.ts'
import { JuteWriter } from '../wire/jute-writer.ts'
import { writeMultiEnd, writeMultiHeader } from '../wire/multi.ts'
import { OpCode } from '../wire/opcodes.ts'
import type { ApplyListener } from './apply-listener.ts'
import type { OriginTable } from './origins.ts'
import { ReplyPath } from './reply-path.ts'
import { Session, type SessionTable } from './sessions.ts'
import type { Tree } from './tree.ts'
import { readTxnHeader, TxnHeader, TxnKind } from './txn.ts'
import type { Znode } from './znode.ts'
import type { Zxid } from './zxid.ts'

/**
 * Changes the state by one transaction that `execute` made. It decides nothing and cannot fail: whatever does not fit
 * is a broken invariant. For each transaction: the changes with their events, then the origin, then the reply.
 */
export class Applier {
  readonly #tree: Tree
  readonly #sessions: SessionTable
  readonly #origins: OriginTable
  readonly #txn = new JuteReader()
  readonly #header = new TxnHeader()
  readonly #reply: ReplyPath
  /** The node that the last change left; null when it left none. */
  #changed: Znode | null = null
  /** The results of a multi gather here: events may not come between a reply's beginning and end. */
  readonly #results = new JuteWriter(256)

  constructor(tree: Tree, sessions: SessionTable, origins: OriginTable) {
    this.#tree = tree
    this.#sessions = sessions
    this.#origins = origins
    this.#reply = new ReplyPath(sessions)
  }

  /** The transaction stands in `bytes` from `start` to `end`. */
  apply(zxid: Zxid, bytes: Buffer, start: number, end: number, listener: ApplyListener): void {
    try {
      const txn = this.#txn.reset(bytes, start, end)
      readTxnHeader(txn, this.#header)
      this.#applyBody(zxid, txn, listener)
      if (txn.remaining > 0) throw broken(zxid, `${txn.remaining} bytes too many`)
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error
      throw broken(zxid, error.message)
    }
  }

  #applyBody(zxid: Zxid, txn: JuteReader, listener: ApplyListener): void {
    switch (this.#header.kind) {
      case TxnKind.setData:
      case TxnKind.create:
      case TxnKind.create2:
      case TxnKind.delete:
      case TxnKind.setAcl:
        this.#applySingle(zxid, txn, listener)
        return
      case TxnKind.multi:
        this.#applyMulti(zxid, txn, listener)
        return
      case TxnKind.createSession:
        this.#applyCreateSession(zxid, txn, listener)
        return
      case TxnKind.closeSession:
        this.#applyCloseSession(zxid, listener)
        return
      case TxnKind.error:
        this.#finish(zxid, txn.int(), null, listener)
        return
      case TxnKind.failedMulti:
        this.#applyFailedMulti(zxid, txn, listener)
        return
      case TxnKind.replay:
        this.#applyReplay(zxid, listener)
        return
      case TxnKind.moved:
        this.#noteOrigin()
        // Kept for nobody, also in an exactly-once session: the client asks again by the connection that it has now.
        this.#reply.refuse(this.#header, zxid, ErrorCode.sessionMoved, listener)
        return
      default:
        throw broken(zxid, `unknown kind ${this.#header.kind}`)
    }
  }

  #applySingle(zxid: Zxid, txn: JuteReader, listener: ApplyListener): void {
    const kind = this.#header.kind
    this.#change(kind, zxid, txn, listener)
    const session = this.#noteOrigin()
    const body = this.#reply.open(this.#header, session, zxid, 0, listener)
    if (body === null) return
    this.#writeResult(body, kind)
    this.#reply.close(this.#header, zxid, 0, listener)
  }

  #applyMulti(zxid: Zxid, txn: JuteReader, listener: ApplyListener): void {
    const results = this.#results
    results.reset()
    const count = txn.int()
    for (let i = 0; i < count; i++) {
      const kind = txn.int()
      this.#change(kind, zxid, txn, listener)
      writeMultiHeader(results, kind, 0)
      this.#writeResult(results, kind)
    }
    writeMultiEnd(results)
    this.#finish(zxid, 0, results, listener)
  }

  #applyFailedMulti(zxid: Zxid, txn: JuteReader, listener: ApplyListener): void {
    const results = this.#results
    results.reset()
    const count = txn.int()
    const failed = txn.int()
    const error = txn.int()
    for (let i = 0; i < count; i++) {
      const code = i < failed ? ErrorCode.ok : i === failed ? error : ErrorCode.runtimeInconsistency
      writeMultiHeader(results, OpCode.error, code)
      results.int(code)
    }
    writeMultiEnd(results)
    this.#finish(zxid, 0, results, listener)
  }

  /** One change of the tree with its events. What it leaves stands in `#changed`. */
  #change(kind: number, zxid: Zxid, txn: JuteReader, listener: ApplyListener): void {
    switch (kind) {
      case TxnKind.setData:
        this.#changeData(zxid, txn, listener)
        return
      case TxnKind.create:
      case TxnKind.create2:
        this.#createNode(zxid, txn, listener)
        return
      case TxnKind.delete:
        this.#removeNode(txn.text(), zxid, listener)
        return
      case TxnKind.setAcl:
        this.#changeAcl(zxid, txn)
        return
      case TxnKind.check:
        return
      default:
        throw broken(zxid, `unknown change ${kind}`)
    }
  }

  #changeData(zxid: Zxid, txn: JuteReader, listener: ApplyListener): void {
    const pathLength = txn.lengthPrefix()
    const pathAt = txn.position
    txn.skip(pathLength)
    const dataLength = txn.lengthPrefix()
    const dataAt = txn.position
    if (dataLength > 0) txn.skip(dataLength)
    const version = txn.int()
    const node = this.#tree.findBytes(txn.bytes, pathAt, pathAt + pathLength)
    // Not `assert`: its messages would be closures on the hottest path there is.
    if (node === undefined) throw missing(zxid, txn.bytes.toString('utf8', pathAt, pathAt + pathLength))
    this.#tree.setData(node, txn.bytes, dataAt, dataLength, zxid, this.#header.wallMs)
    const found = this.#tree.version(node)
    if (found !== version) {
      const path = this.#tree.path(node)
      throw broken(zxid, `${path} has version ${found}, not ${version}`)
    }
    this.#changed = node
    listener.nodeDataChanged(node, zxid)
  }

  #createNode(zxid: Zxid, txn: JuteReader, listener: ApplyListener): void {
    const pathLength = txn.lengthPrefix()
    const pathAt = txn.position
    txn.skip(pathLength)
    const pathEnd = txn.position
    const dataLength = txn.lengthPrefix()
    const dataAt = txn.position
    if (dataLength > 0) txn.skip(dataLength)
    const acl = this.#tree.acls.read(txn)
    const owner = txn.long()
    const wallMs = this.#header.wallMs
    const { bytes } = txn
    const node = this.#tree.create(
      bytes,
      pathAt,
      pathEnd,
      bytes,
      dataAt,
      dataLength,
      acl,
      owner,
      zxid,
      wallMs,
    )
    this.#changed = node
    if (owner > 0) {
      const session = this.#sessions.get(owner)
      if (session === undefined) throw broken(zxid, `no session ${owner}`)
      session.ephemerals.add(this.#tree.path(node))
    }
    listener.nodeCreated(node, zxid)
    this.#tellParent(node, zxid, listener)
  }

  #removeNode(path: string, zxid: Zxid, listener: ApplyListener): void {
    const node = this.#tree.find(path)
    if (node === undefined) throw missing(zxid, path)
    this.#changed = null
    this.#tree.remove(node, zxid)
    const owner = this.#tree.ephemeralOwner(node)
    if (owner > 0) this.#sessions.get(owner)?.ephemerals.delete(path)
    listener.nodeDeleted(node, zxid)
    this.#tellParent(node, zxid, listener)
  }

  #tellParent(node: Znode, zxid: Zxid, listener: ApplyListener): void {
    const parent = this.#tree.parent(node)
    if (parent !== undefined) listener.nodeChildrenChanged(parent, zxid)
  }

  #changeAcl(zxid: Zxid, txn: JuteReader): void {
    const path = txn.text()
    const acl = this.#tree.acls.read(txn)
    const aversion = txn.int()
    const node = this.#tree.find(path)
    if (node === undefined) throw missing(zxid, path)
    this.#changed = node
    this.#tree.setAcl(node, acl)
    const found = this.#tree.aversion(node)
    assert(found === aversion, () => `transaction ${zxid}: aversion ${found}, not ${aversion}`)
  }

  #writeResult(body: JuteWriter, kind: number): void {
    const node = this.#changed
    switch (kind) {
      case TxnKind.create:
        if (node !== null) this.#tree.writePath(node, body)
        return
      case TxnKind.create2:
        if (node !== null) this.#tree.writePath(node, body)
        break
      case TxnKind.setData:
      case TxnKind.setAcl:
        break
      default:
        return
    }
    if (node !== null) this.#tree.writeStat(node, body)
  }

  #applyCreateSession(zxid: Zxid, txn: JuteReader, listener: ApplyListener): void {
    const timeoutMs = txn.int()
    const password = Buffer.from(txn.buffer() ?? [])
    this.#sessions.add(new Session(zxid, timeoutMs, password, txn.int()))
    listener.sessionCreated(zxid, timeoutMs)
    this.#finish(zxid, 0, null, listener)
  }

  #applyCloseSession(zxid: Zxid, listener: ApplyListener): void {
    const session = this.#sessions.get(this.#header.sessionId)
    assert(session !== undefined, () => `transaction ${zxid}: no session ${this.#header.sessionId}`)
    // Sorted: after a snapshot the set is in another order.
    for (const path of [...session.ephemerals].sort()) this.#removeNode(path, zxid, listener)
    this.#sessions.remove(session)
    listener.sessionClosed(session.id, zxid)
    this.#finish(zxid, 0, null, listener)
  }

  #applyReplay(zxid: Zxid, listener: ApplyListener): void {
    this.#noteOrigin()
    const { sessionId, requestId } = this.#header
    const session = this.#sessions.get(sessionId)
    assert(session !== undefined, () => `transaction ${zxid}: no session ${sessionId}`)
    this.#reply.again(this.#header, zxid, session.answerTo(requestId), listener)
  }

  /** Notes the request as done and answers it; `body` is null when the answer has none. */
  #finish(zxid: Zxid, error: number, body: JuteWriter | null, listener: ApplyListener): void {
    const session = this.#noteOrigin()
    const target = this.#reply.open(this.#header, session, zxid, error, listener)
    if (target === null) return
    if (body !== null) target.raw(body.view())
    this.#reply.close(this.#header, zxid, error, listener)
  }

  /** Returns the session that asked; undefined when it is gone, or the leader itself asked. */
  #noteOrigin(): Session | undefined {
    const header = this.#header
    if (header.number === 0) return undefined
    this.#origins.done(header.server, header.incarnation, header.number)
    const session = this.#sessions.get(header.sessionId)
    if (session === undefined || header.attachment === session.attachment) return session
    if (header.attachment > session.attachment) this.#sessions.attach(session, header.attachment)
    // The client has written by a later connection: what it sent by the one that it left may only be refused.
    else if (header.kind !== TxnKind.moved) throw outdated(header, session)
    return session
  }
}

const missing = (zxid: Zxid, path: string): BrokenInvariant => broken(zxid, `${path} does not exist`)

const outdated = ({ number, attachment }: TxnHeader, session: Session): BrokenInvariant =>
  new BrokenInvariant(
    `session ${session.id}: request ${number} of attachment ${attachment} is done behind one of ${session.attachment}`,
  )

/**
 * Not put together where it is thrown: the engine would make the zxid a string for each transaction, as soon as several places
 * have use for it.
 */
function broken(zxid: Zxid, what: string): BrokenInvariant {
  return new BrokenInvariant(`transaction ${zxid}: ${what}`)
}
