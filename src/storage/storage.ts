import { assert } from '../runtime/assert.ts'
import { epochMax, type Zxid } from '../tree/zxid.ts'
import { historyName, historyNumber, stateFileName } from './file-names.ts'
import type { Settled } from './group-commit.ts'
import type { HistoryFolder, HistoryOptions } from './history-folder.ts'
import { HistoryLoading } from './history-loading.ts'
import type { HistorySummary } from './history-summary.ts'
import { BuiltHistory } from './replacement.ts'
import { lockServerFolder, openServerFolder } from './server-folder.ts'
import { type StateFile, writeStateFile } from './state-file.ts'
import type {
  DurableState,
  HistoryReplacement,
  RecoveryTarget,
  SnapshotForFollower,
  StorageOptions,
} from './storage-api.ts'
import { ioFailed, StorageError } from './storage-error.ts'

export type { Settled } from './group-commit.ts'
export type { EpochEnd, HistorySummary } from './history-summary.ts'
export { commonPoint } from './history-summary.ts'
export { probeDisk } from './probe-disk.ts'
export type {
  DurableState,
  HistoryReplacement,
  RecoveryTarget,
  SnapshotForFollower,
  StorageOptions,
} from './storage-api.ts'
export { isFull, StorageError } from './storage-error.ts'

const segmentBytesMaxDefault = 64 * 1024 * 1024
const preallocateBytesDefault = 256 * 1024
const snapshotsKeptDefault = 3

/** The history of one server on its disk: durable state, log and snapshots. */
export class Storage {
  readonly #options: HistoryOptions
  readonly #unlock: () => Promise<void>
  #file: StateFile
  #state: DurableState
  #history: HistoryFolder
  #saving: Promise<void> = Promise.resolve()
  #failure: StorageError | null = null
  #lastHistory: number

  /**
   * Locks the folder, finds its history and makes all of it durable; an empty folder gets an empty history.
   * Rejects with a StorageError of any code but PURGED, and with what `target` throws.
   */
  static async open(options: StorageOptions): Promise<Storage> {
    const { disk, folder } = options
    try {
      await disk.makeFolder(folder)
    } catch (cause) {
      throw ioFailed(`making ${folder}`, cause)
    }
    const loading = options.target === undefined ? null : new HistoryLoading(options.target)
    const unlock = await lockServerFolder(disk, folder)
    try {
      const history = {
        disk,
        folder,
        log: options.log,
        timers: options.timers,
        segmentBytesMax: options.segmentBytesMax ?? segmentBytesMaxDefault,
        preallocateBytes: options.preallocateBytes ?? preallocateBytesDefault,
        snapshotsKept: options.snapshotsKept ?? snapshotsKeptDefault,
      }
      const { file, history: found } = await openServerFolder(history, options.serverId, loading)
      return new Storage(history, unlock, file, found)
    } catch (cause) {
      await unlock().catch(() => {
        // What kept it from being opened is what to tell.
      })
      if (loading?.isOwnFailure(cause)) throw cause
      throw ioFailed(`opening ${folder}`, cause)
    }
  }

  private constructor(
    options: HistoryOptions,
    unlock: () => Promise<void>,
    file: StateFile,
    history: HistoryFolder,
  ) {
    this.#options = options
    this.#unlock = unlock
    this.#file = file
    this.#state = stateOf(file)
    this.#history = history
    this.#lastHistory = historyNumber(file.history) ?? 0
  }

  /** What the disk holds: values whose saving is under way are not in it yet. */
  get state(): DurableState {
    return this.#state
  }

  /**
   * Durable when resolved; calls are serialised. Epochs never go down, and the id of a founded ensemble is never changed
   * for another: the latter is refused with WRONG_SERVER.
   */
  saveState(changes: Partial<DurableState>): Promise<void> {
    return this.#save(changes, null)
  }

  /** The last appended transaction. */
  get lastZxid(): Zxid {
    return this.#history.lastZxid
  }

  /** The last one that a sync has covered. */
  get durableZxid(): Zxid {
    return this.#history.durableZxid
  }

  /** The highest commit point seen in records, snapshots or `noteCommit`. */
  get commitZxid(): Zxid {
    return this.#history.commitZxid
  }

  /** The log holds every transaction after this one; 0: from the beginning. */
  get logStartZxid(): Zxid {
    return this.#history.logStartZxid
  }

  /** The newest good snapshot; 0 when there is none. */
  get snapshotZxid(): Zxid {
    return this.#history.snapshotZxid
  }

  /** Bytes that were handed to `append` and are not durable yet: a caller bounds them by ceasing to read its link. */
  get unsyncedBytes(): number {
    return this.#history.unsyncedBytes
  }

  /** Everything in this history up to `zxid` is committed. Cheap; written down with the next group of records. */
  noteCommit(zxid: Zxid): void {
    this.#history.noteCommit(zxid)
  }

  summary(): HistorySummary {
    return this.#history.summary()
  }

  /**
   * Newest snapshot, then every record up to `commitZxid`; done at the start and after a replacement. The first time, what
   * `open` has filled the target with already is not done again.
   * `pending`: those behind, one whole record (header included) per buffer, in order.
   */
  recover(target: RecoveryTarget): Promise<{ pending: Buffer[] }> {
    return this.#history.recover(target)
  }

  /**
   * Appends whole records that follow `this.lastZxid` without gap (asserted; `inspectRecords` is the gate for what came
   * over a network). `lastZxid` is the zxid of the last of them. The buffer is lent until `settled` is
   * called: in order, with null when they are durable, and otherwise with a StorageError IO, as for all later calls.
   */
  append(records: Buffer, lastZxid: Zxid, settled: Settled): void {
    this.#history.append(records, lastZxid, settled)
  }

