import { mayRead } from '../../tree/acl.ts'
import type { AclList } from '../../tree/acl-table.ts'
import type { ReplicatedState } from '../../tree/replicated-state.ts'
import type { Tree } from '../../tree/tree.ts'
import type { Zxid } from '../../tree/zxid.ts'
import { EventType, KeeperState } from '../../wire/event-types.ts'
import { JuteWriter } from '../../wire/jute-writer.ts'
import { SpecialXid } from '../../wire/opcodes.ts'
import { limits } from '../limits.ts'
import { type OldWatches, restore } from './old-watches.ts'
import { StateBefore } from './state-before.ts'
import { anyMode, WatchMode, WatchTable } from './watch-table.ts'
import type { Watcher } from './watcher.ts'

/** What addWatch asks for. */
export const AddWatchMode = { persistent: 0, persistentRecursive: 1 } as const

/** What checkWatches and removeWatches ask about. */
const WatcherType = { children: 1, data: 2, any: 3, persistent: 4, persistentRecursive: 5 } as const

const modesOfType = new Map<number, { data: number; child: number }>([
  [WatcherType.children, { data: 0, child: WatchMode.standard }],
  [WatcherType.data, { data: WatchMode.standard, child: 0 }],
  [WatcherType.any, { data: anyMode, child: anyMode }],
  [WatcherType.persistent, { data: WatchMode.persistent, child: WatchMode.persistent }],
  [WatcherType.persistentRecursive, { data: WatchMode.recursive, child: 0 }],
])

/**
 * The watches of one server: left by requests, gone with their connection. An event is put into its connection's output
 * while the transaction is applied, so it leaves before any reply that shows the change.
 */
export class WatchManager<W extends Watcher> {
  /** Left by getData, exists and addWatch. */
  readonly data = new WatchTable<W>()
  /** Left by getChildren and by addWatch, unless recursive. */
  readonly child = new WatchTable<W>()
  readonly #frame = new JuteWriter(256)
  #before: StateBefore | null = null
  readonly #nextTurn: (call: () => void) => void
  #sweeping = false

  constructor(nextTurn: (call: () => void) => void) {
    this.#nextTurn = nextTurn
  }

  /** A persistent watch counts twice, as in ZooKeeper: it stands in both tables. */
  get size(): number {
    return this.data.size + this.child.size
  }

  // What clients ask for. False: there was no room, and the watcher was given up.

