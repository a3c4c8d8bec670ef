import { lastZxidOf, SummaryTracker } from '../../src/storage/history-summary.ts'
import type { DurableState, HistorySummary, Storage } from '../../src/storage/storage.ts'
import { counterOf, epochOf, type Zxid } from '../../src/tree/zxid.ts'
import { append, readBack, recordsOf, recovered, run, snapshotAt, stateAt } from './helpers.ts'

/** What a disk may hold: at least the first `durable` transactions of `history`, and this state. */
interface World {
  history: Zxid[]
  durable: number
  snapshot: Zxid
  state: DurableState
}

export const summaryOf = (zxids: readonly Zxid[]): HistorySummary => {
  const tracker = new SummaryTracker()
  for (const zxid of zxids) tracker.extend(zxid)
  return tracker.summary
}

/**
 * A naive storage: lists. It drives a real one with the same calls, and knows at any moment what a crash may leave: one
 * world, or while something is being switched, either of two.
 */
export class HistoryModel {
  #worlds: World[] = []
  #committed: Zxid = 0
  storage: Storage

  constructor(storage: Storage) {
    this.storage = storage
    this.#worlds = [{ history: [], durable: 0, snapshot: 0, state: storage.state }]
  }

  get history(): readonly Zxid[] {
    return this.#world.history
  }

  get committed(): Zxid {
    return this.#committed
  }

  get snapshot(): Zxid {
    return this.#world.snapshot
  }

  get state(): DurableState {
    return this.#world.state
  }

  /** Appends batches of these sizes in one turn, all of one epoch. */
  async append(epoch: number, sizes: readonly number[]): Promise<void> {
    if (this.state.promisedEpoch < epoch) await this.saveState({ promisedEpoch: epoch })
    const world = this.#world
    const appended: Promise<void>[] = []
    for (const size of sizes) {
      const last = world.history.at(-1) ?? 0
      const from = epochOf(last) === epoch ? counterOf(last) + 1 : 1
      const zxids = run(epoch, from, size)
      world.history.push(...zxids)
      const length = world.history.length
      const commit = Math.min(this.#committed, (zxids[0] ?? 1) - 1)
      appended.push(
        append(this.storage, recordsOf(zxids, commit), zxids.at(-1) ?? 0).then(() => {
          world.durable = length
        }),
      )
    }
    await settle(appended)
  }

  noteCommit(length: number): void {
    const zxid = this.#world.history[Math.min(length, this.#world.durable) - 1] ?? 0
    if (zxid <= this.#committed) return
    this.#committed = zxid
    this.storage.noteCommit(zxid)
  }

  async truncate(length: number): Promise<void> {
    const world = this.#world
    const kept = Math.max(length, world.history.indexOf(this.#committed) + 1)
    world.durable = Math.min(world.durable, kept)
    await this.storage.truncate(world.history[kept - 1] ?? 0)
    world.history.length = kept
    world.durable = kept
  }

  async saveState(changes: Partial<DurableState>): Promise<void> {
    const old = this.#world
    const world = { ...old, state: { ...old.state, ...changes } }
    this.#worlds = [old, world]
    await this.storage.saveState(changes)
    this.#worlds = [world]
  }

  async writeSnapshot(): Promise<void> {
    if (this.#committed === 0 || this.#committed < this.#world.snapshot) return
    const old = this.#world
    const world = { ...old, snapshot: this.#committed }
    this.#worlds = [old, world]
    await this.storage.writeSnapshot(snapshotAt(this.#committed))
    this.#worlds = [world]
  }

  /** A history from elsewhere: a snapshot of its first part, records for the rest. */
  async replace(
    snapshotFile: Buffer,
    history: readonly Zxid[],
    snapshot: Zxid,
    changes: Partial<DurableState>,
  ): Promise<void> {
    const replacement = await this.storage.beginReplacement()
    for (let at = 0; at < snapshotFile.length; at += 50)
      await replacement.addSnapshotBytes(snapshotFile.subarray(at, at + 50))
    for (const zxid of history) if (zxid > snapshot) await replacement.appendRecords(recordsOf([zxid]))
    const old = this.#world
    const world = {
      history: [...history],
      durable: history.length,
      snapshot,
      state: { ...old.state, ...changes },
    }
    this.#worlds = [old, world]
    await replacement.commit(changes)
    this.#worlds = [world]
    this.#committed = Math.max(this.#committed, snapshot)
  }

  /** Throws when what was recovered is none of the possible worlds; goes on from the one that it is. */
  async check(storage: Storage): Promise<void> {
    this.storage = storage
    const found = describeStorage(storage)
    const world = this.#worlds.find((world) => fits(storage, world))
    if (world === undefined)
      throw new Error(`recovered ${found}, possible were ${JSON.stringify(this.#worlds)}`)
    world.history.length = world.history.indexOf(storage.lastZxid) + 1
    world.durable = world.history.length
    world.snapshot = storage.snapshotZxid
    this.#worlds = [world]
    if (storage.durableZxid !== storage.lastZxid) throw new Error(`not all durable after the start: ${found}`)
    if (storage.commitZxid > storage.lastZxid) throw new Error(`committed beyond the end: ${found}`)
    this.#committed = Math.max(storage.commitZxid, world.snapshot)
    await this.#checkContent(world)
  }

  async #checkContent({ history, snapshot }: World): Promise<void> {
    const { storage } = this
    const start = storage.logStartZxid
    const log = await readBack(storage)
    expectSame(
      'the log',
      log,
      history.filter((zxid) => zxid > start),
    )
    const result = await recovered(storage)
    expectSame('the snapshot', result.snapshot, snapshot > 0 ? stateAt(snapshot) : null)
    const behind = history.filter((zxid) => zxid > snapshot)
    expectSame(
      'what is applied',
      result.applied,
      behind.filter((zxid) => zxid <= storage.commitZxid),
    )
    expectSame(
      'what is pending',
      result.pending,
      behind.filter((zxid) => zxid > storage.commitZxid),
    )
  }

  get #world(): World {
    const world = this.#worlds.at(-1)
    if (world === undefined) throw new Error('no world')
    return world
  }
}

function fits(storage: Storage, world: World): boolean {
  const length = storage.lastZxid === 0 ? 0 : world.history.indexOf(storage.lastZxid) + 1
  if (storage.lastZxid !== 0 && length === 0) return false
  return (
    length >= world.durable &&
    storage.snapshotZxid === world.snapshot &&
    same(storage.state, world.state) &&
    same(storage.summary(), summaryOf(world.history.slice(0, length))) &&
    lastZxidOf(storage.summary()) === storage.lastZxid
  )
}

const describeStorage = (storage: Storage): string =>
  JSON.stringify({
    last: storage.lastZxid,
    commit: storage.commitZxid,
    snapshot: storage.snapshotZxid,
    start: storage.logStartZxid,
    state: storage.state,
    summary: storage.summary(),
  })

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)

function expectSame(what: string, found: unknown, expected: unknown): void {
  if (!same(found, expected))
    throw new Error(`${what}: found ${JSON.stringify(found)}, expected ${JSON.stringify(expected)}`)
}

async function settle(promises: Promise<void>[]): Promise<void> {
  const outcomes = await Promise.allSettled(promises)
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
}
