import { ErrorCode } from '../wire/error-codes.ts'
import { CreateFlags } from '../wire/node-flags.ts'
import { OpCode } from '../wire/opcodes.ts'
import { pathFault } from './paths.ts'
import type { Acl, CreateOptions, NodeData, VersionOptions } from './types.ts'
import { openAcl, ttlMsMax } from './types.ts'
import { ZkError } from './zk-error.ts'

/** @throws ZkError `badArguments` for what cannot be a path. */
export function checkPath(path: string, sequential: boolean): void {
  // The server appends the number before it looks, so "/queue/" makes a fine sequential path.
  const fault = pathFault(sequential ? `${path}0` : path)
  if (fault !== null) {
    throw badArguments(`the path ${JSON.stringify(path)} ${fault}`)
  }
}

/** What a create request carries besides path and data, and which request it is. */
export interface CreateFields {
  readonly opcode: typeof OpCode.create | typeof OpCode.createContainer | typeof OpCode.createTtl
  readonly acl: readonly Acl[]
  readonly flags: number
  /** 0 where the request has none. */
  readonly ttlMs: number
}

/** @throws ZkError `badArguments` for options that contradict each other, and for a TTL out of range */
export function createFields(options: CreateOptions): CreateFields {
  const { ephemeral = false, sequential = false, container = false, ttlMs } = options
  const acl = options.acl ?? openAcl
  if (container) {
    if (ephemeral || sequential || ttlMs !== undefined) {
      throw badArguments('a container node cannot be ephemeral or sequential or have a TTL')
    }
    return { opcode: OpCode.createContainer, acl, flags: CreateFlags.container, ttlMs: 0 }
  }
  if (ttlMs !== undefined) {
    if (ephemeral) throw badArguments('an ephemeral node ends with its session: it cannot have a TTL')
    if (!(Number.isInteger(ttlMs) && ttlMs >= 1 && ttlMs <= ttlMsMax)) {
      throw badArguments(
        `the TTL ${String(ttlMs)} is not a whole number of milliseconds from 1 to ${ttlMsMax}`,
      )
    }
    const flags = sequential ? CreateFlags.persistentSequentialWithTtl : CreateFlags.persistentWithTtl
    return { opcode: OpCode.createTtl, acl, flags, ttlMs }
  }
  const flags = ephemeral
    ? sequential
      ? CreateFlags.ephemeralSequential
      : CreateFlags.ephemeral
    : sequential
      ? CreateFlags.persistentSequential
      : CreateFlags.persistent
  return { opcode: OpCode.create, acl, flags, ttlMs: 0 }
}

/** The version as the request carries it. @throws ZkError `badArguments` unless it is a whole number of 32 bits */
export function versionOf(options: VersionOptions): number {
  const { version = -1 } = options
  if (!Number.isInteger(version) || version !== (version | 0)) {
    throw badArguments(`the version ${String(version)} is not a whole number of 32 bits`)
  }
  return version
}

export function dataBytes(data: NodeData): Uint8Array | null {
  return typeof data === 'string' ? Buffer.from(data) : data
}

export function badArguments(sentence: string): ZkError {
  return new ZkError(ErrorCode.badArguments, null, sentence)
}
