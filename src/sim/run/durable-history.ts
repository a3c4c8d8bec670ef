import { historyNumber, segmentFirst, snapshotZxid, stateFileName } from '../../storage/file-names.ts'
import { recordBytes, recordIsSound, recordZxid } from '../../storage/record.ts'
import { segmentHeaderBytes } from '../../storage/segment-format.ts'
import { decodeStateFile, type StateFile } from '../../storage/state-file.ts'
import { StorageError } from '../../storage/storage-error.ts'
import type { Zxid } from '../../tree/zxid.ts'
import type { DiskImage } from '../disk-image.ts'
import type { DiskNode, FileNode, FolderNode } from '../disk-node.ts'

/**
 * Which transactions the platter of a server's disk holds, as a start after a power failure would find them. It reads the bytes
 * itself: what the server believes to be durable does not matter. Kept up to date by reading only what was written; bits that
 * turned over are not looked at again, for a server that runs on with such a disk goes on to acknowledge, and rightly so.
 */
export class DurableHistory {
  readonly #disk: DiskImage
  readonly #folder: string
  #stateFile: FileNode | null = null
  #name: string | null = null
  #snapshot: Zxid = 0
  #segments = new Map<FileNode, SegmentRecords>()

  /** @param folder the server's own */
  constructor(disk: DiskImage, folder: string) {
    this.#disk = disk
    this.#folder = folder
  }

  /** In the log, or in the state of a snapshot. As of the last `refresh`. */
  holds(zxid: Zxid): boolean {
    if (zxid <= this.#snapshot) return true
    for (const segment of this.#segments.values()) if (segment.holds(zxid)) return true
    return false
  }

  get last(): Zxid {
    let last = this.#snapshot
    for (const segment of this.#segments.values()) last = Math.max(last, segment.last)
    return last
  }

  /** The epoch that the server would know to have promised if the power failed now; 0 without a sound state file. */
  get promisedEpoch(): number {
    const own = this.#disk.onPlatter(this.#folder)
    const stateFile = own?.kind === 'folder' ? own.durable.get(stateFileName) : undefined
    return stateFile?.kind === 'file' ? (stateIn(stateFile)?.promisedEpoch ?? 0) : 0
  }

  refresh(): void {
    const folder = this.#historyFolder()
    this.#snapshot = 0
    const before = this.#segments
    let after = before
    if (folder === null || !sameFiles(before, folder)) after = new Map()
    for (const [name, node] of folder?.durable ?? []) {
      this.#snapshot = Math.max(this.#snapshot, snapshotZxid(name) ?? 0)
      if (node.kind !== 'file' || segmentFirst(name) === null) continue
      const segment = before.get(node) ?? new SegmentRecords(node)
      if (after !== before) after.set(node, segment)
      segment.refresh()
    }
    this.#segments = after
  }

  /** The folder that the state file names; null when there is none, or no sound state file. */
  #historyFolder(): FolderNode | null {
    const own = this.#disk.onPlatter(this.#folder)
    if (own?.kind !== 'folder') return null
    const stateFile = own.durable.get(stateFileName)
    if (stateFile?.kind !== 'file') return null
    if (stateFile !== this.#stateFile || stateFile.durable.writtenFrom !== Number.POSITIVE_INFINITY) {
      stateFile.durable.writtenFrom = Number.POSITIVE_INFINITY
      this.#stateFile = stateFile
      this.#name = namedHistory(stateFile)
    }
    const history: DiskNode | undefined = this.#name === null ? undefined : own.durable.get(this.#name)
    return history?.kind === 'folder' ? history : null
  }
}

/** The sound records from the beginning of one log segment. */
class SegmentRecords {
  readonly #file: FileNode
  /** Ascending, with where each ends. */
  readonly #zxids: Zxid[] = []
  readonly #ends: number[] = []
  /** Up to here it has been read; marks may stand behind the last record. */
  #readTo = segmentHeaderBytes
  #fresh = true

  constructor(file: FileNode) {
    this.#file = file
  }

  get last(): Zxid {
    return this.#zxids.at(-1) ?? 0
  }

  holds(zxid: Zxid): boolean {
    let low = 0
    let high = this.#zxids.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#zxids[middle] ?? 0) < zxid) low = middle + 1
      else high = middle
    }
    return this.#zxids[low] === zxid
  }

  refresh(): void {
    const { durable } = this.#file
    const { writtenFrom } = durable
    if (writtenFrom === Number.POSITIVE_INFINITY && !this.#fresh) return
    this.#fresh = false
    durable.writtenFrom = Number.POSITIVE_INFINITY
    if (writtenFrom < this.#readTo) {
      while ((this.#ends.at(-1) ?? 0) > writtenFrom) {
        this.#ends.pop()
        this.#zxids.pop()
      }
      this.#readTo = this.#ends.at(-1) ?? segmentHeaderBytes
    }
    const bytes = durable.view()
    let at = this.#readTo
    while (recordIsSound(bytes, at)) {
      const zxid = recordZxid(bytes, at)
      at += recordBytes(bytes, at)
      // A mark between two groups.
      if (zxid === 0) continue
      this.#zxids.push(zxid)
      this.#ends.push(at)
    }
    this.#readTo = at
  }
}

function sameFiles(known: ReadonlyMap<FileNode, unknown>, folder: FolderNode): boolean {
  let count = 0
  for (const [name, node] of folder.durable) {
    if (node.kind !== 'file' || segmentFirst(name) === null) continue
    if (!known.has(node)) return false
    count++
  }
  return count === known.size
}

function namedHistory(stateFile: FileNode): string | null {
  const history = stateIn(stateFile)?.history ?? null
  return history === null || historyNumber(history) === null ? null : history
}

function stateIn(stateFile: FileNode): StateFile | null {
  try {
    return decodeStateFile(stateFile.durable.view(), stateFileName)
  } catch (error) {
    if (error instanceof StorageError || error instanceof SyntaxError) return null
    throw error
  }
}