  /**
   * Wipes everything behind `zxid`, which is in the history and not below `commitZxid` (asserted). Durable when resolved.
   * Not while records are being appended (asserted).
   */
  truncate(zxid: Zxid): Promise<void> {
    return this.#history.truncate(zxid)
  }

  /**
   * Whole records after `after` (in the history, asserted) up to `upTo` (at most `durableZxid`), in buffers of about 1 MB
   * that are the caller's. Safe while appending and purging, which spares what is being read; not across a truncate below
   * `upTo`. Rejects with PURGED when the log does not reach back, and with DAMAGED.
   */
  readRecords(after: Zxid, upTo: Zxid): AsyncGenerator<Buffer> {
    return this.#history.readRecords(after, upTo)
  }

  /** Until the returned call, what the log holds behind `after` is not purged. */
  keepLog(after: Zxid): () => void {
    return this.#history.keep(after)
  }

  /** The newest snapshot file for a follower; null when there is none (then the log reaches back to 0). */
  readSnapshot(): Promise<SnapshotForFollower | null> {
    return this.#history.readSnapshot()
  }

  /**
   * Stores the state as of `zxid`, which is applied, then purges. One at a time (asserted). Rejects with a StorageError
   * IO; the log goes on then, and the older snapshots are still there.
   */
  writeSnapshot(options: { zxid: Zxid; digest: string; chunks: AsyncIterable<Buffer> }): Promise<void> {
    return this.#history.writeSnapshot(options)
  }

  /** A whole history received from elsewhere, built beside the present one. */
  beginReplacement(): Promise<HistoryReplacement> {
    this.#lastHistory += 1
    const name = historyName(this.#lastHistory)
    const folder = `${this.#options.folder}/${name}`
    const install = async (history: HistoryFolder, changes: Partial<DurableState>): Promise<void> => {
      await this.#options.disk.syncFolder(this.#options.folder)
      await this.#save(changes, { history, name })
    }
    return Promise.resolve(new BuiltHistory({ ...this.#options, folder }, install))
  }

  /**
   * Lets what was appended become durable, and lets go of the folder. The state file then tells how far the history is
   * committed, so that a log that loses its end while the server is down does not pass for a shorter one.
   */
  async close(): Promise<void> {
    await this.#saving.catch(() => {})
    try {
      const whole = await this.#history.close()
      const committedZxid = Math.min(this.#history.commitZxid, this.#history.durableZxid)
      if (whole && this.#failure === null && committedZxid > this.#file.committedZxid)
        await this.#save({}, null)
    } catch (cause) {
      throw ioFailed(`closing ${this.#options.folder}`, cause)
    } finally {
      await this.#unlock()
    }
  }

  #save(changes: Partial<DurableState>, successor: Successor | null): Promise<void> {
    const saved = this.#saving.then(() => this.#saveNow(changes, successor))
    this.#saving = saved.catch(() => {})
    return saved
  }

  async #saveNow(changes: Partial<DurableState>, successor: Successor | null): Promise<void> {
    if (this.#failure !== null) throw this.#failure
    const old = this.#history
    const history = successor?.history ?? old
    // What this server knows to be committed it goes on to know: the other history's records may tell of less.
    if (history !== old) history.takeCommit(old.commitZxid)
    const file: StateFile = {
      ...this.#file,
      ...changes,
      committedZxid: Math.min(history.commitZxid, history.durableZxid),
      history: successor?.name ?? this.#file.history,
    }
    checkChange(this.#file, file, this.#options.folder)
    try {
      await writeStateFile(this.#options.disk, this.#options.folder, file)
    } catch (cause) {
      // Which of the two states the disk holds is unknown now: nothing may be promised or acknowledged any more.
      this.#failure = ioFailed(`writing ${this.#options.folder}/${stateFileName}`, cause)
      old.fail(this.#failure)
      throw this.#failure
    }
    this.#file = file
    this.#state = stateOf(file)
    this.#history = history
    if (history === old) return
    await old.retire().catch((cause: unknown) => {
      throw ioFailed(`leaving the history before ${file.history}`, cause)
    })
  }
}

interface Successor {
  history: HistoryFolder
  /** Of its folder. */
  name: string
}

const stateOf = ({ ensembleId, founded, promisedEpoch, promisedTo, currentEpoch }: StateFile): DurableState =>
  Object.freeze({ ensembleId, founded, promisedEpoch, promisedTo, currentEpoch })

function checkChange(before: StateFile, after: StateFile, folder: string): void {
  if (before.founded && after.ensembleId !== before.ensembleId)
    throw new StorageError(
      'WRONG_SERVER',
      `${folder} belongs to ensemble ${before.ensembleId}, found ensemble ${after.ensembleId}. ` +
        'Way out: check the addresses in the config; to move this server there, empty its data directory first.',
    )
  assert(after.founded || !before.founded, 'a founded ensemble stays so')
  assert(
    after.promisedEpoch >= before.promisedEpoch && after.promisedEpoch <= epochMax,
    () => `promised epoch ${before.promisedEpoch} to become ${after.promisedEpoch}`,
  )
  assert(
    after.currentEpoch >= before.currentEpoch && after.currentEpoch <= after.promisedEpoch,
    () =>
      `current epoch ${before.currentEpoch} to become ${after.currentEpoch}, promised ${after.promisedEpoch}`,
  )
}
