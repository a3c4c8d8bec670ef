import { BrokenInvariant } from '../runtime/assert.ts'
import { formatZxid, type Zxid } from '../tree/zxid.ts'

/**
 * - `WRONG_SERVER`: the folder belongs to another server or another ensemble.
 * - `NEWER_FORMAT`: written by a newer version of this program.
 * - `OLDER_FORMAT`: written by an older version, whose records this one would misread.
 * - `DAMAGED`: what was durable once is not whole any more; nothing of it may be served or voted with.
 * - `LOCKED`: another live process works in the folder.
 * - `PURGED`: the log does not reach back as far as was asked; a snapshot does.
 * - `IO`: the disk refused an operation (full, broken, closed). Nothing more is acknowledged after it.
 */
export type StorageErrorCode =
  | 'WRONG_SERVER'
  | 'NEWER_FORMAT'
  | 'OLDER_FORMAT'
  | 'DAMAGED'
  | 'LOCKED'
  | 'PURGED'
  | 'IO'

/** Why the history on disk cannot be used any further. The message names what was found, what was expected and the way out. */
export class StorageError extends Error {
  override name = 'StorageError'
  readonly code: StorageErrorCode

  constructor(code: StorageErrorCode, message: string, options?: { cause: unknown }) {
    super(message, options)
    this.code = code
  }
}

/** What stands where in a file, and what should stand there. */
export interface Damage {
  path: string
  /** Byte in the file; left out when the file as a whole is meant. */
  offset?: number
  found: string
  expected: string
}

const bringBack =
  'Way out: stop this server, empty its data directory and start it again; ' +
  'the ensemble brings its history back, as long as a majority of the other servers is up.'

export function damaged(damage: Damage): StorageError {
  const where = damage.offset === undefined ? damage.path : `${damage.path}, offset ${damage.offset}`
  return new StorageError(
    'DAMAGED',
    `${where}: found ${damage.found}, expected ${damage.expected}. ${bringBack}`,
  )
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
  const wayOut =
    errorCode(cause) === 'ENOSPC'
      ? 'Way out: make room on this disk, then start the server again.'
      : 'Way out: check the disk, then start the server again.'
  return new StorageError('IO', `${doing} failed: ${reason}. ${wayOut}`, { cause })
}

export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

/** A zxid for messages. */
export const named = (zxid: Zxid): string => (zxid === 0 ? 'the beginning' : `zxid ${formatZxid(zxid)}`)
