import { ErrorCode } from '../wire/error-codes.ts'
import type { MultiOperation, MultiResult } from '../wire/multi.ts'
import { readMultiResponse, writeMultiRequest } from '../wire/multi.ts'
import { OpCode } from '../wire/opcodes.ts'
import { createFields, dataBytes, versionOf } from './arguments.ts'
import type { Calls } from './calls.ts'
import { encodeRequest } from './encode-request.ts'
import type { CreateOptions, NodeData, Stat, VersionOptions } from './types.ts'
import { TransactionError } from './zk-error.ts'

export interface CreateResult {
  readonly type: 'create'
  /** With the number appended, for a sequential node. */
  readonly path: string
  /** Servers tell it of container nodes and of those with a TTL; null for others. */
  readonly stat: Stat | null
}
export interface SetResult {
  readonly type: 'set'
  readonly stat: Stat
}
export interface DeleteResult {
  readonly type: 'delete'
}
export interface CheckResult {
  readonly type: 'check'
}
export type TransactionResult = CreateResult | SetResult | DeleteResult | CheckResult

/**
 * Several writes that take effect all together or not at all. Made by `client.transaction()`; the operations are carried
 * out in the order in which they are added, each seeing the ones before it.
 *
 * @example
 * const [created, set] = await client
 *   .transaction()
 *   .create('/jobs/job-', 'payload', { sequential: true })
 *   .set('/jobs', 'changed', { version: 3 })
 *   .commit()
 * console.log(created.path, set.stat.version)
 */
export class Transaction<Results extends readonly TransactionResult[] = []> {
  readonly #calls: Calls
  readonly #operations: MultiOperation[] = []
  /** As the application named them. */
  readonly #names: { type: TransactionResult['type']; path: string }[] = []

  constructor(calls: Calls) {
    this.#calls = calls
  }

  /**
   * Adds the creation of a znode.
   *
   * @throws ZkError `badArguments` for a path that cannot be one, and for options that contradict each other
   */
  create(
    path: string,
    data: NodeData = null,
    options: CreateOptions = {},
  ): Transaction<[...Results, CreateResult]> {
    const server = this.#calls.serverPath(path, options.sequential === true)
    const { opcode: type, acl, flags, ttlMs } = createFields(options)
    const body = { path: server, data: dataBytes(data), acl, flags }
    return this.#add('create', path, type === OpCode.createTtl ? { type, ...body, ttlMs } : { type, ...body })
  }

  /**
   * Adds a replacement of data.
   *
   * @throws ZkError `badArguments` for a path or version that cannot be one
   */
  set(path: string, data: NodeData, options: VersionOptions = {}): Transaction<[...Results, SetResult]> {
    return this.#add('set', path, {
      type: OpCode.setData,
      path: this.#calls.serverPath(path),
      data: dataBytes(data),
      version: versionOf(options),
    })
  }

  /**
   * Adds a deletion.
   *
   * @throws ZkError `badArguments` for a path or version that cannot be one
   */
  delete(path: string, options: VersionOptions = {}): Transaction<[...Results, DeleteResult]> {
    return this.#add('delete', path, {
      type: OpCode.delete,
      path: this.#calls.serverPath(path),
      version: versionOf(options),
    })
  }

  /**
   * Lets the whole transaction fail unless the node exists with this version (-1: any).
   *
   * @throws ZkError `badArguments` for a path or version that cannot be one
   */
  check(path: string, options: VersionOptions = {}): Transaction<[...Results, CheckResult]> {
    return this.#add('check', path, {
      type: OpCode.check,
      path: this.#calls.serverPath(path),
      version: versionOf(options),
    })
  }

  /**
   * Carries it out.
   *
   * @returns one result for each operation, in their order
   * @throws TransactionError that names the operation that failed, and why
   */
  async commit(): Promise<Results> {
    if (this.#operations.length === 0) return [] as unknown as Results
    const frame = encodeRequest(OpCode.multi, { write: writeMultiRequest }, this.#operations)
    const replies = await this.#calls.send(null, true, frame, { decode: readMultiResponse })
    // Of the operations that were rolled back (0) or never tried (-2), only one carries the reason.
    if (replies.some(({ type }) => type === OpCode.error)) {
      const codes = replies.map((reply) => (reply.type === OpCode.error ? reply.err : ErrorCode.ok))
      const reasons = codes.findIndex(
        (code) => code !== ErrorCode.ok && code !== ErrorCode.runtimeInconsistency,
      )
      const failed = reasons === -1 ? codes.findIndex((code) => code !== ErrorCode.ok) : reasons
      const name = this.#names[failed]
      throw new TransactionError(failed, codes, name?.type ?? 'transaction', name?.path ?? null)
    }
    return replies.map((reply) => this.#result(reply)) as unknown as Results
  }

  #add<Result extends TransactionResult>(
    type: Result['type'],
    path: string,
    operation: MultiOperation,
  ): Transaction<[...Results, Result]> {
    this.#names.push({ type, path })
    this.#operations.push(operation)
    return this as unknown as Transaction<[...Results, Result]>
  }

  #result(reply: MultiResult): TransactionResult {
    switch (reply.type) {
      case OpCode.create:
        return { type: 'create', path: this.#calls.clientPath(reply.path), stat: null }
      case OpCode.create2:
        return { type: 'create', path: this.#calls.clientPath(reply.path), stat: reply.stat }
      case OpCode.setData:
        return { type: 'set', stat: reply.stat }
      case OpCode.delete:
        return { type: 'delete' }
      default:
        return { type: 'check' }
    }
  }
}
