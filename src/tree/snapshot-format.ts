import type { JuteWriter } from '../wire/jute-writer.ts'
import type { AclList } from './acl-table.ts'
import { savedBytes } from './node-image.ts'
import type { KeptContent } from './node-store.ts'
import type { OriginEntry } from './origins.ts'
import type { Session } from './sessions.ts'
import type { Tree } from './tree.ts'
import type { Znode } from './znode.ts'

/**
 * A snapshot's content: records, each with its length in front, in any order but for the first and the last.
 *
 *     head     type i, format i, zxid l, nodes l, sessions l
 *     origin   type i, server i, incarnation l, number l
 *     session  type i, id l, timeoutMs i, password b, exactlyOnceWindow i, attachment l,
 *              lastRequestId i, answers v<requestId i, zxid l, error i, body b>
 *     node     type i, path s, data b, czxid l, mzxid l, pzxid l, ctime l, mtime l, version i, aversion i,
 *              childCreations i, owner l, acl v<ACL>
 *     end      type i, digest s
 *
 * A node's fields from czxid to owner are read by their places, which `SavedField` in node-image.ts has.
 *
 * Which child belongs to which node, and which ephemeral to which session, follows from the nodes.
 */
export const SnapshotRecord = { head: 1, origin: 2, session: 3, node: 4, end: 5 } as const

export const snapshotFormat = 2

export function writeNode(writer: JuteWriter, tree: Tree, node: Znode): void {
  const acl = tree.acl(node).bytes
  const mark = writer.beginFrame()
  writer.int(SnapshotRecord.node)
  tree.writePath(node, writer)
  if (isShown(tree, node)) writer.int(0)
  else tree.writeData(node, writer)
  writeSaved(writer, tree, node)
  writer.rawRange(acl, 0, acl.length)
  writer.endFrame(mark)
}

/** As `writeNode` would have when its content was kept; what `SavedField` has of it stands in `saved`, from `savedAt` on. */
export function writeKeptNode(
  writer: JuteWriter,
  tree: Tree,
  content: KeptContent,
  saved: Buffer,
  savedAt: number,
  acl: AclList,
): void {
  const mark = writer.beginFrame()
  writer.int(SnapshotRecord.node)
  tree.writeKept(content, writer)
  writer.rawRange(saved, savedAt, savedAt + savedBytes).rawRange(acl.bytes, 0, acl.bytes.length)
  writer.endFrame(mark)
}

/** What `SavedField` has of a node. */
export function writeSaved(writer: JuteWriter, tree: Tree, node: Znode): void {
  writer
    .long(tree.czxid(node))
    .long(tree.mzxid(node))
    .long(tree.pzxid(node))
    .long(tree.ctime(node))
    .long(tree.mtime(node))
    .int(isShown(tree, node) ? 0 : tree.version(node))
    .int(tree.aversion(node))
    .int(tree.childCreations(node))
    .long(tree.owner(node))
}

/** What is shown there comes from each server's own file, see `Tree.showMembership`: a snapshot does not have it. */
const isShown = (tree: Tree, node: Znode): boolean => tree.isConfig(node)

/** What a snapshot has of a session. */
export type SavedSession = Pick<
  Session,
  'id' | 'timeoutMs' | 'password' | 'exactlyOnceWindow' | 'attachment' | 'lastRequestId' | 'answers'
>

export function writeSession(writer: JuteWriter, session: SavedSession): void {
  const mark = writer.beginFrame()
  writer
    .int(SnapshotRecord.session)
    .long(session.id)
    .int(session.timeoutMs)
    .buffer(session.password)
    .int(session.exactlyOnceWindow)
    .long(session.attachment)
    .int(session.lastRequestId)
    .int(session.answers.length)
  for (const answer of session.answers) {
    writer.int(answer.requestId).long(answer.zxid).int(answer.error).buffer(answer.body)
  }
  writer.endFrame(mark)
}

export function writeOrigin(writer: JuteWriter, origin: OriginEntry): void {
  const mark = writer.beginFrame()
  writer.int(SnapshotRecord.origin).int(origin.server).long(origin.incarnation).long(origin.number)
  writer.endFrame(mark)
}
