import { JuteWriter } from '../wire/jute-writer.ts'
import type { AclList } from './acl-table.ts'
import { savedBytes } from './node-image.ts'
import type { KeptContent } from './node-store.ts'
import type { Session } from './sessions.ts'
import { type SavedSession, SnapshotRecord, writeSaved, writeSession } from './snapshot-format.ts'
import type { Tree } from './tree.ts'
import type { Znode } from './znode.ts'

/** From so many bytes of path, data and list on, a node is kept; to copy a smaller one takes no longer than to change it. */
const keptBytesMin = 1024

interface KeptNode {
  readonly content: KeptContent
  readonly saved: Buffer
  readonly acl: AclList
}

/**
 * What changed before a walk came by, as it was, without a copy of what may be large: a turn of the event loop applies
 * thousands of transactions, and one transaction may remove thousands of nodes. To copy them all at once would stop
 * everything else for seconds: 2 ms for each megabyte.
 *
 * Memory: the tree gives the chunks of kept nodes back when they are written, or with `clear`. So a snapshot costs, at the
 * most, as much again as what the tree held when it began.
 */
export class SnapshotBacklog {
  readonly #tree: Tree
  readonly #nodes: KeptNode[] = []
  readonly #sessions: SavedSession[] = []
  readonly #scratch = new JuteWriter(savedBytes)

  constructor(tree: Tree) {
    this.#tree = tree
  }

  get isEmpty(): boolean {
    return this.#nodes.length === 0 && this.#sessions.length === 0
  }

  /** Keeps the node if it is large; whether it did. */
  takeNode(node: Znode): boolean {
    const tree = this.#tree
    const acl = tree.acl(node)
    // What the config node holds is no part of a snapshot.
    if (tree.contentLength(node) + acl.bytes.length < keptBytesMin || tree.isConfig(node)) return false
    this.#scratch.reset()
    writeSaved(this.#scratch, tree, node)
    this.#nodes.push({ content: tree.keepContent(node), saved: Buffer.from(this.#scratch.view()), acl })
    return true
  }

  /** Keeps the session if it has answers, which never change themselves; whether it did. */
  takeSession(session: Session): boolean {
    if (session.answers.length === 0) return false
    const { id, timeoutMs, password, exactlyOnceWindow, attachment, lastRequestId } = session
    const answers = session.answers.slice()
    this.#sessions.push({ id, timeoutMs, password, exactlyOnceWindow, attachment, lastRequestId, answers })
    return true
  }

  /** Writes one of what is kept, in no particular order. Not when it is empty. */
  writeOne(writer: JuteWriter): void {
    const session = this.#sessions.pop()
    if (session !== undefined) {
      writeSession(writer, session)
      return
    }
    const node = this.#nodes.pop()
    if (node !== undefined) this.#writeNode(writer, node)
  }

  /** Nothing of it will be written any more. */
  clear(): void {
    for (const node of this.#nodes) this.#tree.letGo(node.content)
    this.#nodes.length = 0
    this.#sessions.length = 0
  }

  #writeNode(writer: JuteWriter, { content, saved, acl }: KeptNode): void {
    const mark = writer.beginFrame()
    writer.int(SnapshotRecord.node)
    this.#tree.writeKept(content, writer)
    writer.rawRange(saved, 0, savedBytes).rawRange(acl.bytes, 0, acl.bytes.length)
    writer.endFrame(mark)
    this.#tree.letGo(content)
  }
}
