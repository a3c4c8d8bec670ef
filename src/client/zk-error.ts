import type { ErrorName } from '../wire/error-codes.ts'
import { ErrorCode, errorMessage, errorName } from '../wire/error-codes.ts'

/** Errors after which the same call may well succeed. Whether it took effect already is another question: see there. */
const retryableCodes: ReadonlySet<number> = new Set([
  ErrorCode.connectionLoss,
  ErrorCode.operationTimeout,
  ErrorCode.requestTimeout,
  ErrorCode.sessionMoved,
  ErrorCode.throttledOp,
])

/**
 * What every call of the client rejects with.
 *
 * @example
 * try {
 *   await client.create('/lock')
 * } catch (error) {
 *   if (!ZkError.is(error, 'nodeExists')) throw error
 * }
 */
export class ZkError extends Error {
  /** ZooKeeper's number, such as -101. */
  readonly code: number
  /** Its name, such as "noNode". */
  override readonly name: string
  /** The znode that the call was about, as the application named it; null when it was about none. */
  readonly path: string | null
  /**
   * The same call may succeed later. After `connectionLoss` a write may or may not have taken effect, unless the session is
   * an exactly-once one (then it is only reported when the client gave up).
   */
  readonly retryable: boolean

  /** @param detail replaces the standard sentence for this code */
  constructor(code: number, path: string | null = null, detail?: string) {
    const sentence = detail ?? errorMessage(code)
    super(path === null ? sentence : `${path}: ${sentence}`)
    this.code = code
    this.name = errorName(code)
    this.path = path
    this.retryable = retryableCodes.has(code)
  }

  /** Whether something caught is a ZkError of this name. */
  static is(error: unknown, name: ErrorName): error is ZkError {
    return error instanceof ZkError && error.code === ErrorCode[name]
  }
}

/** A transaction that was not carried out. Nothing of it took effect. */
export class TransactionError extends ZkError {
  /** Which operation failed, counted from 0. */
  readonly failedIndex: number
  /** What it was to do: "create", "set", "delete" or "check". */
  readonly operation: string
  /** The number for each operation: 0 for those before the failed one, -2 for those behind it. */
  readonly codes: readonly number[]

  constructor(failedIndex: number, codes: readonly number[], operation: string, path: string | null) {
    const code = codes[failedIndex] ?? ErrorCode.systemError
    super(
      code,
      path,
      `${errorMessage(code)} (operation ${failedIndex + 1} of ${codes.length} in a transaction: ${operation})`,
    )
    this.failedIndex = failedIndex
    this.operation = operation
    this.codes = codes
  }
}