  watchData(path: string, watcher: W): boolean {
    if (!this.#hasRoom(watcher)) return false
    this.data.add(path, watcher, WatchMode.standard)
    return true
  }

  watchChildren(path: string, watcher: W): boolean {
    if (!this.#hasRoom(watcher)) return false
    this.child.add(path, watcher, WatchMode.standard)
    return true
  }

  watchPersistently(path: string, watcher: W): boolean {
    if (!this.#hasRoom(watcher)) return false
    this.data.add(path, watcher, WatchMode.persistent)
    this.child.add(path, watcher, WatchMode.persistent)
    return true
  }

  watchRecursively(path: string, watcher: W): boolean {
    if (!this.#hasRoom(watcher)) return false
    this.data.add(path, watcher, WatchMode.recursive)
    return true
  }

  /** Whether there is such a watch; undefined when there is no such type. */
  check(path: string, watcher: W, type: number): boolean | undefined {
    const modes = modesOfType.get(type)
    if (modes === undefined) return undefined
    return this.data.has(path, watcher, modes.data) || this.child.has(path, watcher, modes.child)
  }

  /** Whether there was such a watch; undefined when there is no such type. */
  remove(path: string, watcher: W, type: number): boolean | undefined {
    const modes = modesOfType.get(type)
    if (modes === undefined) return undefined
    const data = this.data.remove(path, watcher, modes.data)
    const child = this.child.remove(path, watcher, modes.child)
    return data || child
  }

  /** Takes over watches from a connection before; what has changed meanwhile is told at once. */
  restore(watcher: W, old: OldWatches, tree: Tree): boolean {
    // These events belong to no transaction that this server could name, and no list keeps them from anybody.
    return restore(this, watcher, old, tree, (type, path) => watcher.sendEvent(this.#encode(type, path, -1)))
  }

  /** Hundreds of thousands of watches may go with one connection: they are taken out in portions, turn by turn. */
  drop(watcher: W): void {
    this.data.drop(watcher)
    this.child.drop(watcher)
    if (!this.#sweeping) this.#sweep()
  }

  #sweep(): void {
    const { watchesSweptPerTurnMax } = limits
    const done = this.data.sweep(watchesSweptPerTurnMax) && this.child.sweep(watchesSweptPerTurnMax)
    this.#sweeping = !done
    if (!done) this.#nextTurn(() => this.#sweep())
  }

  // What transactions do. `acl` is that of the node at the path.

  nodeCreated(path: string, acl: AclList, zxid: Zxid): void {
    if (this.#isReplayed(zxid)) return
    this.#fire(this.data.trigger(path), EventType.nodeCreated, path, acl, zxid)
  }

  nodeDataChanged(path: string, acl: AclList, zxid: Zxid): void {
    if (this.#isReplayed(zxid)) return
    this.#fire(this.data.trigger(path), EventType.nodeDataChanged, path, acl, zxid)
  }

  nodeChildrenChanged(path: string, acl: AclList, zxid: Zxid): void {
    if (this.#isReplayed(zxid)) return
    this.#fire(this.child.trigger(path), EventType.nodeChildrenChanged, path, acl, zxid)
  }

  /** A connection that watches both the node and its children hears of it once. */
  nodeDeleted(path: string, acl: AclList, zxid: Zxid): void {
    if (this.#isReplayed(zxid)) return
    const data = this.data.trigger(path)
    const child = this.child.trigger(path)
    this.#fire(data, EventType.nodeDeleted, path, acl, zxid)
    this.#fire(without(child, data), EventType.nodeDeleted, path, acl, zxid)
  }

  // The state comes anew

  /** The state is about to be replaced: by a snapshot without the transactions that would fire watches, or by a replay of all. */
  stateWillBeReplaced(state: ReplicatedState): void {
    if (this.#before !== null || this.size === 0) return
    this.#before = StateBefore.of(state, this)
  }

  /**
   * Tells what has changed since `stateWillBeReplaced`, unless the state is still that of an earlier time: a replay, whose
   * events are told only once they are new.
   */
  stateWasReplaced(state: ReplicatedState): void {
    const before = this.#before
    if (before === null || state.lastApplied < before.zxid) return
    this.#before = null
    before.tellDifferences(state, this)
  }

  /** Whether a transaction is applied for the second time: who watches knew its outcome. */
  #isReplayed(zxid: Zxid): boolean {
    if (this.#before === null) return false
    if (zxid <= this.#before.zxid) return true
    this.#before = null
    return false
  }

  /** Encodes the event once, however many are told. */
  #fire(
    watchers: W | ReadonlySet<W> | undefined,
    type: number,
    path: string,
    acl: AclList,
    zxid: Zxid,
  ): void {
    if (watchers === undefined) return
    const frame = this.#encode(type, path, zxid)
    if (!(watchers instanceof Set)) {
      if (mayRead(acl, (watchers as W).identities)) (watchers as W).sendEvent(frame)
      return
    }
    for (const watcher of watchers) {
      if (mayRead(acl, watcher.identities)) watcher.sendEvent(frame)
    }
  }

  #encode(type: number, path: string, zxid: Zxid): Uint8Array {
    const frame = this.#frame
    frame.reset()
    const mark = frame.beginFrame()
    frame.int(SpecialXid.notification).long(zxid).int(0)
    frame.int(type).int(KeeperState.syncConnected).string(path)
    frame.endFrame(mark)
    return frame.view()
  }

  #hasRoom(watcher: W): boolean {
    // It may have been closed in the middle of its request, by the events that came of it.
    if (watcher.isClosed) return false
    const own = this.data.bytesOf(watcher) + this.child.bytesOf(watcher)
    const all = this.data.bytes + this.child.bytes
    if (own < limits.connectionWatchBytesMax && all < limits.watchBytesMax) return true
    watcher.giveUpWatches(
      own < limits.connectionWatchBytesMax
        ? `all watches of this server take about ${all} bytes (${limits.watchBytesMax} are allowed). Spread the clients over more servers, or let them watch less: a recursive watch covers a whole subtree.`
        : `its watches take about ${own} bytes (${limits.connectionWatchBytesMax} are allowed). Let the client watch less: a recursive watch covers a whole subtree.`,
    )
    return false
  }
}

function without<W extends object>(
  watchers: W | ReadonlySet<W> | undefined,
  told: W | ReadonlySet<W> | undefined,
): W | ReadonlySet<W> | undefined {
  if (watchers === undefined || told === undefined) return watchers
  const isTold = told instanceof Set ? (watcher: W) => told.has(watcher) : (watcher: W) => watcher === told
  if (!(watchers instanceof Set)) return isTold(watchers as W) ? undefined : watchers
  const others = new Set<W>()
  for (const watcher of watchers) if (!isTold(watcher)) others.add(watcher)
  return others.size === 0 ? undefined : others
}
