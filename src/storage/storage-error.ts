import { BrokenInvariant } from '../runtime/assert.ts'
import { formatZxid, type Zxid } from '../tree/zxid.ts'

/**
 * - `WRONG_SERVER`: the folder belongs to another server or another ensemble.
 * - `NEWER_FORMAT`: written by a newer version of this program.
 * - `OLDER_FORMAT`: written by an older version, whose records this one would misread.
 * - `DAMAGED`: what was durable once is not whole any more; nothing of it may be served or voted with.
 * - `LOCKED`: another live process works in the folder.
 * - `RECEIVED`: what another server sent as its history is not whole. The own history is.
 * - `PURGED`: the log does not reach back as far as was asked; a snapshot does.
 * - `IO`: the disk refused an operation (full, broken, closed). Nothing more is acknowledged after it.
 */
export type StorageErrorCode =
  | 'WRONG_SERVER'
  | 'NEWER_FORMAT'
  | 'OLDER_FORMAT'
  | 'DAMAGED'
  | 'RECEIVED'
  | 'LOCKED'
  | 'PURGED'
  | 'IO'

/** Why the history on disk cannot be used any further. The message names what was found, what was expected and the way out. */
export class StorageError extends Error {
  override name = 'StorageError'
  readonly code: StorageErrorCode
  /** Where the damage is, with `DAMAGED`, when it is in a file. */
  readonly damage: Damage | null

  constructor(code: StorageErrorCode, message: string, options: { cause?: unknown; damage?: Damage } = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : {})
    this.code = code
    this.damage = options.damage ?? null
  }
}

/** What stands where in a file, and what should stand there. */
export interface Damage {
  path: string
  /** Byte in the file; left out when the file as a whole is meant. */
  offset?: number
  found: string
  expected: string
  /** What else has to do with it. */
  because?: string
}

const bringBack =
  'Way out: stop this server, empty its data directory and start it again; ' +
  'the ensemble brings its history back, as long as a majority of the other servers is up.'

export function damaged(damage: Damage): StorageError {
  return new StorageError('DAMAGED', `${whereAndWhat(damage)}. ${bringBack}`, { damage })
}

export function whereAndWhat({ path, offset, found, expected, because }: Damage): string {
  const where = offset === undefined ? path : `${path}, offset ${offset}`
  return `${where}: found ${found}, expected ${expected}${because === undefined ? '' : ` (${because})`}`
}

export const newerFormat = (path: string, found: number, expected: number): StorageError =>
  new StorageError(
    'NEWER_FORMAT',
    `${path}: found format version ${found}, expected ${expected} or less. ` +
      'Way out: run the version of this program that wrote it, or a later one.',
  )

export const olderFormat = (path: string, found: number, expected: number): StorageError =>
  new StorageError(
    'OLDER_FORMAT',
    `${path}: found format version ${found}, expected ${expected}. ` +
      'Way out: run the version of this program that wrote it; or copy the znodes out through that version, ' +
      'empty the data directories of all servers and copy them in again.',
  )

/** Wraps what the disk threw, naming what was being done. A StorageError passes through; a broken invariant is thrown on. */
export function ioFailed(doing: string, cause: unknown): StorageError {
  if (cause instanceof StorageError) return cause
  if (cause instanceof BrokenInvariant) throw cause
  const reason = cause instanceof Error ? cause.message : String(cause)
  const wayOut = isFull(cause)
    ? 'Way out: make room on this disk; a running server then goes on by itself.'
    : 'Way out: check the disk; a running server tries again by itself, one that did not start has to be started again.'
  return new StorageError('IO', `${doing} failed: ${reason}. ${wayOut}`, { cause })
}

/** The disk has no room left, or this user's share of it is used up. Also of what an IO error was caused by. */
export function isFull(error: unknown): boolean {
  if (error instanceof StorageError) return isFull(error.cause)
  const code = errorCode(error)
  return code === 'ENOSPC' || code === 'EDQUOT'
}

export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

/** A zxid for messages. */
export const named = (zxid: Zxid): string => (zxid === 0 ? 'the beginning' : `zxid ${formatZxid(zxid)}`)
