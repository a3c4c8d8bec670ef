import type { Stat } from './types.ts'
import type { WatchEvent } from './watch-registry.ts'

/** A change of a znode, as a Watcher tells it. */
export interface NodeChange extends WatchEvent {
  /** As it was found after the change, perhaps with later changes in it; null when the node is not there. */
  readonly stat: Stat | null
}

/**
 * What a watcher believes to be true: the last stat that it saw, and what the one event since then has told.
 */
export interface Known {
  readonly stat: Stat | null
  readonly event: WatchEvent | null
}

/**
 * The changes that lead from what was known to what is there now. One-shot watches report one change and then nothing
 * until they are left again, so whatever else happened in between has to be found by comparing; several changes of the
 * same kind come out as one.
 *
 * @param children whether changes of children count
 */
export function changesSince(known: Known, now: Stat | null, path: string, children: boolean): NodeChange[] {
  const changes: NodeChange[] = []
  const tell = (type: WatchEvent['type'], zxid: number): void => {
    changes.push({ type, path, zxid, stat: now })
  }
  const { stat: before, event } = known
  const eventZxid = event?.zxid ?? -1

  const wasThere = before !== null
  const same = before !== null && now !== null && before.czxid === now.czxid
  if (same) {
    if (before.mzxid !== now.mzxid) tell('dataChanged', now.mzxid)
    if (children && before.cversion !== now.cversion) tell('childrenChanged', now.pzxid)
    return changes
  }
  if (wasThere) {
    // What was the last thing that the old node told, before it went?
    if (event?.type === 'dataChanged') tell('dataChanged', eventZxid)
    if (children && event?.type === 'childrenChanged') tell('childrenChanged', eventZxid)
    tell('deleted', event?.type === 'deleted' ? eventZxid : -1)
  }
  if (now !== null) {
    tell('created', now.czxid)
    if (now.mzxid !== now.czxid) tell('dataChanged', now.mzxid)
    if (children && now.cversion !== 0) tell('childrenChanged', now.pzxid)
  } else if (!wasThere && event?.type === 'created') {
    // It came and went while nobody looked.
    tell('created', eventZxid)
    tell('deleted', -1)
  }
  return changes
}
