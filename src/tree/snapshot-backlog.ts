import { BrokenInvariant } from '../runtime/assert.ts'
import { JuteWriter } from '../wire/jute-writer.ts'
import type { AclList } from './acl-table.ts'
import { savedBytes } from './node-image.ts'
import type { KeptContent } from './node-store.ts'
import type { Session } from './sessions.ts'
import { type SavedSession, writeKeptNode, writeSaved, writeSession } from './snapshot-format.ts'
import type { Tree } from './tree.ts'
import type { Znode } from './znode.ts'

/**
 * From so many bytes of path, data and list on, a node is kept. A turn that copies thousands of smaller ones takes milliseconds
 * more, and an object for each would be more to hold.
 */
const keptBytesMin = 2048

/** Of so many nodes each buffer has what `SavedField` tells. */
const bufferBits = 10
const nodesPerBuffer = 2 ** bufferBits

interface KeptNode {
  readonly content: KeptContent
  readonly acl: AclList
}

/**
 * What changed before a walk came by, as it was, without a copy of what may be large: a turn of the event loop applies
 * thousands of transactions, and one transaction may remove thousands of nodes. To copy them all at once would stop
 * everything else for seconds: up to 2 ms for each megabyte.
 *
 * The tree has the chunks of kept nodes back when they are written: until then they are held beside the new ones, so they
 * may be, at the most, as much again as the tree held when the walk began.
 */
export class SnapshotBacklog {
  readonly #tree: Tree
  /** A stack, as is what is saved of each, in buffers. */
  readonly #nodes: KeptNode[] = []
  readonly #saved: Buffer[] = []
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
    const place = this.#nodes.length
    if (place >>> bufferBits === this.#saved.length)
      this.#saved.push(Buffer.allocUnsafeSlow(nodesPerBuffer * savedBytes))
    this.#scratch.reset()
    writeSaved(this.#scratch, tree, node)
    this.#scratch.bytes.copy(this.#savedOf(place), savedAt(place), 0, savedBytes)
    this.#nodes.push({ content: tree.keepContent(node), acl })
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
    if (node === undefined) throw new BrokenInvariant('snapshot: nothing is kept')
    this.#writeNode(writer, node, this.#nodes.length)
  }

  /** Nothing of it will be written any more. Gives back what `nodesMax` nodes held; whether that was all. */
  drop(nodesMax: number): boolean {
    this.#sessions.length = 0
    for (let i = 0; i < nodesMax; i++) {
      const node = this.#nodes.pop()
      if (node === undefined) return true
      this.#tree.giveBack(node.content)
    }
    return this.#nodes.length === 0
  }

  /** As if nothing had been kept: the tree that held it is cleared. */
  forget(): void {
    this.#sessions.length = 0
    this.#nodes.length = 0
  }

  #writeNode(writer: JuteWriter, { content, acl }: KeptNode, place: number): void {
    writeKeptNode(writer, this.#tree, content, this.#savedOf(place), savedAt(place), acl)
    this.#tree.giveBack(content)
  }

  #savedOf(place: number): Buffer {
    return this.#saved[place >>> bufferBits] as Buffer
  }
}

const savedAt = (place: number): number => (place & (nodesPerBuffer - 1)) * savedBytes
