import type { JuteReader } from '../wire/jute-reader.ts'
import { JuteWriter } from '../wire/jute-writer.ts'
import { OpCode } from '../wire/opcodes.ts'
import { isReaped, ttlMsOf } from './owner.ts'
import { encodeRequest, RequestEnvelope, requestOpcode } from './request.ts'
import type { Tree } from './tree.ts'
import type { Znode } from './znode.ts'
import type { Zxid } from './zxid.ts'

/** What decides about the end of a container or of a node with a time to live. */
export interface Mortal {
  readonly owner: number
  readonly mtime: number
  readonly childCount: number
  readonly childCreations: number
}

/**
 * Whether the leader is to remove the node. A container that has had children: as soon as it has none. One that never had
 * any: when it was idle for longer than `neverUsedMs`; never, if that is 0. A node with a time to live: when it has no
 * children, and its data was not set for longer than that.
 */
export function isOverdue(node: Mortal, wallMs: number, neverUsedMs: number): boolean {
  if (!isReaped(node.owner) || node.childCount > 0) return false
  const idleMs = wallMs - node.mtime
  const ttlMs = ttlMsOf(node.owner)
  if (ttlMs > 0) return idleMs > ttlMs
  return node.childCreations !== 0 || (neverUsedMs > 0 && idleMs > neverUsedMs)
}

/**
 * The leader's request to remove a node as it has seen it:
 *
 *     path s, czxid l, version i, childCreations i, neverUsedMs i
 *
 * Proposals in flight may have made another node of it, set its data or given it a child, so `execute` looks again.
 */
export class ReapRequest {
  path = ''
  czxid: Zxid = 0
  version = 0
  childCreations = 0
  neverUsedMs = 0
}

export function readReapRequest(reader: JuteReader, request: ReapRequest): void {
  request.path = reader.text()
  request.czxid = reader.long()
  request.version = reader.int()
  request.childCreations = reader.int()
  request.neverUsedMs = reader.int()
}

const body = new JuteWriter(256)
const envelope = new RequestEnvelope()
envelope.opcode = OpCode.deleteContainer

/** Appends the request; nobody waits for an answer to it. */
export function encodeReapRequest(writer: JuteWriter, tree: Tree, node: Znode, neverUsedMs: number): void {
  body.reset()
  tree.writePath(node, body)
  body.long(tree.czxid(node)).int(tree.version(node)).int(tree.childCreations(node)).int(neverUsedMs)
  const bytes = body.view()
  encodeRequest(writer, envelope, bytes, 0, bytes.length)
}

/** Whether these requests, of which there is at least one, are the leader's to remove nodes. */
export const areReapRequests = (requests: Buffer): boolean =>
  requestOpcode(requests, 0) === OpCode.deleteContainer
