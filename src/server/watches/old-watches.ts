import type { Tree } from '../../tree/tree.ts'
import type { Zxid } from '../../tree/zxid.ts'
import { DecodeError } from '../../wire/decode-error.ts'
import { EventType } from '../../wire/event-types.ts'
import type { WatchManager } from './watch-manager.ts'
import type { Watcher } from './watcher.ts'

/** What setWatches and setWatches2 bring: the paths that a client watched on its connection before. */
export interface OldWatches {
  /** The last transaction that the client knew of. */
  readonly relativeZxid: Zxid
  readonly data: PathList
  readonly exist: PathList
  readonly child: PathList
  readonly persistent: PathList
  readonly recursive: PathList
}

/** As it came: a null is an error only once its turn comes. */
export type PathList = readonly (string | null)[] | null

/**
 * Leaves the watches again. What has changed since the client's last transaction is told instead, for watches that are good
 * for one event. Persistent ones are only left: as in ZooKeeper, what they missed they have missed, and clients read again.
 * False: there was no room, and the watcher was given up. Throws DecodeError at the first null, as ZooKeeper does: what came
 * before it is done.
 */
export function restore<W extends Watcher>(
  watches: WatchManager<W>,
  watcher: W,
  old: OldWatches,
  tree: Tree,
  tell: (type: number, path: string) => void,
): boolean {
  for (const path of present(old.data)) {
    const node = tree.find(path)
    if (node === undefined) tell(EventType.nodeDeleted, path)
    else if (tree.mzxid(node) > old.relativeZxid) tell(EventType.nodeDataChanged, path)
    else if (!watches.watchData(path, watcher)) return false
  }
  for (const path of present(old.exist)) {
    if (tree.find(path) !== undefined) tell(EventType.nodeCreated, path)
    else if (!watches.watchData(path, watcher)) return false
  }
  for (const path of present(old.child)) {
    const node = tree.find(path)
    if (node === undefined) tell(EventType.nodeDeleted, path)
    else if (tree.pzxid(node) > old.relativeZxid) tell(EventType.nodeChildrenChanged, path)
    else if (!watches.watchChildren(path, watcher)) return false
  }
  for (const path of present(old.persistent)) if (!watches.watchPersistently(path, watcher)) return false
  for (const path of present(old.recursive)) if (!watches.watchRecursively(path, watcher)) return false
  return true
}

function* present(paths: PathList): Generator<string> {
  if (paths === null) throw new DecodeError('found no list of paths')
  for (const path of paths) {
    if (path === null) throw new DecodeError('found a null path')
    yield path
  }
}
