import { assert } from '../runtime/assert.ts'
import type { Disk } from '../runtime/disk.ts'
import type { Log } from '../runtime/log.ts'
import type { Timers } from '../runtime/timers.ts'
import { formatZxid, type Zxid } from '../tree/zxid.ts'
import { building, snapshotName } from './file-names.ts'
import type { Settled } from './group-commit.ts'
import type { HistoryLoading } from './history-loading.ts'
import type { HistorySummary, SummaryTracker } from './history-summary.ts'
import { HistoryLog } from './log.ts'
import { mend } from './mending.ts'
import { purgeable } from './purge.ts'
import { inspectRecords, recordBytes, recordHeaderBytes, recordZxid } from './record.ts'
import { type FoundHistory, findHistory } from './recovery.ts'
import { removeIfThere } from './remove-if-there.ts'
import { SnapshotReader, SnapshotWriter } from './snapshot-file.ts'
import type { RecoveryTarget, SnapshotForFollower } from './storage-api.ts'
import { ioFailed } from './storage-error.ts'

export interface HistoryOptions {
  disk: Disk
  folder: string
  log: Log
  timers: Timers
  segmentBytesMax: number
  preallocateBytes: number
  snapshotsKept: number
}

interface NewSnapshot {
  zxid: Zxid
  digest: string
  chunks: AsyncIterable<Buffer>
}

/** One whole history: a log, snapshots, and what is known of its shape. */
export class HistoryFolder {
  readonly #options: HistoryOptions
  readonly #log: HistoryLog
  readonly #summary: SummaryTracker
  /** Ascending. */
  readonly #snapshots: Zxid[]
  readonly #snapshotReaders = new Map<Zxid, number>()
  #commit: Zxid
  /** What the start has loaded already. */
  #loading: HistoryLoading | null
  /** Readers and writers of snapshots or of the log that are at work. */
  #uses = 0
  #writingSnapshot = false
  /** Another history has taken its place. */
  #retired = false

  /** Rejects with DAMAGED or NEWER_FORMAT. */
  static async open(options: HistoryOptions): Promise<HistoryFolder> {
    return HistoryFolder.take(options, await findHistory(options, null))
  }

  /** Mends the folder as it was found to need it, and goes on from there. */
  static async take(options: HistoryOptions, found: FoundHistory): Promise<HistoryFolder> {
    await mend(options, found.mends)
    return new HistoryFolder(options, found)
  }

