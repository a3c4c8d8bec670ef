import type { Disk } from '../runtime/disk.ts'
import type { Log } from '../runtime/log.ts'
import type { Timers } from '../runtime/timers.ts'
import type { Zxid } from '../tree/zxid.ts'

export interface DurableState {
  ensembleId: string | null
  /** The founding of that ensemble is known to have been completed by a quorum. */
  founded: boolean
  promisedEpoch: number
  /** Server id that `promisedEpoch` was promised to; null when nobody. */
  promisedTo: number | null
  currentEpoch: number
}

export interface StorageOptions {
  disk: Disk
  /** This server's own folder; made when missing. */
  folder: string
  serverId: number
  log: Log
  timers: Timers
  /** What `recover` will be called with, right behind `open`: it is filled as the history is checked. */
  target?: RecoveryTarget
  /** A log segment is closed once it is this large. Default 64 MB. */
  segmentBytesMax?: number
  /** How far the log is written ahead with zeros, which makes syncs cheaper. 0 for not at all; default 256 kB. */
  preallocateBytes?: number
  /** 1 or more, default 3. The log keeps everything behind the oldest kept snapshot. */
  snapshotsKept?: number
}

/** What recovery fills: the replicated state. */
export interface RecoveryTarget {
  reset(): void
  /** Each chunk is lent until the next one is asked for. */
  load(zxid: Zxid, chunks: AsyncIterable<Buffer>): Promise<void>
  /** The transaction stands in `records` from `start` to `end`, during the call only. */
  apply(zxid: Zxid, records: Buffer, start: number, end: number): void
}

export interface SnapshotForFollower {
  zxid: Zxid
  bytes: number
  /**
   * Raw file bytes, header included, for `HistoryReplacement.addSnapshotBytes`; each checked before it is given out.
   * Rejects with DAMAGED.
   */
  chunks: AsyncGenerator<Buffer>
  /** Must be called: until then the snapshot, and what the log holds behind it, are not purged. */
  release(): Promise<void>
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
