import { assert } from '../runtime/assert.ts'
import { JuteWriter } from '../wire/jute-writer.ts'
import type { OriginTable } from './origins.ts'
import type { Session, SessionChangeWatcher, SessionTable } from './sessions.ts'
import { SnapshotBacklog } from './snapshot-backlog.ts'
import { SnapshotRecord, snapshotFormat, writeNode, writeOrigin, writeSession } from './snapshot-format.ts'
import type { NodeChangeWatcher, Tree } from './tree.ts'
import type { Znode } from './znode.ts'
import type { Zxid } from './zxid.ts'

/** A piece is handed out once the walk has written so much; one record more may be in it. */
const pieceBytes = 64 * 1024
const writerBytes = 2 * pieceBytes
/** And the walk goes past this many nodes for one piece, at most, that need not be written any more: a millisecond. */
const stepsMax = 10_000
/** What changes ahead of the walk leaves in larger pieces, so that it does not come faster than it goes. */
const changesBytes = 448 * 1024
const changesWriterBytes = 512 * 1024
/** When it is given up, so many kept nodes are given back in one go: less than a millisecond. */
const droppedMax = 4096
const nothing = Buffer.alloc(0)

/**
 * One walk over the state as it was at one zxid, while it goes on changing: what is about to change before the walk came
 * by is written first, or kept as it was if it is large, and marked, so that the walk passes it over. What is new carries
 * the mark from birth.
 */
export class SnapshotWalk implements NodeChangeWatcher, SessionChangeWatcher {
  readonly #tree: Tree
  readonly #sessions: SessionTable
  readonly #mark: number
  #writer = new JuteWriter(writerBytes)
  /** Pieces that changes between two of them have filled. */
  readonly #full: Buffer[] = []
  readonly #backlog: SnapshotBacklog
  readonly #end: { zxid: Zxid; digest: string }
  /** The place in the tree that the walk has come to. What comes to stand behind the end carries the mark. */
  #place = 1
  readonly #placesEnd: number
  readonly #openSessions: IterableIterator<Session>
  #nodesLeft: number
  #sessionsLeft: number
  #state: 'walking' | 'done' | 'ended' = 'walking'

  constructor(
    parts: { tree: Tree; sessions: SessionTable; origins: OriginTable },
    at: { zxid: Zxid; digest: string },
  ) {
    this.#tree = parts.tree
    this.#sessions = parts.sessions
    this.#backlog = new SnapshotBacklog(parts.tree)
    this.#end = at
    this.#mark = this.#tree.snapshotMark + 1
    this.#tree.snapshotMark = this.#mark
    this.#sessions.snapshotMark = this.#mark
    this.#tree.watcher = this
    this.#sessions.watcher = this
    this.#placesEnd = this.#tree.placesEnd
    this.#openSessions = this.#sessions.values()
    // The root is counted twice.
    this.#nodesLeft = this.#tree.nodeCount - 1
    this.#sessionsLeft = this.#sessions.size
    this.#writeHead(parts.origins)
  }

  get ended(): boolean {
    return this.#state === 'ended'
  }

  /**
   * The next piece; null after the last. The buffer belongs to the caller. A piece may be empty: where a hundred thousand
   * nodes in a row have changed ahead of the walk, passing over all of them at once would stop everything else.
   */
  nextPiece(): Buffer | null {
    if (this.#state !== 'walking') return null
    const full = this.#full.shift()
    if (full !== undefined) return full
    // What is kept needs no looking for: a copy of so much takes half a millisecond.
    for (let steps = 0; this.#writer.length < (this.#backlog.isEmpty ? pieceBytes : changesBytes); steps++) {
      if (steps === stepsMax) return this.#writer.length === 0 ? nothing : this.#take()
      if (!this.#backlog.isEmpty) this.#backlog.writeOne(this.#writer)
      else if (this.#sessionsLeft > 0) this.#walkSession()
      else if (this.#nodesLeft > 0) this.#walkNode()
      else {
        this.#writeEnd()
        this.#state = 'done'
        this.#stopWatching()
        break
      }
    }
    return this.#take()
  }

  /** Gives up, or tidies up after the last piece: nothing is kept any more. Returns whether all is given back; else, once more. */
  end(): boolean {
    this.#stopWatching()
    this.#full.length = 0
    this.#state = 'ended'
    return this.#backlog.drop(droppedMax)
  }

  /** As `end`, where the tree is cleared. */
  endWithTree(): void {
    this.#backlog.forget()
    this.end()
  }

  nodeWillChange(node: Znode): void {
    this.#nodesLeft--
    if (this.#backlog.takeNode(node)) return
    writeNode(this.#writer, this.#tree, node)
    this.#cut()
  }

  sessionWillChange(session: Session): void {
    this.#sessionsLeft--
    if (this.#backlog.takeSession(session)) return
    writeSession(this.#writer, session)
    this.#cut()
  }

  /** Many small changes are not to become one large piece, whose checksum would take as long as all of them. */
  #cut(): void {
    if (this.#writer.length < changesBytes) return
    this.#full.push(this.#writer.view())
    this.#writer = new JuteWriter(changesWriterBytes)
  }

  #take(): Buffer {
    if (this.#writer.bytes.length === writerBytes) return this.#writer.take()
    // What comes next does not need as much.
    const piece = this.#writer.view()
    this.#writer = new JuteWriter(writerBytes)
    return piece
  }

  #walkNode(): void {
    assert(this.#place < this.#placesEnd, 'snapshot: the walk lost nodes')
    const node = this.#tree.nodeAt(this.#place++)
    if (node === undefined || !this.#tree.markForSnapshot(node)) return
    this.#nodesLeft--
    writeNode(this.#writer, this.#tree, node)
  }

  #walkSession(): void {
    const next = this.#openSessions.next()
    assert(!next.done, 'snapshot: the walk lost sessions')
    const session = next.value
    if (session.snapshotMark === this.#mark) return
    session.snapshotMark = this.#mark
    this.#sessionsLeft--
    writeSession(this.#writer, session)
  }

  #writeHead(origins: OriginTable): void {
    const mark = this.#writer.beginFrame()
    this.#writer.int(SnapshotRecord.head).int(snapshotFormat).long(this.#end.zxid)
    this.#writer.long(this.#nodesLeft).long(this.#sessionsLeft)
    this.#writer.endFrame(mark)
    for (const origin of origins.entries()) writeOrigin(this.#writer, origin)
  }

  #writeEnd(): void {
    const mark = this.#writer.beginFrame()
    this.#writer.int(SnapshotRecord.end).string(this.#end.digest)
    this.#writer.endFrame(mark)
  }

  #stopWatching(): void {
    if (this.#tree.watcher === this) this.#tree.watcher = null
    if (this.#sessions.watcher === this) this.#sessions.watcher = null
  }
}
