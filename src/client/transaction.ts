import { ErrorCode } from '../wire/error-codes.ts'
import type { MultiOperation, MultiResult } from '../wire/multi.ts'
import { OpCode } from '../wire/opcodes.ts'
import { createFlags, dataBytes } from './arguments.ts'
import type { CreateOptions, NodeData, Stat, VersionOptions } from './types.ts'
import { openAcl } from './types.ts'
import { TransactionError } from './zk-error.ts'

export interface CreateResult {
  readonly type: 'create'
  /** With the number appended, for a sequential node. */
  readonly path: string
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

/** What a transaction needs of its client. */
export interface TransactionHost {
  /** The path as the servers know it; throws a ZkError when it cannot be a path. */
  serverPath(path: string, sequential: boolean): string
  clientPath(path: string): string
  commit(operations: readonly MultiOperation[]): Promise<MultiResult[]>
}

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
  readonly #host: TransactionHost
  readonly #operations: MultiOperation[] = []
  /** As the application named them. */
  readonly #paths: string[] = []

  constructor(host: TransactionHost) {
    this.#host = host
  }

  /** Throws a ZkError (`badArguments`) for a path that cannot be one; so do the other methods. */
  create(
    path: string,
    data: NodeData = null,
    options: CreateOptions = {},
  ): Transaction<[...Results, CreateResult]> {
    return this.#add(path, {
      type: OpCode.create,
      path: this.#host.serverPath(path, options.sequential === true),
      data: dataBytes(data),
      acl: options.acl ?? openAcl,
      flags: createFlags(options),
    })
  }

  set(path: string, data: NodeData, options: VersionOptions = {}): Transaction<[...Results, SetResult]> {
    return this.#add(path, {
      type: OpCode.setData,
      path: this.#host.serverPath(path, false),
      data: dataBytes(data),
      version: options.version ?? -1,
    })
  }

  delete(path: string, options: VersionOptions = {}): Transaction<[...Results, DeleteResult]> {
    return this.#add(path, {
      type: OpCode.delete,
      path: this.#host.serverPath(path, false),
      version: options.version ?? -1,
    })
  }

  /** Lets the whole transaction fail unless the node exists with this version (-1: any). */
  check(path: string, options: VersionOptions = {}): Transaction<[...Results, CheckResult]> {
    return this.#add(path, {
      type: OpCode.check,
      path: this.#host.serverPath(path, false),
      version: options.version ?? -1,
    })
  }

  /**
   * Carries it out.
   *
   * @returns one result for each operation, in their order
   * @throws TransactionError that names the operation that failed
   */
  async commit(): Promise<Results> {
    if (this.#operations.length === 0) return [] as unknown as Results
    const replies = await this.#host.commit(this.#operations)
    const codes = replies.map((reply) => (reply.type === OpCode.error ? reply.err : ErrorCode.ok))
    // Of the operations that were rolled back or never tried, only one carries the reason.
    if (replies.some(({ type }) => type === OpCode.error)) {
      const failed = codes.findIndex((code) => code !== ErrorCode.ok)
      throw new TransactionError(failed, codes, this.#paths[failed] ?? null)
    }
    return replies.map((reply) => this.#result(reply)) as unknown as Results
  }

  #add<Result extends TransactionResult>(
    path: string,
    operation: MultiOperation,
  ): Transaction<[...Results, Result]> {
    this.#paths.push(path)
    this.#operations.push(operation)
    return this as unknown as Transaction<[...Results, Result]>
  }

  #result(reply: MultiResult): TransactionResult {
    switch (reply.type) {
      case OpCode.create:
        return { type: 'create', path: this.#host.clientPath(reply.path) }
      case OpCode.setData:
        return { type: 'set', stat: reply.stat }
      case OpCode.delete:
        return { type: 'delete' }
      default:
        return { type: 'check' }
    }
  }
}
