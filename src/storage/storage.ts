import type { Disk } from '../runtime/disk.ts'
import type { Log } from '../runtime/log.ts'
import type { Timers } from '../runtime/timers.ts'
import type { Zxid } from '../tree/zxid.ts'
import type { HistorySummary } from './history-summary.ts'

export type { EpochEnd, HistorySummary } from './history-summary.ts'
export { commonPoint } from './history-summary.ts'
export { StorageError } from './storage-error.ts'

export interface DurableState {
  ensembleId: string | null
  promisedEpoch: number
  /** Server id that `promisedEpoch` was promised to; 0 when nobody. */
  promisedTo: number
  currentEpoch: number
}

export interface StorageOptions {
  disk: Disk
  /** This server's own folder; made when missing. */
  folder: string
  serverId: number
  log: Log
  timers: Timers
  /** A log segment is closed once it is this large. Default 64 MB. */
  segmentBytesMax?: number
  /** 1 or more, default 3. The log keeps everything behind the oldest kept snapshot. */
  snapshotsKept?: number
}

/** What recovery fills: the replicated state. */
export interface RecoveryTarget {
  reset(): void
  load(zxid: Zxid, chunks: AsyncIterable<Buffer>): Promise<void>
  /** `payload` is a view that is valid during the call only. */
  apply(zxid: Zxid, payload: Buffer): void
}

export interface SnapshotForFollower {
  zxid: Zxid
  bytes: number
  /** Raw file bytes, header included, for `HistoryReplacement.addSnapshotBytes`. */
  chunks: AsyncGenerator<Buffer>
}

export interface HistoryReplacement {
  /** Raw bytes of a snapshot file, in order; all of them before the first records. */
  addSnapshotBytes(chunk: Buffer): Promise<void>
  /** Whole records that follow the snapshot (or the beginning) without gap. */
  appendRecords(records: Buffer): Promise<void>
  /** Everything is made durable and checked, then this history and these values become the server's own, at once. */
  commit(changes: Partial<DurableState>): Promise<void>
  /** Forgets what was built. Harmless after `commit` or a failure. */
  abandon(): Promise<void>
}

const unwritten = (): never => {
  throw new Error('being written')
}

/** The history of one server on its disk: durable state, log and snapshots. */
export class Storage {
  static open(_options: StorageOptions): Promise<Storage> {
    return unwritten()
  }
  get state(): DurableState {
    return unwritten()
  }
  /** Durable when resolved; calls are serialised. */
  saveState(_changes: Partial<DurableState>): Promise<void> {
    return unwritten()
  }
  /** The last appended transaction. */
  get lastZxid(): Zxid {
    return unwritten()
  }
  /** The last one that a sync has covered. */
  get durableZxid(): Zxid {
    return unwritten()
  }
  /** The highest commit point seen in records, snapshots or `noteCommit`. */
  get commitZxid(): Zxid {
    return unwritten()
  }
  /** The log holds every transaction after this one; 0: from the beginning. */
  get logStartZxid(): Zxid {
    return unwritten()
  }
  /** The newest good snapshot; 0 when there is none. */
  get snapshotZxid(): Zxid {
    return unwritten()
  }
  /** Bytes that were handed to `append` and are not durable yet: what a caller bounds by ceasing to read its link. */
  get unsyncedBytes(): number {
    return unwritten()
  }
  /** Everything up to `zxid` is committed. Cheap; written down with the next group of records. */
  noteCommit(_zxid: Zxid): void {
    unwritten()
  }
  summary(): HistorySummary {
    return unwritten()
  }
  /** `pending`: one whole record (header included) per buffer, those behind `commitZxid`, in order. */
  recover(_target: RecoveryTarget): Promise<{ pending: Buffer[] }> {
    return unwritten()
  }
  /**
   * Appends whole records that follow `this.lastZxid` without gap. `lastZxid` is the zxid of the last of them. The
   * buffer is lent until the promise settles. Resolves, in order, when they are durable; rejects with a StorageError IO.
   */
  append(_records: Buffer, _lastZxid: Zxid): Promise<void> {
    return unwritten()
  }
  /** Wipes everything behind `zxid`, which is in the history and not below `commitZxid`. Durable when resolved. */
  truncate(_zxid: Zxid): Promise<void> {
    return unwritten()
  }
  /** Whole records after `after` up to `upTo` (at most `durableZxid`), in batches of about 1 MB. */
  readRecords(_after: Zxid, _upTo: Zxid): AsyncGenerator<Buffer> {
    return unwritten()
  }
  readSnapshot(): Promise<SnapshotForFollower | null> {
    return unwritten()
  }
  /** Stores the state as of `zxid`, then purges. One at a time. */
  writeSnapshot(_options: { zxid: Zxid; digest: string; chunks: AsyncIterable<Buffer> }): Promise<void> {
    return unwritten()
  }
  beginReplacement(): Promise<HistoryReplacement> {
    return unwritten()
  }
  close(): Promise<void> {
    return unwritten()
  }
}
