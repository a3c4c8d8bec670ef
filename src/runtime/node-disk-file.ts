import { close, fdatasync, fstat, ftruncate, read, writev } from 'node:fs'
import { promisify } from 'node:util'
import { CodedError } from './coded-error.ts'
import type { DiskFile } from './disk.ts'

const closeAsync = promisify(close)
const fdatasyncAsync = promisify(fdatasync)
const fstatAsync = promisify(fstat)
const ftruncateAsync = promisify(ftruncate)

/** What Linux takes in one call (IOV_MAX). */
const piecesPerCallMax = 1024

/** A file behind a descriptor. */
export class NodeDiskFile implements DiskFile {
  readonly #fd: number
  /** The file was opened with O_DSYNC. */
  readonly #writesAreSynced: boolean

  constructor(fd: number, options: { writesAreSynced: boolean } = { writesAreSynced: false }) {
    this.#fd = fd
    this.#writesAreSynced = options.writesAreSynced
  }

  /** One promise for all of it: a group of the log is one write. */
  write(pieces: readonly Uint8Array[], position: number): Promise<void> {
    return new Promise((resolve, reject) => {
      writeAll(this.#fd, { pieces, from: 0 }, position, (error) =>
        error === null ? resolve() : reject(error),
      )
    })
  }

  writeDurably(pieces: readonly Uint8Array[], position: number): Promise<void> {
    const written = this.write(pieces, position)
    return this.#writesAreSynced ? written : written.then(() => this.sync())
  }

  sync(): Promise<void> {
    // Also writes the file's new length, which is all of its metadata that reading it needs.
    return fdatasyncAsync(this.#fd)
  }

  async read(position: number, length: number, lent?: Buffer): Promise<Buffer> {
    const bytes =
      lent !== undefined && lent.length >= length ? lent.subarray(0, length) : Buffer.allocUnsafe(length)
    let filled = 0
    while (filled < length) {
      const got = await this.#readSome(bytes, filled, position + filled)
      if (got === 0) break
      filled += got
    }
    return filled === length ? bytes : bytes.subarray(0, filled)
  }

  async size(): Promise<number> {
    return (await fstatAsync(this.#fd)).size
  }

  truncate(size: number): Promise<void> {
    return ftruncateAsync(this.#fd, size)
  }

  close(): Promise<void> {
    return closeAsync(this.#fd)
  }

  #readSome(into: Buffer, offset: number, position: number): Promise<number> {
    return new Promise((resolve, reject) => {
      read(this.#fd, into, offset, into.length - offset, position, (error, got) =>
        error ? reject(error) : resolve(got),
      )
    })
  }
}

/** What is left to write: `pieces` from number `from` on. There may be a hundred thousand. */
interface Left {
  readonly pieces: readonly Uint8Array[]
  readonly from: number
}

function writeAll(
  fd: number,
  { pieces, from }: Left,
  position: number,
  done: (error: Error | null) => void,
): void {
  const fits = from === 0 && pieces.length <= piecesPerCallMax
  const now = fits ? pieces : pieces.slice(from, from + piecesPerCallMax)
  const wanted = totalBytes(now)
  writev(fd, now, position, (error, written) => {
    if (error) return done(error)
    const behind = { pieces, from: from + now.length }
    if (written === wanted && behind.from === pieces.length) return done(null)
    // A short write is no error: the disk is nearly full, or a signal came. The next one tells.
    if (written === 0 && wanted > 0)
      return done(new CodedError('EIO', `the system wrote 0 of ${wanted} bytes`))
    const left =
      written === wanted
        ? behind
        : { pieces: [...withoutFirst(now, written), ...pieces.slice(behind.from)], from: 0 }
    writeAll(fd, left, position + written, done)
  })
}

function totalBytes(pieces: readonly Uint8Array[]): number {
  let bytes = 0
  for (const piece of pieces) bytes += piece.length
  return bytes
}

/** What is left of the pieces when the first `bytes` of them are gone. */
function withoutFirst(pieces: readonly Uint8Array[], bytes: number): Uint8Array[] {
  const rest: Uint8Array[] = []
  let toSkip = bytes
  for (const piece of pieces) {
    if (toSkip >= piece.length) toSkip -= piece.length
    else {
      rest.push(toSkip > 0 ? piece.subarray(toSkip) : piece)
      toSkip = 0
    }
  }
  return rest
}
