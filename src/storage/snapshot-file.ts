import { crc32 } from 'node:zlib'
import type { Disk, DiskFile } from '../runtime/disk.ts'
import { formatZxid, type Zxid } from '../tree/zxid.ts'
import { type EpochEnd, type HistorySummary, invalidSummary, lastZxidOf } from './history-summary.ts'
import { readU64, writeU64 } from './record.ts'
import { damaged, newerFormat, type StorageError } from './storage-error.ts'

/**
 * A snapshot file: the replicated state as of one zxid.
 *
 *     header   magic "BANYSNAP" | version u32 | body bytes u32 | body | crc u32
 *     body     zxid u64 | digest (u32 length, utf-8) | epochs u32, then for each: epoch u32 | last counter u32
 *     chunk    length u32 (1 or more) | crc u32 | bytes
 *     trailer  0 u32 | crc u32 | chunks u64 | bytes u64 of all chunks
 *
 * Every crc runs on from the one before it, over everything but the crc fields: a chunk that is changed, missing, cut or
 * in another place shows. The summary of the history up to the zxid is in it, so that it outlives the purged log.
 */
export interface SnapshotHeader {
  zxid: Zxid
  digest: string
  summary: HistorySummary
}

const snapshotFormatVersion = 1
const magic = Buffer.from('BANYSNAP')
const fixedBytes = 16
const chunkHeaderBytes = 8
const trailerBytes = 24
/** Syncing all of a large snapshot in one go would hold up the log's own syncs behind it. */
const syncEveryBytes = 16 * 1024 * 1024
const readAheadBytes = 1024 * 1024
/** Larger pieces are written as several chunks: the checksum of all at one go would stop everything else. */
const chunkBytesMax = 1024 * 1024

function encodeHeader(header: SnapshotHeader): Buffer {
  const digest = Buffer.from(header.digest)
  const bodyBytes = 8 + 4 + digest.length + 4 + header.summary.length * 8
  const bytes = Buffer.alloc(fixedBytes + bodyBytes + 4)
  magic.copy(bytes)
  bytes.writeUInt32BE(snapshotFormatVersion, 8)
  bytes.writeUInt32BE(bodyBytes, 12)
  writeU64(bytes, 16, header.zxid)
  bytes.writeUInt32BE(digest.length, 24)
  digest.copy(bytes, 28)
  let at = 28 + digest.length
  at = bytes.writeUInt32BE(header.summary.length, at)
  for (const { epoch, lastCounter } of header.summary) {
    at = bytes.writeUInt32BE(epoch, at)
    at = bytes.writeUInt32BE(lastCounter, at)
  }
  bytes.writeUInt32BE(crc32(bytes.subarray(0, at)), at)
  return bytes
}

/** Writes one, piece by piece, to a file that nothing else knows yet. */
export class SnapshotWriter {
  readonly #file: DiskFile
  readonly #head = Buffer.alloc(trailerBytes)
  #crc = 0
  #position = 0
  #syncedTo = 0
  #chunks = 0
  #bytes = 0

  private constructor(file: DiskFile) {
    this.#file = file
  }

  static async create(disk: Disk, path: string): Promise<SnapshotWriter> {
    return new SnapshotWriter(await disk.open(path, { create: true }))
  }

  /** Comes first. */
  async begin(header: SnapshotHeader): Promise<void> {
    await this.#file.truncate(0)
    const bytes = encodeHeader(header)
    this.#crc = bytes.readUInt32BE(bytes.length - 4)
    await this.#write([bytes], bytes.length)
  }

  /** The piece is lent until the promise settles. */
  async add(piece: Buffer): Promise<void> {
    for (let at = 0; at < piece.length; at += chunkBytesMax)
      await this.#addChunk(piece.subarray(at, at + chunkBytesMax))
  }

