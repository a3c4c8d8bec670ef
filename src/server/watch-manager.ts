import type { ReplicatedState } from '../tree/replicated-state.ts'
import type { Tree } from '../tree/tree.ts'
import type { Zxid } from '../tree/zxid.ts'
import { EventType, KeeperState } from '../wire/event-types.ts'
import { JuteWriter } from '../wire/jute-writer.ts'
import { SpecialXid } from '../wire/opcodes.ts'
import { WatchTable } from './watch-table.ts'

/** Who is told. */
export interface Watcher {
  /** `frame` is lent for the duration of the call. */
  sendEvent(frame: Uint8Array): void
}

/** What `setWatches` brings: the paths that a client watched on its connection before. */
export interface OldWatches {
  /** The last transaction that the client knew of. */
  readonly relativeZxid: Zxid
  readonly data: readonly string[]
  readonly exist: readonly string[]
  readonly child: readonly string[]
}

/**
 * The watches of one server: left by reads, good for one event, gone with their connection. An event is put into its
 * connection's output while the transaction is applied, so it leaves before any reply that shows the change.
 */
export class WatchManager<W extends Watcher> {
  /** Left by getData and exists. */
  readonly data = new WatchTable<W>()
  /** Left by getChildren. */
  readonly child = new WatchTable<W>()
  readonly #frame = new JuteWriter(256)
  #before: { zxid: Zxid; existed: Set<string> } | null = null

  get size(): number {
    return this.data.size + this.child.size
  }

  nodeCreated(path: string, zxid: Zxid): void {
    if (this.#isReplayed(zxid)) return
    this.#fire(this.data.take(path), EventType.nodeCreated, path, zxid)
  }

  nodeDataChanged(path: string, zxid: Zxid): void {
    if (this.#isReplayed(zxid)) return
    this.#fire(this.data.take(path), EventType.nodeDataChanged, path, zxid)
  }

  nodeChildrenChanged(path: string, zxid: Zxid): void {
    if (this.#isReplayed(zxid)) return
    this.#fire(this.child.take(path), EventType.nodeChildrenChanged, path, zxid)
  }

  /** A connection that watches both the node and its children hears of it once. */
  nodeDeleted(path: string, zxid: Zxid): void {
    if (this.#isReplayed(zxid)) return
    const data = this.data.take(path)
    const child = this.child.take(path)
    this.#fire(data, EventType.nodeDeleted, path, zxid)
    if (child === undefined) return
    if (data === undefined) {
      this.#fire(child, EventType.nodeDeleted, path, zxid)
      return
    }
    const told = data instanceof Set ? data : new Set([data])
    const others = new Set<W>()
    for (const watcher of child instanceof Set ? child : [child]) if (!told.has(watcher)) others.add(watcher)
    if (others.size > 0) this.#fire(others, EventType.nodeDeleted, path, zxid)
  }

  drop(watcher: W): void {
    this.data.drop(watcher)
    this.child.drop(watcher)
  }

  /** Takes over watches from a connection before; what has changed meanwhile is told at once. */
  restore(watcher: W, old: OldWatches, tree: Tree): void {
    for (const path of old.data) {
      const node = tree.find(path)
      if (node === undefined) this.#tell(watcher, EventType.nodeDeleted, path)
      else if (tree.mzxid(node) > old.relativeZxid) this.#tell(watcher, EventType.nodeDataChanged, path)
      else this.data.add(path, watcher)
    }
    for (const path of old.exist) {
      if (tree.find(path) === undefined) this.data.add(path, watcher)
      else this.#tell(watcher, EventType.nodeCreated, path)
    }
    for (const path of old.child) {
      const node = tree.find(path)
      if (node === undefined) this.#tell(watcher, EventType.nodeDeleted, path)
      else if (tree.pzxid(node) > old.relativeZxid) this.#tell(watcher, EventType.nodeChildrenChanged, path)
      else this.child.add(path, watcher)
    }
  }

  /** The state is about to be replaced: by a snapshot without the transactions that would fire watches, or by a replay of all. */
  stateWillBeReplaced(state: ReplicatedState): void {
    if (this.#before !== null || this.size === 0) return
    const existed = new Set<string>()
    for (const path of this.data.paths) if (state.tree.find(path) !== undefined) existed.add(path)
    this.#before = { zxid: state.lastApplied, existed }
  }

  /**
   * Tells what has changed since `stateWillBeReplaced`, unless the state is still that of an earlier time: a replay, whose
   * events are told only once they are new.
   */
  stateWasReplaced(state: ReplicatedState): void {
    const before = this.#before
    if (before === null || state.lastApplied < before.zxid) return
    this.#before = null
    const { tree, lastApplied } = state
    for (const path of [...this.data.paths]) {
      const node = tree.find(path)
      if (node === undefined) {
        if (before.existed.has(path)) this.nodeDeleted(path, lastApplied)
      } else if (!before.existed.has(path)) this.nodeCreated(path, lastApplied)
      else if (tree.mzxid(node) > before.zxid) this.nodeDataChanged(path, lastApplied)
    }
    for (const path of [...this.child.paths]) {
      const node = tree.find(path)
      if (node === undefined) this.nodeDeleted(path, lastApplied)
      else if (tree.pzxid(node) > before.zxid) this.nodeChildrenChanged(path, lastApplied)
    }
  }

  /** Events of `restore` belong to no transaction that this server could name. */
  #tell(watcher: W, type: number, path: string): void {
    watcher.sendEvent(this.#encode(type, path, -1))
  }

  /** Whether a transaction is applied for the second time: who watches knew its outcome. */
  #isReplayed(zxid: Zxid): boolean {
    if (this.#before === null) return false
    if (zxid <= this.#before.zxid) return true
    this.#before = null
    return false
  }

  #fire(watchers: W | Set<W> | undefined, type: number, path: string, zxid: Zxid): void {
    if (watchers === undefined) return
    const frame = this.#encode(type, path, zxid)
    if (watchers instanceof Set) for (const watcher of watchers) watcher.sendEvent(frame)
    else watchers.sendEvent(frame)
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
}
