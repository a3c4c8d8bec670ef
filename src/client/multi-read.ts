import { ErrorCode } from '../wire/error-codes.ts'
import type { MultiOperation, MultiResult } from '../wire/multi.ts'
import { readMultiResponse, writeMultiRequest } from '../wire/multi.ts'
import { OpCode } from '../wire/opcodes.ts'
import type { Calls } from './calls.ts'
import { encodeRequest } from './encode-request.ts'
import type { Stat } from './types.ts'
import { ZkError } from './zk-error.ts'

/** What to read of a znode: its data and stat, or the names of its children. */
export interface ReadOperation {
  readonly type: 'get' | 'children'
  readonly path: string
}

export interface ReadData {
  readonly type: 'get'
  readonly path: string
  readonly data: Buffer | null
  readonly stat: Stat
}
export interface ReadChildren {
  readonly type: 'children'
  readonly path: string
  /** In no particular order. */
  readonly children: string[]
}
/** This one could not be read; the others are not concerned. */
export interface ReadFailure {
  readonly type: 'error'
  readonly path: string
  readonly error: ZkError
}
export type ReadResult = ReadData | ReadChildren | ReadFailure

export async function multiRead(calls: Calls, reads: readonly ReadOperation[]): Promise<ReadResult[]> {
  if (reads.length === 0) return []
  const operations = reads.map(
    ({ type, path }): MultiOperation => ({
      type: type === 'get' ? OpCode.getData : OpCode.getChildren,
      path: calls.serverPath(path),
      watch: false,
    }),
  )
  const frame = encodeRequest(OpCode.multiRead, { write: writeMultiRequest }, operations)
  return calls.send(null, false, frame, {
    // The data is copied while the reply can be read.
    decode: (reader) => {
      const results = readMultiResponse(reader)
      return reads.map((read, i) => readResult(read, results[i]))
    },
  })
}

function readResult({ type, path }: ReadOperation, result: MultiResult | undefined): ReadResult {
  if (result?.type === OpCode.getData && type === 'get') {
    return { type, path, data: result.data === null ? null : Buffer.from(result.data), stat: result.stat }
  }
  if (result?.type === OpCode.getChildren && type === 'children') {
    return { type, path, children: [...(result.children ?? [])] }
  }
  const code = result?.type === OpCode.error ? result.err : ErrorCode.marshallingError
  return { type: 'error', path, error: new ZkError(code, path) }
}
