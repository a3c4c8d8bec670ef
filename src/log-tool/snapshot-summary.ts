import type { Disk } from '../runtime/disk.ts'
import type { SnapshotHeader } from '../storage/snapshot-file.ts'
import { SnapshotReader } from '../storage/snapshot-file.ts'
import { damaged, StorageError } from '../storage/storage-error.ts'
import { ReplicatedState } from '../tree/replicated-state.ts'
import { SnapshotError } from '../tree/snapshot-load.ts'

export interface ReadSnapshot {
  readonly header: SnapshotHeader
  readonly bytes: number
  readonly state: ReplicatedState
}

/**
 * Reads a snapshot as a start would: every checksum, the state into memory, and its digest. Rejects with a StorageError that
 * names file and offset.
 */
export async function readSnapshot(disk: Disk, path: string): Promise<ReadSnapshot> {
  const reader = await SnapshotReader.open(disk, path)
  try {
    const header = await reader.header()
    const state = new ReplicatedState()
    await state.load(reader.chunks())
    if (state.lastApplied === header.zxid && state.digest() === header.digest) {
      return { header, bytes: reader.bytes, state }
    }
    throw damaged({
      path,
      offset: 16,
      found: `the state of zxid ${state.lastApplied.toString(16)}, digest ${state.digest()}`,
      expected: `that of zxid ${header.zxid.toString(16)}, digest ${header.digest}`,
    })
  } catch (error) {
    if (!(error instanceof SnapshotError)) throw error
    throw damaged({ path, offset: 0, found: error.message, expected: 'a whole state' })
  } finally {
    await reader.close()
  }
}

/** What is wrong with a file; throws on what is no fault of the file. */
export function problemOf(error: unknown): string {
  if (error instanceof StorageError) return error.message
  throw error
}