  private constructor(options: HistoryOptions, found: FoundHistory) {
    this.#options = options
    this.#summary = found.summary
    this.#snapshots = found.snapshots
    this.#commit = found.commit
    this.#loading = found.loading
    const logOptions = { ...options, commitPoint: () => this.#commit }
    this.#log = new HistoryLog(logOptions, found.segments, found.snapshots.at(-1) ?? 0)
  }

  get lastZxid(): Zxid {
    return this.#log.lastZxid
  }

  get durableZxid(): Zxid {
    return this.#log.durableZxid
  }

  get commitZxid(): Zxid {
    return this.#commit
  }

  get logStartZxid(): Zxid {
    return this.#log.startZxid
  }

  get snapshotZxid(): Zxid {
    return this.#snapshots.at(-1) ?? 0
  }

  get unsyncedBytes(): number {
    return this.#log.unsyncedBytes
  }

  summary(): HistorySummary {
    return this.#summary.summary
  }

  noteCommit(zxid: Zxid): void {
    const known = Math.min(zxid, this.lastZxid)
    if (known > this.#commit) this.#commit = known
  }

  /** Everything up to `zxid` was committed in the history that this one takes the place of, so it must be here (asserted). */
  takeCommit(zxid: Zxid): void {
    assert(
      zxid <= this.lastZxid && this.#summary.holds(zxid),
      () => `${zxid} is committed, and not in the history that replaces the one that held it`,
    )
    this.noteCommit(zxid)
  }

  append(records: Buffer, last: Zxid, settled: Settled): void {
    const run = inspectRecords(records, this.lastZxid, { checksums: false })
    assert(run.problem === null, () => `appending records with ${run.problem}`)
    assert(run.count > 0 && run.last === last, () => `the records end at ${run.last}, not at ${last}`)
    const before = this.lastZxid
    this.#log.append(records, last, settled)
    if (this.lastZxid !== before) {
      this.#summary.extendBy(records, last)
      this.noteCommit(run.commit)
    }
  }

  truncate(zxid: Zxid): Promise<void> {
    assert(zxid >= this.#commit, () => `truncating to ${zxid}, committed is ${this.#commit}`)
    assert(zxid <= this.lastZxid && this.#summary.holds(zxid), () => `${zxid} is not in the history`)
    if (zxid === this.lastZxid) return Promise.resolve()
    this.#summary.truncate(zxid)
    return this.#log.truncate(zxid)
  }

  async *readRecords(after: Zxid, upTo: Zxid): AsyncGenerator<Buffer> {
    assert(this.#summary.holds(after), () => `${after} is not in the history`)
    this.#uses += 1
    try {
      yield* this.#log.read(after, upTo)
    } catch (cause) {
      throw ioFailed(`reading the log in ${this.#options.folder}`, cause)
    } finally {
      await this.#endUse()
    }
  }

  /** Until the returned call, neither a snapshot of `after` nor what the log holds behind it is purged. */
  keep(after: Zxid): () => void {
    const letGoOfLog = this.#log.keep(after)
    this.#snapshotReaders.set(after, (this.#snapshotReaders.get(after) ?? 0) + 1)
    let kept = true
    return () => {
      if (!kept) return
      kept = false
      letGoOfLog()
      const left = (this.#snapshotReaders.get(after) ?? 1) - 1
      if (left > 0) this.#snapshotReaders.set(after, left)
      else this.#snapshotReaders.delete(after)
    }
  }

  async readSnapshot(): Promise<SnapshotForFollower | null> {
    const zxid = this.#snapshots.at(-1)
    if (zxid === undefined) return null
    const letGo = this.keep(zxid)
    this.#uses += 1
    try {
      const reader = await this.#openSnapshot(zxid)
      const release = async (): Promise<void> => {
        letGo()
        await reader.close().catch(() => {
          // It was only read from.
        })
        await this.#endUse()
      }
      return { zxid, bytes: reader.bytes, chunks: this.#readable(zxid, reader.pieces()), release }
    } catch (cause) {
      letGo()
      await this.#endUse()
      throw cause
    }
  }

  /**
   * Writes the state as of `zxid` under another name, makes it durable, and only then gives it its name: a file with
   * the name of a snapshot is a whole one, and the log is durable up to it. Then what it makes needless is removed.
   * When the history is replaced meanwhile, the snapshot is dropped.
   */
  async writeSnapshot(snapshot: NewSnapshot): Promise<void> {
    const { zxid } = snapshot
    assert(!this.#writingSnapshot, 'one snapshot at a time')
    assert(
      zxid > 0 && zxid >= this.snapshotZxid,
      () => `snapshot of ${zxid}, there is one of ${this.snapshotZxid}`,
    )
    assert(this.#summary.holds(zxid), () => `snapshot of ${zxid}, which is not in the history`)
    this.#writingSnapshot = true
    this.#uses += 1
    try {
      const isWritten = await this.#writeSnapshotFile(snapshot).catch((cause: unknown) => {
        throw ioFailed(`writing ${this.#pathOf(zxid)}`, cause)
      })
      if (isWritten) await this.#purge()
    } finally {
      this.#writingSnapshot = false
      await this.#endUse()
    }
  }

  async recover(target: RecoveryTarget): Promise<{ pending: Buffer[] }> {
    const loading = this.#loading
    this.#loading = null
    let base = this.snapshotZxid
    if (loading?.target === target) base = loading.loadedZxid
    else {
      target.reset()
      if (base > 0) await this.#loadSnapshot(base, target)
    }
    const pending: Buffer[] = []
    for await (const batch of this.readRecords(base, this.durableZxid))
      for (let at = 0; at < batch.length; at += recordBytes(batch, at)) {
        const zxid = recordZxid(batch, at)
        const end = at + recordBytes(batch, at)
        if (zxid <= this.#commit) target.apply(zxid, batch, at + recordHeaderBytes, end)
        else pending.push(Buffer.from(batch.subarray(at, end)))
      }
    return { pending }
  }

  fail(failure: Parameters<HistoryLog['fail']>[0]): void {
    this.#log.fail(failure)
  }

  /** Resolves to false when the log had failed before. */
  close(): Promise<boolean> {
    return this.#log.close()
  }

  /** Nothing is written to it any more, and its folder is left to whoever asked for it. */
  drop(): Promise<void> {
    return this.#log.abandon()
  }

  /** Nothing is written to it any more; its folder goes when the last reader has left it, or at the next start. */
  async retire(): Promise<void> {
    this.#retired = true
    await this.drop()
    this.#uses += 1
    await this.#endUse()
  }

  async #endUse(): Promise<void> {
    this.#uses -= 1
    if (!this.#retired || this.#uses > 0) return
    const { disk, folder, log } = this.#options
    try {
      await disk.removeFolder(folder)
    } catch (error) {
      log.warn('could not remove the old history, the next start will', { folder, problem: String(error) })
    }
  }

  async #writeSnapshotFile(snapshot: NewSnapshot): Promise<boolean> {
    const { disk, folder, log } = this.#options
    const path = this.#pathOf(snapshot.zxid)
    const header = {
      zxid: snapshot.zxid,
      digest: snapshot.digest,
      summary: this.#summary.upTo(snapshot.zxid),
    }
    const writer = await SnapshotWriter.create(disk, building(path))
    let whole = false
    try {
      await writer.begin(header)
      for await (const chunk of snapshot.chunks) {
        if (this.#retired) break
        await writer.add(chunk)
      }
      if (!this.#retired) {
        await writer.finish()
        await this.#log.flushed()
        whole = !this.#retired
      }
    } finally {
      await writer.close()
      if (!whole) await disk.removeFile(building(path)).catch(() => {})
    }
    if (!whole) return false
    await disk.rename(building(path), path)
    await disk.syncFolder(folder)
    if (snapshot.zxid > this.snapshotZxid) this.#snapshots.push(snapshot.zxid)
    if (snapshot.zxid > this.#commit) this.#commit = snapshot.zxid
    log.info('snapshot written', { zxid: formatZxid(snapshot.zxid) })
    return true
  }

  /** What could not be removed only takes room: it is said, and the next purge tries again. */
  async #purge(): Promise<void> {
    const { disk, folder, log } = this.#options
    try {
      for (const zxid of this.#surplus().snapshots) {
        await removeIfThere(disk, this.#pathOf(zxid))
        this.#snapshots.splice(this.#snapshots.indexOf(zxid), 1)
      }
      // Asked again: somebody may have begun to read the log meanwhile.
      await this.#log.dropOldest(this.#surplus().segments)
    } catch (cause) {
      const { message } = ioFailed(`removing what a newer snapshot has made needless in ${folder}`, cause)
      log.error(message)
    }
  }

  #surplus(): ReturnType<typeof purgeable> {
    return purgeable({
      snapshots: this.#snapshots,
      segments: this.#log.segments,
      snapshotsKept: this.#options.snapshotsKept,
      snapshotsRead: new Set(this.#snapshotReaders.keys()),
      logReadAfter: this.#log.readAfter,
    })
  }

  async #loadSnapshot(zxid: Zxid, target: RecoveryTarget): Promise<void> {
    const reader = await this.#openSnapshot(zxid, { lends: true })
    try {
      await target.load(zxid, this.#readable(zxid, bodyOf(reader)))
    } finally {
      await reader.close().catch(() => {
        // It was only read from.
      })
    }
  }

  #openSnapshot(zxid: Zxid, options = { lends: false }): Promise<SnapshotReader> {
    return SnapshotReader.open(this.#options.disk, this.#pathOf(zxid), options).catch((cause: unknown) => {
      throw ioFailed(`reading ${this.#pathOf(zxid)}`, cause)
    })
  }

  /** The same, with what the disk refuses as a StorageError. What the taker of the pieces throws is its own. */
  async *#readable(zxid: Zxid, pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    try {
      yield* pieces
    } catch (cause) {
      throw ioFailed(`reading ${this.#pathOf(zxid)}`, cause)
    }
  }

  #pathOf(zxid: Zxid): string {
    return `${this.#options.folder}/${snapshotName(zxid)}`
  }
}

async function* bodyOf(reader: SnapshotReader): AsyncGenerator<Buffer> {
  await reader.header()
  yield* reader.chunks()
}
