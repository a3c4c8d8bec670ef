import { ErrorCode } from '../../wire/error-codes.ts'
import type { JuteReader } from '../../wire/jute-reader.ts'
import { Permission } from '../../wire/node-flags.ts'
import { isValidPath } from '../paths.ts'
import { nextVersion } from '../tree.ts'
import { skipSized } from './body-shape.ts'
import type { Decision } from './decision.ts'

/** Session, path, node, permission, quota, version. */
export function decideSetData(decision: Decision, body: JuteReader): number {
  const bodyStart = body.position
  const pathEnd = skipSized(body)
  const pathStart = bodyStart + 4
  const dataLength = Math.max(body.lengthPrefix(), 0)
  body.skip(dataLength)
  const dataEnd = body.position
  const version = body.int()

  if (decision.sessionError !== 0) return decision.sessionError
  // A node that is found has a valid path; only the empty one is an alias. Null counts as empty.
  const node = pathEnd === pathStart ? undefined : decision.overlay.findBytes(body.bytes, pathStart, pathEnd)
  if (node === undefined) {
    const path = body.bytes.toString('utf8', pathStart, pathEnd)
    return isValidPath(path) ? ErrorCode.noNode : ErrorCode.badArguments
  }
  if (!decision.mayDo(node.acl, Permission.write)) return ErrorCode.noAuth
  // Who the members are is for the configuration files to say, also to a super user.
  if (decision.overlay.tree.isConfig(node.node)) return ErrorCode.noAuth
  const bytesMore = dataLength - node.dataLength
  const quotaError = decision.hasQuotas ? decision.quotaError(node.path, 0, bytesMore) : 0
  if (quotaError !== 0) return quotaError
  if (version !== -1 && version !== node.version) return ErrorCode.badVersion

  decision.overlay.touch(node, decision.zxid)
  node.version = nextVersion(node.version)
  node.dataLength = dataLength
  if (decision.hasQuotas) decision.noteUsage(node.path, 0, bytesMore)
  decision.txn.rawRange(body.bytes, bodyStart, dataEnd).int(node.version)
  return 0
}
