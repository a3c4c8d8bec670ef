import { LastView } from '../runtime/last-view.ts'
import { DecodeError } from '../wire/decode-error.ts'
import { FrameSplitter } from '../wire/frame-splitter.ts'
import { JuteReader } from '../wire/jute-reader.ts'
import { isOpenAcl, openAcl } from './acl-table.ts'
import type { StateDigest } from './digest.ts'
import { NodeImage, SavedField, savedBytes } from './node-image.ts'
import { getLong } from './node-table.ts'
import type { OriginTable } from './origins.ts'
import { type KeptAnswer, Session, type SessionTable } from './sessions.ts'
import { SnapshotRecord, snapshotFormat } from './snapshot-format.ts'
import type { Tree } from './tree.ts'
import type { Zxid } from './zxid.ts'

/** A snapshot's content is not what it should be. The state it was loaded into is empty again. */
export class SnapshotError extends Error {
  override name = 'SnapshotError'
}

const longFields = [
  SavedField.czxid,
  SavedField.mzxid,
  SavedField.pzxid,
  SavedField.ctime,
  SavedField.mtime,
  SavedField.owner,
]
const recordBytesMax = 2 ** 31 - 1

/** Fills an empty state from a snapshot's records, fed in chunks that may be cut anywhere. */
export class SnapshotLoader {
  readonly #tree: Tree
  readonly #sessions: SessionTable
  readonly #origins: OriginTable
  readonly #digest: StateDigest
  readonly #records = new FrameSplitter(recordBytesMax)
  readonly #reader = new JuteReader()
  readonly #image = new NodeImage()
  readonly #views = new LastView()
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
      this.#records.pushRanges(chunk, this.#onRecord)
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

  readonly #onRecord = (bytes: Buffer, start: number, end: number): void => {
    const reader = this.#reader.reset(bytes, start, end)
    const type = reader.int()
    if (type === SnapshotRecord.node && this.#head !== null && !this.#ended) {
      this.#readNode(bytes, start + 4, end)
      return
    }
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
    this.#tree.expect(this.#head.nodes)
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

  /** By places, for there are many: a reader, which goes on field by field, takes twice as long. */
  #readNode(bytes: Buffer, start: number, end: number): void {
    const tree = this.#tree
    const image = this.#image
    const view = this.#views.of(bytes)
    const pathAt = start + 4
    const pathLength = pathAt <= end ? view.getInt32(start) : 0
    // Whatever else it may be, it would be no node that anybody finds.
    if (pathLength < 1) throw new SnapshotError(`snapshot: found a path of ${pathLength} bytes`)
    const pathEnd = pathAt + pathLength
    const dataAt = pathEnd + 4
    const dataLength = dataAt <= end ? view.getInt32(pathEnd) : -2
    const savedAt = dataAt + Math.max(dataLength, 0)
    const aclAt = savedAt + savedBytes
    if (dataLength < -1 || aclAt > end) throw cutShort(end - start)
    image.path = bytes
    image.pathAt = pathAt
    image.pathEnd = pathEnd
    image.source = bytes
    image.dataAt = dataAt
    image.dataLength = dataLength
    image.saved = view
    image.savedAt = savedAt
    for (let i = 0; i < longFields.length; i++) expectExact(view, savedAt + (longFields[i] as number))
    image.acl = isOpenAcl(view, aclAt, end) ? openAcl : tree.acls.read(this.#reader.reset(bytes, aclAt, end))
    const node = tree.insert(image)
    const owner = tree.owner(node)
    if (owner > 0) this.#ephemerals.push([tree.path(node), owner])
  }

  #readEnd(reader: JuteReader): void {
    this.#ended = true
    const misfit = this.#tree.settle()
    if (misfit !== null) {
      const path = this.#tree.path(misfit.node)
      throw new SnapshotError(
        misfit.because === 'twice'
          ? `snapshot: found ${path} twice`
          : `snapshot: the parent of ${path} is missing`,
      )
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

const cutShort = (bytes: number): SnapshotError =>
  new SnapshotError(`snapshot: found a node of ${bytes} bytes, expected its fields to fill it`)

/** That the 64-bit integer there is exact as a number. */
function expectExact(view: DataView, at: number): void {
  // Nearly all are told by their upper half.
  if (Math.abs(view.getInt32(at)) < 2 ** 21 || Number.isSafeInteger(getLong(view, at))) return
  throw new SnapshotError(`snapshot: found ${view.getBigInt64(at)}, expected at most 53 bits`)
}

function readAnswer(reader: JuteReader): KeptAnswer {
  return {
    requestId: reader.int(),
    zxid: reader.long(),
    error: reader.int(),
    body: Buffer.from(reader.buffer() ?? []),
  }
}
