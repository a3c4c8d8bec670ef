import { DecodeError } from '../../wire/decode-error.ts'
import { ErrorCode } from '../../wire/error-codes.ts'
import type { JuteReader } from '../../wire/jute-reader.ts'
import { Permission } from '../../wire/node-flags.ts'
import { isValidPath } from '../paths.ts'
import { nextVersion } from '../tree.ts'
import type { Decision } from './decision.ts'
import { readRequestedAcl } from './requested-acl.ts'

/** Session, path, list, node, permission to administer, version of the list. */
export function decideSetAcl(decision: Decision, body: JuteReader): number {
  const path = body.string()
  const acl = readRequestedAcl(decision, body)
  const aversion = body.int()

  if (decision.sessionError !== 0) return decision.sessionError
  if (path === null || !isValidPath(path)) return ErrorCode.badArguments
  if (acl === null) return ErrorCode.invalidAcl
  if (acl instanceof DecodeError) throw acl
  const node = decision.overlay.find(path)
  if (node === undefined) return ErrorCode.noNode
  if (!decision.mayDo(node.acl, Permission.admin)) return ErrorCode.noAuth
  if (aversion !== -1 && aversion !== node.aversion) return ErrorCode.badVersion

  decision.overlay.touch(node, decision.zxid)
  node.acl = acl
  node.aversion = nextVersion(node.aversion)
  decision.txn.string(path).rawRange(acl.bytes, 0, acl.bytes.length).int(node.aversion)
  return 0
}
