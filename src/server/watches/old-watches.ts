import type { Tree } from '../../tree/tree.ts'
import type { Zxid } from '../../tree/zxid.ts'
import { EventType } from '../../wire/event-types.ts'
import type { WatchManager } from './watch-manager.ts'
import type { Watcher } from './watcher.ts'

/** What setWatches and setWatches2 bring: the paths that a client watched on its connection before. */
export interface OldWatches {
  /** The last transaction that the client knew of. */
  readonly relativeZxid: Zxid
  readonly data: readonly string[]
  readonly exist: readonly string[]
  readonly child: readonly string[]
  readonly persistent: readonly string[]
  readonly recursive: readonly string[]
}

/**
 * Leaves the watches again. What has changed since the client's last transaction is told instead, for watches that are good
 * for one event. Persistent ones are only left: as in ZooKeeper, what they missed they have missed, and clients read again.
 * False: there was no room, and the watcher was given up.
 */
export function restore<W extends Watcher>(
  watches: WatchManager<W>,
  watcher: W,
  old: OldWatches,
  tree: Tree,
  tell: (type: number, path: string) => void,
): boolean {
  for (const path of old.data) {
    const node = tree.find(path)
    if (node === undefined) tell(EventType.nodeDeleted, path)
    else if (tree.mzxid(node) > old.relativeZxid) tell(EventType.nodeDataChanged, path)
    else if (!watches.watchData(path, watcher)) return false
  }
  for (const path of old.exist) {
    if (tree.find(path) !== undefined) tell(EventType.nodeCreated, path)
    else if (!watches.watchData(path, watcher)) return false
  }
  for (const path of old.child) {
    const node = tree.find(path)
    if (node === undefined) tell(EventType.nodeDeleted, path)
    else if (tree.pzxid(node) > old.relativeZxid) tell(EventType.nodeChildrenChanged, path)
    else if (!watches.watchChildren(path, watcher)) return false
  }
  for (const path of old.persistent) if (!watches.watchPersistently(path, watcher)) return false
  for (const path of old.recursive) if (!watches.watchRecursively(path, watcher)) return false
  return true
}