  async #addChunk(chunk: Buffer): Promise<void> {
    const head = this.#head.subarray(0, chunkHeaderBytes)
    head.writeUInt32BE(chunk.length, 0)
    this.#crc = crc32(chunk, crc32(head.subarray(0, 4), this.#crc))
    head.writeUInt32BE(this.#crc, 4)
    this.#chunks += 1
    this.#bytes += chunk.length
    await this.#write([head, chunk], chunkHeaderBytes + chunk.length)
    if (this.#position - this.#syncedTo < syncEveryBytes) return
    this.#syncedTo = this.#position
    await this.#file.sync()
  }

  /** Writes the trailer; everything is durable when resolved. */
  async finish(): Promise<void> {
    const trailer = this.#head
    trailer.writeUInt32BE(0, 0)
    writeU64(trailer, 8, this.#chunks)
    writeU64(trailer, 16, this.#bytes)
    trailer.writeUInt32BE(crc32(trailer.subarray(8), crc32(trailer.subarray(0, 4), this.#crc)), 4)
    await this.#write([trailer], trailerBytes)
    await this.#file.sync()
  }

  close(): Promise<void> {
    return this.#file.close()
  }

  async #write(pieces: Buffer[], bytes: number): Promise<void> {
    await this.#file.write(pieces, this.#position)
    this.#position += bytes
  }
}

/** Reads one from its beginning, trusting nothing: each method rejects with DAMAGED (or NEWER_FORMAT) at what is not sound. */
export class SnapshotReader {
  readonly #file: DiskFile
  readonly #path: string
  readonly #size: number
  #ahead: Buffer = Buffer.alloc(0)
  #at = 0
  /** Where `#ahead[#at]` is in the file. */
  #offset = 0
  #crc = 0
  /** Bytes taken that `pieces` has not given out yet. */
  #kept: Buffer[] | null = null
  readonly #lends: boolean
  #buffer: Buffer | null = null

  private constructor(file: DiskFile, path: string, size: number, lends: boolean) {
    this.#file = file
    this.#path = path
    this.#size = size
    this.#lends = lends
  }

  get bytes(): number {
    return this.#size
  }

  /** `lends`: a buffer that is given out is used again when the next one is asked for. */
  static async open(disk: Disk, path: string, options = { lends: false }): Promise<SnapshotReader> {
    const file = await disk.open(path, { create: false })
    return new SnapshotReader(file, path, await file.size(), options.lends)
  }

  close(): Promise<void> {
    return this.#file.close()
  }

  async header(): Promise<SnapshotHeader> {
    const fixed = await this.#take(fixedBytes, 'the header')
    if (!fixed.subarray(0, 8).equals(magic))
      throw this.#damage(0, JSON.stringify(fixed.toString('latin1', 0, 8)), '"BANYSNAP"')
    const version = fixed.readUInt32BE(8)
    this.#crc = crc32(fixed)
    const body = Buffer.from(await this.#take(fixed.readUInt32BE(12), 'the header'))
    this.#crc = crc32(body, this.#crc)
    this.#expectCrc(0, (await this.#take(4, 'the header')).readUInt32BE(0), 'header')
    if (version > snapshotFormatVersion) throw newerFormat(this.#path, version, snapshotFormatVersion)
    return this.#decodeBody(body)
  }

  /** What `SnapshotWriter.add` was given, after `header`. The buffers are the caller's, if they are not lent. */
  async *chunks(): AsyncGenerator<Buffer> {
    let chunks = 0
    let bytes = 0
    for (;;) {
      const start = this.#offset
      const head = await this.#take(chunkHeaderBytes, 'a chunk or the trailer')
      const length = head.readUInt32BE(0)
      const expected = head.readUInt32BE(4)
      const crcWithLength = crc32(head.subarray(0, 4), this.#crc)
      const chunk = await this.#take(length === 0 ? trailerBytes - chunkHeaderBytes : length, 'a whole chunk')
      this.#crc = crc32(chunk, crcWithLength)
      this.#expectCrc(start, expected, length === 0 ? 'trailer' : 'chunk')
      if (length === 0) {
        if (readU64(chunk, 0) !== chunks || readU64(chunk, 8) !== bytes || this.#offset !== this.#size)
          throw this.#damage(
            start,
            `a trailer behind ${chunks} chunks of ${bytes} bytes`,
            'it to close the file',
          )
        return
      }
      chunks += 1
      bytes += length
      yield chunk
    }
  }

  /**
   * The file as it is, in place of `header` and `chunks`: every piece has passed its check before it is given out. Another
   * server must not have to find out what is wrong with a snapshot of this one. Not of a reader that lends.
   */
  async *pieces(): AsyncGenerator<Buffer> {
    this.#kept = []
    await this.header()
    yield this.#keptPiece()
    for await (const _chunk of this.chunks()) yield this.#keptPiece()
    yield this.#keptPiece()
  }

  #keptPiece(): Buffer {
    const piece = Buffer.concat(this.#kept ?? [])
    this.#kept = []
    return piece
  }

  #decodeBody(body: Buffer): SnapshotHeader {
    const digestBytes = body.length < 16 ? -1 : body.readUInt32BE(8)
    const epochs =
      digestBytes < 0 || digestBytes > body.length - 16 ? -1 : body.readUInt32BE(12 + digestBytes)
    if (epochs < 0 || body.length !== 16 + digestBytes + epochs * 8)
      throw this.#damage(fixedBytes, `a header of ${body.length} bytes`, 'its fields to fill it')
    const summary: EpochEnd[] = []
    for (let at = 16 + digestBytes; at < body.length; at += 8)
      summary.push({ epoch: body.readUInt32BE(at), lastCounter: body.readUInt32BE(at + 4) })
    const zxid = readU64(body, 0)
    const problem = invalidSummary(summary)
    if (problem !== null || lastZxidOf(summary) !== zxid)
      throw this.#damage(
        fixedBytes,
        problem ?? `a summary up to ${formatZxid(lastZxidOf(summary))}`,
        formatZxid(zxid),
      )
    return { zxid, digest: body.toString('utf8', 12, 12 + digestBytes), summary }
  }

  /** The next bytes, in a buffer that is not used again, or not before the next call. */
  async #take(length: number, what: string): Promise<Buffer> {
    if (this.#offset + length > this.#size)
      throw this.#damage(this.#offset, `${this.#size - this.#offset} bytes to the end of the file`, what)
    if (this.#at + length > this.#ahead.length) {
      this.#ahead = await this.#file.read(
        this.#offset,
        Math.min(this.#size - this.#offset, Math.max(length, readAheadBytes)),
        this.#lends ? this.#lent() : undefined,
      )
      this.#at = 0
      if (this.#ahead.length < length) throw this.#damage(this.#offset, `${this.#ahead.length} bytes`, what)
    }
    const taken = this.#ahead.subarray(this.#at, this.#at + length)
    this.#at += length
    this.#offset += length
    this.#kept?.push(taken)
    return taken
  }

  #lent(): Buffer {
    this.#buffer ??= Buffer.allocUnsafeSlow(readAheadBytes)
    return this.#buffer
  }

  #expectCrc(offset: number, found: number, what: string): void {
    if (found !== this.#crc)
      throw this.#damage(offset, `${what} checksum ${found.toString(16)}`, this.#crc.toString(16))
  }

  #damage(offset: number, found: string, expected: string): StorageError {
    return damaged({ path: this.#path, offset, found, expected })
  }
}

/** Reads all of it and returns its header; rejects as SnapshotReader does. */
export async function checkSnapshot(disk: Disk, path: string): Promise<SnapshotHeader> {
  const reader = await SnapshotReader.open(disk, path, { lends: true })
  try {
    const header = await reader.header()
    for await (const _chunk of reader.chunks()) {
      // Only the checks are wanted.
    }
    return header
  } finally {
    await reader.close()
  }
}
