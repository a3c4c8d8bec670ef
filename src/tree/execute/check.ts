import { ErrorCode } from '../../wire/error-codes.ts'
import type { JuteReader } from '../../wire/jute-reader.ts'
import { Permission } from '../../wire/node-flags.ts'
import { isValidPath } from '../paths.ts'
import type { Decision } from './decision.ts'

/** Only inside a multi. Session, path, node, permission, version. */
export function decideCheck(decision: Decision, body: JuteReader): number {
  const path = body.text()
  const version = body.int()

  if (decision.sessionError !== 0) return decision.sessionError
  if (!isValidPath(path)) return ErrorCode.badArguments
  const node = decision.overlay.find(path)
  if (node === undefined) return ErrorCode.noNode
  if (!decision.mayDo(node.acl, Permission.read)) return ErrorCode.noAuth
  if (version !== -1 && version !== node.version) return ErrorCode.badVersion
  return 0
}
