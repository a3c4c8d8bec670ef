import { assert } from '../runtime/assert.ts'
import type { Disk, DiskFile } from '../runtime/disk.ts'
import type { Timer, Timers } from '../runtime/timers.ts'
import type { Zxid } from '../tree/zxid.ts'
import { segmentName } from './file-names.ts'
import { GroupCommit, type Settled } from './group-commit.ts'
import { LogSegment } from './log-segment.ts'
import { recordZxid } from './record.ts'
import { removeIfThere } from './remove-if-there.ts'
import { encodeSegmentHeader, markBytes, writeMark } from './segment-format.ts'
import { endOfRecord, readSegment } from './segment-reader.ts'
import { ioFailed, named, StorageError } from './storage-error.ts'

export interface HistoryLogOptions {
  disk: Disk
  folder: string
  timers: Timers
  segmentBytesMax: number
  /**
   * How far the file is written with zeros ahead of the records, in bytes; 0 for not at all. A sync that need not make a
   * new length durable took half the time (ext4, groups of 4 to 30 kB: 50 instead of 100 microseconds).
   */
  preallocateBytes: number
  /** The commit point to write into the next mark. */
  commitPoint: () => Zxid
}

/** A larger group would use the zeros up at once: they double what is written, and save nothing. */
const preallocatingGroupBytesMax = 32 * 1024
/** After this much silence a mark is written, to vouch for the last group. */
const idleMarkMs = 200
const noZeros = Buffer.alloc(0)

/** The log of one history: segments, the newest of which is written to. */
export class HistoryLog {
  readonly #options: HistoryLogOptions
  readonly #segments: LogSegment[]
  /** Paths of those that are no longer in the log and still on the disk, oldest first. */
  readonly #dropped: string[] = []
  /** Where the history goes on from when there is no segment. */
  #base: Zxid
  readonly #group: GroupCommit
  readonly #mark = Buffer.alloc(markBytes)
  readonly #readers = new Set<{ after: Zxid }>()
  #zeros = noZeros
  /** Of the last segment; null until something is to be written to it. */
  #file: DiskFile | null = null
  /** How far the file reaches, zeros included. */
  #fileBytes = 0
  #idleTimer: Timer | null = null
  #last: Zxid
  #durable: Zxid

