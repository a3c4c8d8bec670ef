import { DecodeError } from '../wire/decode-error.ts'
import { FrameSplitter } from '../wire/frame-splitter.ts'
import { JuteReader } from '../wire/jute-reader.ts'
import type { StateDigest } from './digest.ts'
import type { OriginTable } from './origins.ts'
import { type KeptAnswer, Session, type SessionTable } from './sessions.ts'
import { SnapshotRecord, snapshotFormat } from './snapshot-format.ts'
import type { Tree } from './tree.ts'
import { Znode } from './znode.ts'
import type { Zxid } from './zxid.ts'

/** A snapshot's content is not what it should be. The state it was loaded into is empty again. */
export class SnapshotError extends Error {
  override name = 'SnapshotError'
}

const recordBytesMax = 2 ** 31 - 1

/** Fills an empty state from a snapshot's records, fed in chunks that may be cut anywhere. */
export class SnapshotLoader {
  readonly #tree: Tree
  readonly #sessions: SessionTable
  readonly #origins: OriginTable
  readonly #digest: StateDigest
  readonly #records = new FrameSplitter(recordBytesMax)
  readonly #reader = new JuteReader()
  /** Nodes that came before their parent. */
  readonly #orphans: Znode[] = []
  /** Ephemeral nodes: sessions are complete only at the end. */
  readonly #ephemerals: [path: string, owner: number][] = []
  #head: { zxid: Zxid; nodes: number; sessions: number } | null = null
  #ended = false

  constructor(parts: { tree: Tree; sessions: SessionTable; origins: OriginTable }, digest: StateDigest) {
    this.#tree = parts.tree
    this.#sessions = parts.sessions
    this.#origins = parts.origins
    this.#digest = digest
  }

  /** Throws SnapshotError. */
  feed(chunk: Buffer): void {
    try {
      this.#records.push(chunk, this.#onRecord)
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error
      throw new SnapshotError(`snapshot: ${error.message}`)
    }
  }

  /** Everything has been fed. Returns the zxid that the state is as of; throws SnapshotError. */
  finish(): Zxid {
    if (this.#head === null || !this.#ended) throw new SnapshotError('snapshot: the end is missing')
    return this.#head.zxid
  }

  readonly #onRecord = (record: Buffer): void => {
    const reader = this.#reader.reset(record)
    const type = reader.int()
    if (this.#ended) throw new SnapshotError('snapshot: found a record behind the end')
    if (this.#head === null && type !== SnapshotRecord.head) {
      throw new SnapshotError(`snapshot: found record type ${type}, expected the head`)
    }
    switch (type) {
      case SnapshotRecord.head:
        this.#readHead(reader)
        return
      case SnapshotRecord.origin:
        this.#origins.done(reader.int(), reader.long(), reader.long())
        return
      case SnapshotRecord.session:
        this.#readSession(reader)
        return
      case SnapshotRecord.node:
        this.#readNode(reader)
        return
      case SnapshotRecord.end:
        this.#readEnd(reader)
        return
      default:
        throw new SnapshotError(`snapshot: found record type ${type}, expected 1 to 5`)
    }
  }

  #readHead(reader: JuteReader): void {
    if (this.#head !== null) throw new SnapshotError('snapshot: found a second head')
    const format = reader.int()
    if (format !== snapshotFormat) {
      throw new SnapshotError(`snapshot: found format ${format}, expected ${snapshotFormat}`)
    }
    this.#head = { zxid: reader.long(), nodes: reader.long(), sessions: reader.long() }
  }

  #readSession(reader: JuteReader): void {
    const id = reader.long()
    const timeoutMs = reader.int()
    const password = Buffer.from(reader.buffer() ?? [])
    const session = new Session(id, timeoutMs, password, reader.int())
    session.attachment = reader.long()
    session.claim = session.attachment
    session.lastRequestId = reader.int()
    session.answers.push(...(reader.vector(readAnswer) ?? []))
    if (this.#sessions.get(id) !== undefined) throw new SnapshotError(`snapshot: found session ${id} twice`)
    this.#sessions.add(session)
  }

  #readNode(reader: JuteReader): void {
    const path = reader.text()
    const data = reader.buffer()
    const czxid = reader.long()
    const mzxid = reader.long()
    const pzxid = reader.long()
    const ctime = reader.long()
    const mtime = reader.long()
    const version = reader.int()
    const aversion = reader.int()
    const childCreations = reader.int()
    const owner = reader.long()
    const acl = this.#tree.acls.read(reader)
    if (this.#tree.find(path) !== undefined) throw new SnapshotError(`snapshot: found ${path} twice`)
    const own = data === null ? null : Buffer.from(data)
    const node = new Znode(path, own, acl, owner, czxid, ctime, this.#tree.snapshotMark)
    node.mzxid = mzxid
    node.pzxid = pzxid
    node.mtime = mtime
    node.version = version
    node.aversion = aversion
    node.childCreations = childCreations
    this.#tree.insert(node)
    if (path !== '/' && !this.#tree.link(node)) this.#orphans.push(node)
    if (owner > 0) this.#ephemerals.push([path, owner])
  }

  #readEnd(reader: JuteReader): void {
    this.#ended = true
    for (const node of this.#orphans) {
      if (!this.#tree.link(node)) throw new SnapshotError(`snapshot: the parent of ${node.path} is missing`)
    }
    for (const [path, owner] of this.#ephemerals) {
      const session = this.#sessions.get(owner)
      if (session === undefined) throw new SnapshotError(`snapshot: ${path} belongs to no session`)
      session.ephemerals.add(path)
    }
    const nodes = this.#tree.nodeCount - 1
    const head = this.#head
    if (head === null || nodes !== head.nodes || this.#sessions.size !== head.sessions) {
      throw new SnapshotError(
        `snapshot: found ${nodes} nodes and ${this.#sessions.size} sessions, ` +
          `expected ${head?.nodes} and ${head?.sessions}`,
      )
    }
    const expected = reader.text()
    if (this.#digest.toString() !== expected) {
      throw new SnapshotError(`snapshot: found state digest ${this.#digest}, expected ${expected}`)
    }
  }
}

function readAnswer(reader: JuteReader): KeptAnswer {
  return {
    requestId: reader.int(),
    zxid: reader.long(),
    error: reader.int(),
    body: Buffer.from(reader.buffer() ?? []),
  }
}
