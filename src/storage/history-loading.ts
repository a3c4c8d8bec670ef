import { assert } from '../runtime/assert.ts'
import type { Disk } from '../runtime/disk.ts'
import type { Zxid } from '../tree/zxid.ts'
import { chunkBytes } from './log-segment.ts'
import { recordBytes, recordHeaderBytes, recordZxid } from './record.ts'
import { type SnapshotHeader, SnapshotReader } from './snapshot-file.ts'
import type { RecoveryTarget } from './storage-api.ts'
import { ioFailed } from './storage-error.ts'

/** So much of the log may wait for the commit point to pass it: several times what is in flight while servers write. */
const waitingChunksMax = 16

/** Sound records and marks that stand in `lent`, or in memory of their own. */
interface Chunk {
  lent: Buffer
  bytes: Buffer
  /** Where the first record that was not applied starts. */
  at: number
}

/**
 * Brings a history into the state while it is being looked through, so that a start reads and sums each byte once. What is
 * applied is what any start would apply: a record only after a later one, in the same sound part of the log, has told that it
 * is committed. What the checks refuse after all is refused with the state half filled: nobody looks at it then, and the next
 * attempt begins by emptying it.
 */
export class HistoryLoading {
  readonly target: RecoveryTarget
  #loaded: Zxid = 0
  #waiting: Chunk[] = []
  /** Buffers that are free. */
  readonly #spare: Buffer[] = []
  /** Too much was waiting: the rest is read once more, when the commit point is known. */
  #gaveUp = false
  #failure: unknown = null

  constructor(target: RecoveryTarget) {
    this.target = target
  }

  /** Everything up to here has come into the state. */
  get loadedZxid(): Zxid {
    return this.#loaded
  }

  /** Whether it is what the state itself threw: nothing that was found on the disk. */
  isOwnFailure(error: unknown): boolean {
    return this.#failure !== null && this.#failure === error
  }

  #owned(error: unknown): unknown {
    this.#failure = error
    return error
  }

  /** The state of an empty history. */
  reset(): void {
    try {
      this.target.reset()
    } catch (error) {
      throw this.#owned(error)
    }
    this.#loaded = 0
  }

  /** Rejects as SnapshotReader does: an older one may be loaded in its place. */
  async loadSnapshot(
    disk: Disk,
    path: string,
    check: (header: SnapshotHeader) => void,
  ): Promise<SnapshotHeader> {
    const reader = await SnapshotReader.open(disk, path, { lends: true })
    try {
      const header = await reader.header()
      check(header)
      await this.#load(header.zxid, reader.chunks(), path)
      this.#loaded = header.zxid
      return header
    } finally {
      await reader.close()
    }
  }

  /** For `take`. */
  buffer(): Buffer {
    return this.#spare.pop() ?? Buffer.allocUnsafeSlow(chunkBytes)
  }

  /** The next part of the log, and up to where everything is known to be committed. */
  take(lent: Buffer, bytes: Buffer, commit: Zxid): void {
    if (this.#gaveUp) {
      this.#spare.push(lent)
      return
    }
    this.#waiting.push({ lent, bytes, at: 0 })
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      this.#apply(first, commit)
      if (first.at < first.bytes.length) break
      this.#spare.push(first.lent)
      this.#waiting.shift()
    }
    if (this.#waiting.length <= waitingChunksMax) return
    this.#gaveUp = true
    this.#waiting = []
  }

  #apply(chunk: Chunk, commit: Zxid): void {
    const { bytes } = chunk
    while (chunk.at < bytes.length) {
      const zxid = recordZxid(bytes, chunk.at)
      if (zxid > commit) return
      const end = chunk.at + recordBytes(bytes, chunk.at)
      // Marks have zxid 0.
      if (zxid > this.#loaded) {
        this.#applyRecord(zxid, bytes, chunk.at + recordHeaderBytes, end)
        this.#loaded = zxid
      }
      chunk.at = end
    }
  }

  #applyRecord(zxid: Zxid, bytes: Buffer, start: number, end: number): void {
    try {
      this.target.apply(zxid, bytes, start, end)
    } catch (error) {
      throw this.#owned(error)
    }
  }

  async #load(zxid: Zxid, chunks: AsyncIterable<Buffer>, path: string): Promise<void> {
    let unreadable: unknown = null
    let whole = false
    const pieces = async function* (): AsyncGenerator<Buffer> {
      try {
        yield* chunks
        whole = true
      } catch (cause) {
        unreadable = ioFailed(`reading ${path}`, cause)
        throw unreadable
      }
    }
    try {
      await this.target.load(zxid, pieces())
      assert(whole, () => `${path} was not read to its end`)
    } catch (error) {
      throw error === unreadable ? error : this.#owned(error)
    }
  }
}
