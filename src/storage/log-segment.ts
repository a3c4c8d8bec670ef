import type { DiskFile } from '../runtime/disk.ts'
import type { Zxid } from '../tree/zxid.ts'
import { recordBytes, recordHeaderBytes } from './record.ts'
import { segmentHeaderBytes } from './segment-format.ts'

const indexStepBytes = 64 * 1024
export const chunkBytes = 1024 * 1024

/** What is known about one log file. */
export class LogSegment {
  readonly path: string
  /** The last zxid in front of this segment. */
  readonly previous: Zxid
  readonly first: Zxid
  /** The last durable one in it. */
  last: Zxid
  /** Where the durable part ends, in bytes. */
  bytes: number
  /** Sparse and ascending: what stands from `#offsets[i]` on follows `#zxids[i]`. */
  readonly #zxids: Zxid[] = []
  readonly #offsets: number[] = []

  constructor(fields: { path: string; previous: Zxid; first: Zxid; last: Zxid; bytes: number }) {
    this.path = fields.path
    this.previous = fields.previous
    this.first = fields.first
    this.last = fields.last
    this.bytes = fields.bytes
  }

  /** A group begins at `offset`, and `before` is the last zxid in front of it. */
  noteGroup(before: Zxid, offset: number): void {
    if (offset - (this.#offsets.at(-1) ?? segmentHeaderBytes) < indexStepBytes) return
    this.#zxids.push(before)
    this.#offsets.push(offset)
  }

  /** Where to begin reading for what follows `after`: at a mark or a record in front of it, not far. */
  offsetFor(after: Zxid): number {
    let low = 0
    let high = this.#zxids.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#zxids[middle] ?? 0) <= after) low = middle + 1
      else high = middle
    }
    return this.#offsets[low - 1] ?? segmentHeaderBytes
  }

  cut(last: Zxid, bytes: number): void {
    this.last = last
    this.bytes = bytes
    while ((this.#offsets.at(-1) ?? 0) >= bytes) {
      this.#offsets.pop()
      this.#zxids.pop()
    }
  }
}

/**
 * The bytes from `offset` on, about 1 MB of them, but at least one whole record when one can end before `end`. The
 * buffer is the caller's; it may be `lent`.
 */
export async function readChunk(file: DiskFile, offset: number, end: number, lent?: Buffer): Promise<Buffer> {
  const chunk = await file.read(offset, Math.min(chunkBytes, end - offset), lent)
  if (chunk.length < recordHeaderBytes) return chunk
  const needed = recordBytes(chunk, 0)
  return needed > chunk.length && offset + needed <= end ? file.read(offset, needed) : chunk
}
