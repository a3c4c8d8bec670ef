import { assert } from '../runtime/assert.ts'
import type { Zxid } from '../tree/zxid.ts'

export interface PurgeView {
  /** Ascending. */
  snapshots: readonly Zxid[]
  /** Oldest first; the last one is being written. */
  segments: readonly { last: Zxid }[]
  snapshotsKept: number
  /** Snapshots that a follower is being sent. */
  snapshotsRead: ReadonlySet<Zxid>
  /** The lowest zxid behind which somebody is reading the log; Infinity when nobody is. */
  logReadAfter: number
}

/**
 * What may go: all but the newest snapshots, and the segments that the oldest kept snapshot covers.
 *
 * As long as there are fewer snapshots than are to be kept, the beginning of the history counts as the oldest of them,
 * so should every snapshot turn out damaged, there is still something to recover from; and a follower that lags a few
 * snapshots behind can still be given just what it lacks.
 */
export function purgeable(view: PurgeView): { snapshots: Zxid[]; segments: number } {
  assert(view.snapshotsKept >= 1, 'at least one snapshot is kept')
  const surplus = view.snapshots.length - view.snapshotsKept
  if (surplus < 0) return { snapshots: [], segments: 0 }
  const snapshots = view.snapshots.slice(0, surplus).filter((zxid) => !view.snapshotsRead.has(zxid))
  const covered = Math.min(view.snapshots[surplus] ?? 0, view.logReadAfter)
  let segments = 0
  while (
    segments < view.segments.length - 1 &&
    (view.segments[segments]?.last ?? Number.POSITIVE_INFINITY) <= covered
  )
    segments += 1
  return { snapshots, segments }
}
