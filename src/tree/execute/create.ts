import { DecodeError } from '../../wire/decode-error.ts'
import { ErrorCode } from '../../wire/error-codes.ts'
import type { JuteReader } from '../../wire/jute-reader.ts'
import { CreateFlags, Permission } from '../../wire/node-flags.ts'
import { OpCode } from '../../wire/opcodes.ts'
import { containerOwner, noOwner, type Owner, ttlMsMax, ttlOwner } from '../owner.ts'
import { isSearchable, isValidPath, parentOf, sequenceSuffix } from '../paths.ts'
import { TxnKind } from '../txn.ts'
import type { Decision } from './decision.ts'
import { readRequestedAcl } from './requested-acl.ts'

/**
 * create, create2, createContainer, createTTL: flags, time to live, session, path, list, parent, permission, name,
 * existence, ephemeral parent, quota.
 */
export function decideCreate(decision: Decision, opcode: number, body: JuteReader): number {
  const bodyStart = body.position
  const path = body.string()
  const dataStart = body.position
  body.skip(Math.max(body.lengthPrefix(), 0))
  const dataEnd = body.position
  const acl = readRequestedAcl(decision, body)
  const flags = body.int()
  const ttlMs = opcode === OpCode.createTtl ? body.long() : 0

  const flagsError = checkFlags(decision, opcode, flags, ttlMs)
  if (flagsError !== 0) return flagsError
  if (decision.sessionError !== 0) return decision.sessionError
  if (path === null) throw new DecodeError('found a null path')
  if (!isSearchable(path)) return ErrorCode.badArguments
  if (acl === null) return ErrorCode.invalidAcl
  if (acl instanceof DecodeError) throw acl
  const parent = decision.overlay.find(parentOf(path))
  if (parent === undefined) return ErrorCode.noNode
  if (!decision.mayDo(parent.acl, Permission.create)) return ErrorCode.noAuth
  const sequential = isSequential(flags)
  const finalPath = sequential ? path + sequenceSuffix(parent.childCreations) : path
  if (!isValidPath(finalPath)) return ErrorCode.badArguments
  if (decision.overlay.find(finalPath) !== undefined) return ErrorCode.nodeExists
  if (parent.owner > 0) return ErrorCode.noChildrenForEphemerals
  const dataLength = Math.max(dataEnd - dataStart - 4, 0)
  const quotaError = decision.quotaError(finalPath, 1, dataLength)
  if (quotaError !== 0) return quotaError

  const owner = ownerOf(decision, opcode, flags, ttlMs)
  if (decision.inMulti) decision.txn.int(kindInMulti(opcode, owner))
  if (sequential) decision.txn.string(finalPath).rawRange(body.bytes, dataStart, dataEnd)
  else decision.txn.rawRange(body.bytes, bodyStart, dataEnd)
  decision.txn.rawRange(acl.bytes, 0, acl.bytes.length).long(owner)

  decision.overlay.touch(parent, decision.zxid)
  parent.childCreations = (parent.childCreations + 1) | 0
  parent.childCount++
  decision.overlay.create(finalPath, dataLength, acl, owner, decision.zxid)
  decision.noteUsage(finalPath, 1, dataLength)
  return 0
}

function isSequential(flags: number): boolean {
  return (
    flags === CreateFlags.persistentSequential ||
    flags === CreateFlags.ephemeralSequential ||
    flags === CreateFlags.persistentSequentialWithTtl
  )
}

function checkFlags(decision: Decision, opcode: number, flags: number, ttlMs: number): number {
  if (flags < CreateFlags.persistent || flags > CreateFlags.persistentSequentialWithTtl) {
    return ErrorCode.badArguments
  }
  if (flags >= CreateFlags.persistentWithTtl) {
    if (!decision.settings.extendedTypesEnabled) return ErrorCode.unimplemented
    // All other opcodes bring none: 0.
    return ttlMs >= 1 && ttlMs <= ttlMsMax ? 0 : ErrorCode.badArguments
  }
  // ZooKeeper lets a time of -1 through here, and its server ends on applying that.
  return opcode === OpCode.createTtl && !decision.inMulti ? ErrorCode.badArguments : 0
}

/**
 * Alone, the opcode decides what kind of node is made: flags 4 under `create` make a plain node, and `createContainer`
 * makes a container whatever the flags. Inside a multi the flags decide.
 */
function ownerOf(decision: Decision, opcode: number, flags: number, ttlMs: number): Owner {
  if (flags >= CreateFlags.persistentWithTtl) return ttlOwner(ttlMs)
  if (decision.inMulti ? flags === CreateFlags.container : opcode === OpCode.createContainer) {
    return containerOwner
  }
  const ephemeral = flags === CreateFlags.ephemeral || flags === CreateFlags.ephemeralSequential
  return ephemeral ? decision.sessionId : noOwner
}

/** What decides about the answer: with a stat or without. */
function kindInMulti(opcode: number, owner: Owner): number {
  return opcode === OpCode.create2 || owner < 0 ? TxnKind.create2 : TxnKind.create
}
