import { assert, BrokenInvariant } from '../runtime/assert.ts'
import type { Disk } from '../runtime/disk.ts'
import { snapshotName } from '../storage/file-names.ts'
import type { Mend } from '../storage/mending.ts'
import { type FoundHistory, findHistory } from '../storage/recovery.ts'
import { findServerFolder } from '../storage/server-folder.ts'
import { readStateFile, type StateFile } from '../storage/state-file.ts'
import { damaged, StorageError } from '../storage/storage-error.ts'
import { noListener } from '../tree/apply-listener.ts'
import { ReplicatedState } from '../tree/replicated-state.ts'
import type { Zxid } from '../tree/zxid.ts'
import type { Place } from './places.ts'
import { segmentEntries } from './segment-entries.ts'
import { readSnapshot } from './snapshot-summary.ts'

/** What a start of the server would come to. */
export type StartOutcome =
  | { readonly kind: 'refuses'; readonly problem: string }
  /** There is nothing yet. */
  | { readonly kind: 'begins' }
  | {
      readonly kind: 'goes on'
      readonly state: StateFile | null
      /** The newest good snapshot; 0 for none. */
      readonly snapshot: Zxid
      readonly committed: Zxid
      readonly last: Zxid
      /** Of the state at `committed`: comparable between servers. */
      readonly digest: string
      readonly nodes: number
      readonly sessions: number
      /** What it would do to the files first. */
      readonly mends: readonly Mend[]
      readonly leftovers: readonly string[]
    }

/** Does what a start does, in memory: finds the history, and replays it as far as it is committed. Changes no file. */
export async function startOutcome(
  disk: Disk,
  place: Place & { kind: 'server' | 'history' },
): Promise<StartOutcome> {
  try {
    return await findOutcome(disk, place)
  } catch (error) {
    if (error instanceof StorageError) return { kind: 'refuses', problem: error.message }
    throw error
  }
}

async function findOutcome(disk: Disk, { kind, path }: Place): Promise<StartOutcome> {
  if (kind === 'history') {
    const found = await findHistory({ disk, folder: path }, null)
    return { ...(await replayed(disk, path, found)), state: null, leftovers: [] }
  }
  const file = await readStateFile(disk, path)
  if (file === null) {
    for (const name of await disk.list(path))
      if (/^h-\d+$/.test(name) && (await disk.list(`${path}/${name}`)).length > 0)
        throw damaged({
          path: `${path}/state`,
          found: `no such file beside ${name}`,
          expected: 'it to be there',
        })
    return { kind: 'begins' }
  }
  const found = await findServerFolder({ disk, folder: path }, null, file, null)
  const outcome = await replayed(disk, `${path}/${file.history}`, found.history)
  return { ...outcome, state: file, leftovers: found.leftovers.map((name) => `${path}/${name}`) }
}

async function replayed(
  disk: Disk,
  folder: string,
  found: FoundHistory,
): Promise<Omit<Extract<StartOutcome, { kind: 'goes on' }>, 'state' | 'leftovers'>> {
  const snapshot = found.snapshots.at(-1) ?? 0
  const state =
    snapshot === 0
      ? new ReplicatedState()
      : (await readSnapshot(disk, `${folder}/${snapshotName(snapshot)}`)).state
  const last = found.segments.at(-1)?.last ?? snapshot
  const committed = Math.min(found.commit, last)
  for (const segment of found.segments) {
    if (segment.last <= snapshot) continue
    for await (const entry of segmentEntries(disk, segment.path, segment !== found.segments.at(-1))) {
      if (entry.kind !== 'record' || entry.zxid <= snapshot || entry.zxid > committed) continue
      try {
        state.apply(entry.zxid, entry.payload, noListener)
      } catch (error) {
        if (!(error instanceof BrokenInvariant)) throw error
        throw damaged({
          path: segment.path,
          offset: entry.offset,
          found: error.message,
          expected: 'a transaction that fits the state before it',
        })
      }
    }
  }
  assert(
    state.lastApplied === committed,
    () => `replayed up to ${state.lastApplied}, committed is ${committed}`,
  )
  return {
    kind: 'goes on',
    snapshot,
    committed,
    last,
    digest: state.digest(),
    nodes: state.tree.nodeCount,
    sessions: state.sessions.size,
    mends: found.mends.filter((mend) => mend.kind !== 'sync'),
  }
}
