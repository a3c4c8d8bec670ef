import type { JuteReader } from '../../wire/jute-reader.ts'
import { parentOf } from '../paths.ts'
import { isOverdue, ReapRequest, readReapRequest } from '../reaping.ts'
import type { Decision } from './decision.ts'

const request = new ReapRequest()

/**
 * The leader wants a container or a node with a time to live removed. Answers false, having changed nothing, when it is
 * no longer the node that the leader has seen, or its time has not come.
 *
 * The bad timeline without a second look: 1. a container's last child goes; 2. the leader asks for its end; 3. a client
 * creates another child, ahead of that in the history; 4. the container is removed, and the child has no parent.
 */
export function decideReap(decision: Decision, body: JuteReader, wallMs: number): boolean {
  readReapRequest(body, request)
  const { overlay, zxid, txn } = decision
  const pending = overlay.find(request.path)
  if (pending === undefined || pending.czxid !== request.czxid) return false
  // Whatever happens to its data or its children raises these.
  if (pending.version !== request.version) return false
  if (pending.childCreations !== request.childCreations) return false
  // The time of the last change is only known of what is applied; no change in flight has made another of it.
  const { tree } = overlay
  const node = tree.find(request.path)
  if (node === undefined) return false
  if (tree.czxid(node) !== request.czxid || tree.version(node) !== request.version) return false
  const { owner, childCount, childCreations } = pending
  if (
    !isOverdue({ owner, childCount, childCreations, mtime: tree.mtime(node) }, wallMs, request.neverUsedMs)
  ) {
    return false
  }
  const parent = overlay.find(parentOf(request.path))
  if (parent === undefined) return false

  txn.string(request.path)
  overlay.remove(pending, parent, zxid)
  return true
}
