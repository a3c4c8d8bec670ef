import { ErrorCode } from '../../wire/error-codes.ts'
import type { JuteReader } from '../../wire/jute-reader.ts'
import { Permission } from '../../wire/node-flags.ts'
import { isReserved, isSearchable, parentOf } from '../paths.ts'
import type { Decision } from './decision.ts'

/** Session, path, parent, permission on the parent, node, version, children. */
export function decideDelete(decision: Decision, body: JuteReader): number {
  const bodyStart = body.position
  const path = body.text()
  const pathEnd = body.position
  const version = body.int()

  if (decision.sessionError !== 0) return decision.sessionError
  if (!isSearchable(path) || isReserved(path)) return ErrorCode.badArguments
  const parent = decision.overlay.find(parentOf(path))
  if (parent === undefined) return ErrorCode.noNode
  if (!decision.mayDo(parent.acl, Permission.delete)) return ErrorCode.noAuth
  const node = decision.overlay.find(path)
  if (node === undefined) return ErrorCode.noNode
  if (version !== -1 && version !== node.version) return ErrorCode.badVersion
  if (node.childCount > 0) return ErrorCode.notEmpty

  decision.txn.rawRange(body.bytes, bodyStart, pathEnd)
  decision.overlay.remove(node, parent, decision.zxid)
  return 0
}