  constructor(options: HistoryLogOptions, segments: LogSegment[], base: Zxid) {
    this.#options = options
    this.#segments = segments
    this.#base = base
    this.#last = segments.at(-1)?.last ?? base
    this.#durable = this.#last
    this.#group = new GroupCommit(
      (pieces, last) => this.#writeGroup(pieces, last),
      (cause) => ioFailed(`writing ${this.#segments.at(-1)?.path ?? options.folder}`, cause),
    )
  }

  get lastZxid(): Zxid {
    return this.#last
  }

  get durableZxid(): Zxid {
    return this.#durable
  }

  /** The log holds everything behind this. */
  get startZxid(): Zxid {
    return this.#segments[0]?.previous ?? this.#base
  }

  get unsyncedBytes(): number {
    return this.#group.waitingBytes
  }

  get segments(): readonly LogSegment[] {
    return this.#segments
  }

  get readAfter(): number {
    let lowest = Number.POSITIVE_INFINITY
    for (const reader of this.#readers) lowest = Math.min(lowest, reader.after)
    return lowest
  }

  /** The records were inspected: they follow `lastZxid`. */
  append(records: Buffer, last: Zxid, settled: Settled): void {
    this.#group.append(records, last, settled)
    if (this.#group.failure === null) this.#last = last
  }

  /** Resolves when everything appended so far is durable. */
  flushed(): Promise<void> {
    return this.#group.between(() => Promise.resolve())
  }

  /** Lets nothing be written any more. */
  fail(failure: StorageError): void {
    this.#group.fail(failure)
  }

  /**
   * Removes everything behind `zxid`, which is in the log. Whole segments go from the last to the first, each removal
   * made durable: were two left to the system, a power failure could undo only that of the later one, which would then
   * stand behind a hole.
   */
  truncate(zxid: Zxid): Promise<void> {
    assert(this.#group.waitingBytes === 0, 'truncate while records are being appended')
    this.#last = zxid
    return this.#group.between(async () => {
      for (;;) {
        const segment = this.#segments.at(-1)
        if (segment === undefined || segment.previous < zxid) break
        await this.#closeFile()
        await this.#options.disk.removeFile(segment.path)
        await this.#options.disk.syncFolder(this.#options.folder)
        this.#segments.pop()
        this.#base = segment.previous
      }
      const segment = this.#segments.at(-1)
      if (segment !== undefined && segment.last > zxid) {
        const end = await endOfRecord(this.#options.disk, segment, zxid)
        const file = await this.#openLast(segment)
        await file.truncate(end)
        this.#fileBytes = end
        await file.sync()
        segment.cut(zxid, end)
      }
      this.#durable = zxid
    })
  }

  /** What stands behind `after` is not dropped until the returned call. */
  keep(after: Zxid): () => void {
    const reader = { after }
    this.#readers.add(reader)
    return () => this.#readers.delete(reader)
  }

  /** Whole records after `after` up to `upTo`, in buffers that are the caller's. */
  async *read(after: Zxid, upTo: Zxid): AsyncGenerator<Buffer> {
    assert(upTo <= this.#durable, () => `reading to ${upTo}, durable is ${this.#durable}`)
    if (after < this.startZxid)
      throw new StorageError(
        'PURGED',
        `${this.#options.folder}: the log begins behind ${named(this.startZxid)}, asked for what follows ${named(after)}. ` +
          'Way out: read the snapshot instead.',
      )
    const reader = { after }
    this.#readers.add(reader)
    try {
      while (reader.after < upTo) {
        const segment = this.#segments.find((segment) => segment.last > reader.after)
        assert(segment !== undefined, () => `no segment holds what follows ${reader.after}`)
        for await (const batch of readSegment(this.#options.disk, segment, reader.after, upTo)) {
          yield batch.records
          reader.after = batch.last
        }
      }
    } finally {
      this.#readers.delete(reader)
    }
  }

  /**
   * Removes the oldest segments, oldest first, each removal made durable before the next, so that what a crash leaves
   * has no hole in it. One that failed comes first the next time. Bad timeline otherwise: (1) the oldest cannot be removed;
   * (2) the next purge removes those behind it; (3) the next start takes what is left for one log, and a follower is sent it.
   */
  async dropOldest(count: number): Promise<void> {
    const { disk, folder } = this.#options
    assert(count < Math.max(1, this.#segments.length), 'the last segment stays')
    for (const { path } of this.#segments.splice(0, count)) this.#dropped.push(path)
    for (let path = this.#dropped[0]; path !== undefined; path = this.#dropped[0]) {
      await removeIfThere(disk, path)
      await disk.syncFolder(folder)
      this.#dropped.shift()
    }
  }

  /**
   * Lets what was appended become durable, and marks it as such. Later appends fail. Resolves to false when the log had
   * failed before, so that some of it may not be durable.
   */
  async close(): Promise<boolean> {
    this.#idleTimer?.cancel()
    this.#idleTimer = null
    const whole = this.#group.failure === null
    try {
      if (whole) await this.#group.between(() => this.#finish())
    } finally {
      this.#group.fail(new StorageError('IO', `${this.#options.folder} is closed`))
      // A write may be under way still when something else has failed: closed under it, its descriptor could be another file's.
      await this.#group.settled()
      await this.#closeFile()
    }
    return whole
  }

  async #finish(): Promise<void> {
    const segment = this.#segments.at(-1)
    if (segment === undefined) return
    await this.#writeMark(segment)
    segment.bytes += markBytes
    await this.#trim(segment)
  }

  /** Ends the writing without a word on the disk, for a history that is not wanted any more. */
  async abandon(): Promise<void> {
    this.#idleTimer?.cancel()
    this.#idleTimer = null
    this.#group.fail(new StorageError('IO', `${this.#options.folder} is not in use any more`))
    await this.#group.settled()
    await this.#closeFile()
  }

  async #writeGroup(pieces: Buffer[], last: Zxid): Promise<void> {
    const { disk, folder, segmentBytesMax, preallocateBytes } = this.#options
    let segment = this.#segments.at(-1)
    const begins = segment === undefined || segment.bytes >= segmentBytesMax
    if (segment === undefined || begins) segment = await this.#begin(pieces, segment)
    // Not `await` alone: that is a turn of promises for each group.
    const file = this.#file ?? (await this.#openLast(segment))
    const header = begins ? encodeSegmentHeader(segment) : null
    const start = segment.bytes + (header?.length ?? 0)
    writeMark(this.#mark, 0, { offset: start, commit: Math.min(this.#options.commitPoint(), this.#durable) })
    let end = start + markBytes
    for (const piece of pieces) end += piece.length
    const written = header === null ? [this.#mark, ...pieces] : [header, this.#mark, ...pieces]
    let reach = Math.max(this.#fileBytes, end)
    if (end > this.#fileBytes && end - start <= preallocatingGroupBytesMax && preallocateBytes > 0) {
      if (this.#zeros.length === 0) this.#zeros = Buffer.alloc(preallocateBytes)
      written.push(this.#zeros)
      reach += preallocateBytes
    }
    try {
      await file.writeDurably(written, segment.bytes)
      if (begins) await disk.syncFolder(folder)
    } catch (error) {
      await this.#disown(file, segment.bytes)
      throw error
    }
    this.#fileBytes = reach
    segment.noteGroup(this.#durable, start)
    segment.last = last
    segment.bytes = end
    this.#durable = last
    this.#armIdleMark()
  }

  /** Ends the last segment, if there is one, and begins a new one: the file, as yet without content. */
  async #begin(pieces: Buffer[], before: LogSegment | undefined): Promise<LogSegment> {
    const { disk, folder } = this.#options
    if (before !== undefined) {
      await this.#openLast(before)
      await this.#trim(before)
      await this.#closeFile()
    }
    const head = pieces[0]
    assert(head !== undefined, 'a group has records')
    const first = recordZxid(head, 0)
    const path = `${folder}/${segmentName(first)}`
    const segment = new LogSegment({ path, previous: this.#durable, first, last: this.#durable, bytes: 0 })
    this.#file = await disk.open(path, { create: true, durableWrites: true })
    this.#fileBytes = 0
    await this.#file.truncate(0)
    this.#segments.push(segment)
    return segment
  }

  /** Takes away what stands behind the last record, so that nothing else is in a segment that is done. */
  async #trim(segment: LogSegment): Promise<void> {
    const file = await this.#openLast(segment)
    await file.truncate(segment.bytes)
    this.#fileBytes = segment.bytes
    await file.sync()
  }

  /**
   * After a failed sync the system may hold the pages for clean although they never reached the disk. A restarted process
   * would read them as whole, and a power failure would then take back what it had acknowledged. So they are cut off the
   * file; should that fail too, there is nothing left to be done.
   */
  async #disown(file: DiskFile, durableBytes: number): Promise<void> {
    try {
      await file.truncate(durableBytes)
    } catch {
      // The failure that led here is the one to report.
    }
  }

  async #openLast(segment: LogSegment): Promise<DiskFile> {
    if (this.#file === null) {
      this.#file = await this.#options.disk.open(segment.path, { create: false, durableWrites: true })
      this.#fileBytes = segment.bytes
    }
    return this.#file
  }

  async #closeFile(): Promise<void> {
    const file = this.#file
    this.#file = null
    await file?.close()
  }

  /**
   * The last group has no mark behind it, so damage to it could not be told from a torn write. When no other group comes
   * to vouch for it, a lone mark does. It is not synced, for it promises nothing, and the next group is written over it:
   * were it written behind, its own mark could survive a power failure that the lone one in front of it does not, and
   * make that look like damage.
   */
  #armIdleMark(): void {
    if (this.#idleTimer !== null) return
    const seen = this.#durable
    this.#idleTimer = this.#options.timers.after(idleMarkMs, () => {
      this.#idleTimer = null
      if (this.#durable !== seen || !this.#group.idle) this.#armIdleMark()
      else
        this.#group
          .between(() => this.#idleMark())
          .catch(() => {
            // The log has failed now; whoever appends next is told.
          })
    })
  }

  async #idleMark(): Promise<void> {
    const segment = this.#segments.at(-1)
    if (segment !== undefined && this.#file !== null) await this.#writeMark(segment)
  }

  async #writeMark(segment: LogSegment): Promise<void> {
    const file = await this.#openLast(segment)
    writeMark(this.#mark, 0, {
      offset: segment.bytes,
      commit: Math.min(this.#options.commitPoint(), this.#durable),
    })
    await file.write([this.#mark], segment.bytes)
    this.#fileBytes = Math.max(this.#fileBytes, segment.bytes + markBytes)
  }
}
