import { ErrorCode } from '../../wire/error-codes.ts'
import type { JuteReader } from '../../wire/jute-reader.ts'
import { parentOf } from '../paths.ts'
import { exactlyOnceWindowMax, passwordBytes } from '../sessions.ts'
import type { Decision } from './decision.ts'

/** The server that took the connection has settled the timeout and drawn the password. */
export function decideCreateSession(decision: Decision, body: JuteReader): number {
  const bodyStart = body.position
  const timeoutMs = body.int()
  const passwordLength = body.lengthPrefix()
  body.skip(Math.max(passwordLength, 0))
  const exactlyOnceWindow = body.int()

  if (timeoutMs <= 0 || passwordLength !== passwordBytes) return ErrorCode.badArguments
  if (exactlyOnceWindow < 0 || exactlyOnceWindow > exactlyOnceWindowMax) return ErrorCode.badArguments
  decision.txn.rawRange(body.bytes, bodyStart, body.position)
  decision.overlay.createSession(decision.zxid, exactlyOnceWindow)
  return 0
}

/**
 * The ephemeral nodes that go with the session, those in flight included. The transaction does not list them: `apply`
 * finds the same, and a session may have more paths than a transaction may have bytes.
 */
export function decideCloseSession(decision: Decision): number {
  if (decision.sessionError !== 0) return decision.sessionError
  const paths = decision.overlay.ephemeralsOf(decision.sessionId)
  for (const path of paths) {
    const parent = decision.overlay.find(parentOf(path))
    const node = decision.overlay.find(path)
    if (parent !== undefined && node !== undefined) decision.overlay.remove(node, parent, decision.zxid)
  }
  decision.overlay.closeSession(decision.sessionId, decision.zxid)
  return 0
}
