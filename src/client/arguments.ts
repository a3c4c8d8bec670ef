import { ErrorCode } from '../wire/error-codes.ts'
import { CreateFlags } from '../wire/node-flags.ts'
import { pathFault } from './paths.ts'
import type { CreateOptions, NodeData } from './types.ts'
import { ZkError } from './zk-error.ts'

/** @throws ZkError `badArguments` for what cannot be a path. */
export function checkPath(path: string, sequential: boolean): void {
  // The server appends the number before it looks, so "/queue/" makes a fine sequential path.
  const fault = pathFault(sequential ? `${path}0` : path)
  if (fault !== null) {
    throw new ZkError(ErrorCode.badArguments, null, `the path ${JSON.stringify(path)} ${fault}`)
  }
}

export function createFlags(options: CreateOptions): number {
  if (options.ephemeral === true) {
    return options.sequential === true ? CreateFlags.ephemeralSequential : CreateFlags.ephemeral
  }
  return options.sequential === true ? CreateFlags.persistentSequential : CreateFlags.persistent
}

export function dataBytes(data: NodeData): Uint8Array | null {
  return typeof data === 'string' ? Buffer.from(data) : data
}
