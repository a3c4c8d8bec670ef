import { ErrorCode } from '../../wire/error-codes.ts'
import type { JuteReader } from '../../wire/jute-reader.ts'
import { CreateFlags, Permission } from '../../wire/node-flags.ts'
import { OpCode } from '../../wire/opcodes.ts'
import { isSearchable, isValidPath, parentOf, sequenceSuffix } from '../paths.ts'
import type { Decision } from './decision.ts'
import { readRequestedAcl } from './requested-acl.ts'

/** create, create2, createContainer, createTTL: flags, session, path, list, parent, permission, name, existence. */
export function decideCreate(decision: Decision, opcode: number, body: JuteReader): number {
  const bodyStart = body.position
  const path = body.text()
  const dataStart = body.position
  body.skip(Math.max(body.lengthPrefix(), 0))
  const dataEnd = body.position
  const acl = readRequestedAcl(body, decision.identities)
  const flags = body.int()
  if (opcode === OpCode.createTtl) body.skip(8)

  const flagsError = checkFlags(opcode, flags, decision.inMulti)
  if (flagsError !== 0) return flagsError
  if (decision.sessionError !== 0) return decision.sessionError
  if (!isSearchable(path)) return ErrorCode.badArguments
  if (acl === null) return ErrorCode.invalidAcl
  const parent = decision.overlay.find(parentOf(path))
  if (parent === undefined) return ErrorCode.noNode
  if (!decision.mayDo(parent.acl, Permission.create)) return ErrorCode.noAuth
  const sequential = flags === CreateFlags.persistentSequential || flags === CreateFlags.ephemeralSequential
  const finalPath = sequential ? path + sequenceSuffix(parent.childCreations) : path
  if (!isValidPath(finalPath)) return ErrorCode.badArguments
  if (decision.overlay.find(finalPath) !== undefined) return ErrorCode.nodeExists
  if (parent.ephemeralOwner !== 0) return ErrorCode.noChildrenForEphemerals

  const ephemeral = flags === CreateFlags.ephemeral || flags === CreateFlags.ephemeralSequential
  const ephemeralOwner = ephemeral ? decision.sessionId : 0
  if (sequential) decision.txn.string(finalPath).rawRange(body.bytes, dataStart, dataEnd)
  else decision.txn.rawRange(body.bytes, bodyStart, dataEnd)
  decision.txn.rawRange(acl.bytes, 0, acl.bytes.length).long(ephemeralOwner)

  decision.overlay.touch(parent, decision.zxid)
  parent.childCreations = (parent.childCreations + 1) | 0
  parent.childCount++
  decision.overlay.create(finalPath, acl, ephemeralOwner, decision.zxid)
  return 0
}

/**
 * Alone, the opcode decides what kind of node is made: flags 4 under `create` makes a plain node. Inside a multi the
 * flags decide.
 */
function checkFlags(opcode: number, flags: number, inMulti: boolean): number {
  if (flags < CreateFlags.persistent || flags > CreateFlags.persistentSequentialWithTtl) {
    return ErrorCode.badArguments
  }
  if (opcode === OpCode.createContainer || opcode === OpCode.createTtl) return ErrorCode.unimplemented
  if (flags >= CreateFlags.persistentWithTtl) return ErrorCode.unimplemented
  return inMulti && flags === CreateFlags.container ? ErrorCode.unimplemented : 0
}
