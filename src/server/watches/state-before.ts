import type { AclList } from '../../tree/acl-table.ts'
import { parentOf, rootPath } from '../../tree/paths.ts'
import type { ReplicatedState } from '../../tree/replicated-state.ts'
import type { Tree } from '../../tree/tree.ts'
import type { Znode } from '../../tree/znode.ts'
import type { Zxid } from '../../tree/zxid.ts'
import { limits } from '../limits.ts'
import type { WatchManager } from './watch-manager.ts'
import type { Watcher } from './watcher.ts'

/**
 * What is remembered of a state that a snapshot replaces, so that watchers can be told what came of it: which of the watched
 * nodes were there. What happened to a node in between is known by its outcome only: one that was deleted and created again
 * shows as changed, as it does in setWatches.
 *
 * Below recursive watches there may be the whole tree. Above a bound nothing is remembered of it, and whoever watches
 * recursively loses its connection: clients read everything again then.
 */
export class StateBefore {
  readonly zxid: Zxid
  /** The watched nodes that were there, parents first, with their lists: a deletion is told by the list as it was. */
  readonly #lists = new Map<string, AclList>()
  /** Whether what is below recursive watches is among them. */
  #knowsBelow = true

  private constructor(zxid: Zxid) {
    this.zxid = zxid
  }

  static of<W extends Watcher>(
    { tree, lastApplied }: ReplicatedState,
    watches: WatchManager<W>,
  ): StateBefore {
    const before = new StateBefore(lastApplied)
    const note = (path: string, node: Znode): void => void before.#lists.set(path, tree.acl(node))
    before.#knowsBelow = eachBelow(tree, recursiveRoots(watches), note)
    eachWatched(tree, watches, note)
    return before
  }

  /** To be called once the state is that of a later time. */
  tellDifferences<W extends Watcher>({ tree, lastApplied }: ReplicatedState, watches: WatchManager<W>): void {
    if (lastApplied === this.zxid) return
    const now = new Map<string, Znode>()
    const note = (path: string, node: Znode): void => void now.set(path, node)
    if (!this.#knowsBelow || !eachBelow(tree, recursiveRoots(watches), note)) giveUpRecursive(watches)
    eachWatched(tree, watches, note)
    // Children before their parents, and parents before their children, as it must have happened.
    for (const [path, acl] of [...this.#lists].reverse()) {
      if (!now.has(path) && tree.find(path) === undefined) watches.nodeDeleted(path, acl, lastApplied)
    }
    for (const [path, node] of now) this.#tellNode(path, node, tree, watches, lastApplied)
  }

  #tellNode<W extends Watcher>(
    path: string,
    node: Znode,
    tree: Tree,
    watches: WatchManager<W>,
    zxid: Zxid,
  ): void {
    const acl = tree.acl(node)
    const existed = this.#lists.has(path)
    if (!existed) watches.nodeCreated(path, acl, zxid)
    else if (tree.mzxid(node) > this.zxid) watches.nodeDataChanged(path, acl, zxid)
    // Whoever watched a node that was not there has not yet heard of its children.
    const childrenKnownSince = existed ? this.zxid : tree.czxid(node)
    if (tree.pzxid(node) > childrenKnownSince) watches.nodeChildrenChanged(path, acl, zxid)
  }
}

function eachWatched<W extends Watcher>(
  tree: Tree,
  { data, child }: WatchManager<W>,
  note: (path: string, node: Znode) => void,
): void {
  for (const table of [data, child]) {
    for (const path of table.paths()) {
      // The empty path finds the root, but nothing ever happens at it.
      const node = path === '' ? undefined : tree.find(path)
      if (node !== undefined) note(path, node)
    }
  }
}

/** The outermost paths that are watched recursively. */
function recursiveRoots<W extends Watcher>({ data }: WatchManager<W>): readonly string[] {
  const paths = new Set<string>()
  for (const [, path] of data.recursive()) if (path.startsWith('/')) paths.add(path)
  return [...paths].filter((path) => !isBelowAny(path, paths))
}

function isBelowAny(path: string, others: ReadonlySet<string>): boolean {
  for (let at = path; at !== rootPath; ) {
    at = parentOf(at)
    if (others.has(at)) return true
  }
  return false
}

/** Everything below the roots, parents first. False, and nothing, when that is too much. */
function eachBelow(tree: Tree, roots: readonly string[], note: (path: string, node: Znode) => void): boolean {
  let count = 0
  for (const root of roots) {
    const node = tree.find(root)
    if (node !== undefined) count += tree.descendantCount(node)
  }
  if (count > limits.comparedNodesMax) return false
  for (const root of roots) {
    const waiting = [root]
    for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
      const node = tree.find(path)
      if (node === undefined) continue
      note(path, node)
      const prefix = path === '/' ? path : `${path}/`
      for (const name of tree.childNames(node)) waiting.push(prefix + name)
    }
  }
  return true
}

function giveUpRecursive<W extends Watcher>({ data }: WatchManager<W>): void {
  const watchers = new Set<W>()
  for (const [watcher] of data.recursive()) watchers.add(watcher)
  for (const watcher of watchers) {
    watcher.giveUpWatches(
      `this server was brought up to date by a snapshot, and recursive watches cover more than ${limits.comparedNodesMax} nodes: what has changed among them is not known. The client reads them again when it comes back.`,
    )
  }
}
