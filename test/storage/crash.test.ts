import { describe, expect, it } from 'vitest'
import type { DurableState, Storage } from '../../src/storage/storage.ts'
import type { Zxid } from '../../src/tree/zxid.ts'
import { atDepth } from '../depth.ts'
import { appendAll, ManualTimers, openStorage, run, snapshotAt, z } from './helpers.ts'
import { HistoryModel } from './history-model.ts'
import { type Draw, drawFrom, MemoryDisk, PowerLost } from './memory-disk.ts'

/** The file of a snapshot of `zxid`, as a server with this history would send it. */
async function snapshotFile(history: readonly Zxid[], zxid: Zxid): Promise<Buffer> {
  const storage = await openStorage(new MemoryDisk())
  await appendAll(storage, history)
  await storage.writeSnapshot(snapshotAt(zxid))
  const chunks: Buffer[] = []
  for await (const chunk of (await storage.readSnapshot())?.chunks ?? []) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** A history that a leader of this epoch would send in place of the model's: all that is committed, and more. */
async function replace(model: HistoryModel, epoch: number, changes: Partial<DurableState>): Promise<void> {
  const committed = model.history.slice(0, model.history.indexOf(model.committed) + 1)
  const history = [...committed, ...run(epoch, 1, 9)]
  const snapshot = z(epoch, 4)
  await model.replace(await snapshotFile(history, snapshot), history, snapshot, changes)
}

/** One of everything. */
const scenario: readonly [string, (model: HistoryModel, timers: ManualTimers) => Promise<void>][] = [
  ['append', (model) => model.append(1, [1])],
  ['append several groups', (model) => model.append(1, [2, 3, 1])],
  ['save the state', (model) => model.saveState({ promisedEpoch: 2, promisedTo: 3 })],
  ['save the state again', (model) => model.saveState({ currentEpoch: 2, ensembleId: 'e' })],
  ['roll', (model) => model.append(2, [4])],
  ['roll again', (model) => model.append(2, [4])],
  [
    'mark and snapshot',
    async (model, timers) => {
      model.noteCommit(8)
      timers.fire()
      await model.writeSnapshot()
    },
  ],
  ['append behind a lone mark', (model) => model.append(2, [1, 1])],
  ['truncate whole segments', (model) => model.truncate(9)],
  ['append behind it', (model) => model.append(3, [2, 2])],
  ['truncate a little', (model) => model.truncate(12)],
  [
    'snapshots until the purge',
    async (model) => {
      for (let length = 10; length <= 12; length++) {
        model.noteCommit(length)
        await model.writeSnapshot()
      }
    },
  ],
  ['append again', (model) => model.append(4, [3])],
  ['replace the history', (model) => replace(model, 8, { promisedEpoch: 8, currentEpoch: 8 })],
  ['append to the new one', (model) => model.append(8, [2])],
]

/** Runs the scenario until the end or until the power fails; returns the step of the scenario that it got to. */
async function play(disk: MemoryDisk): Promise<{ model: HistoryModel | null; got: number }> {
  const timers = new ManualTimers()
  let storage: Storage
  try {
    storage = await openStorage(disk, { timers, segmentBytesMax: 300, preallocateBytes: 200 })
  } catch (error) {
    if (disk.steps < disk.crashAtStep) throw error
    return { model: null, got: -1 }
  }
  const model = new HistoryModel(storage)
  for (const [i, [, act]] of scenario.entries()) {
    try {
      await act(model, timers)
    } catch (error) {
      if (disk.steps < disk.crashAtStep) throw error
      return { model, got: i }
    }
  }
  return { model, got: scenario.length }
}

const seeds = atDepth(100, 300)

const emptyState: DurableState = {
  ensembleId: null,
  founded: false,
  promisedEpoch: 0,
  promisedTo: null,
  currentEpoch: 0,
}

describe('crash', () => {
  it('at every single step of everything -> one whole history that holds all that was reported durable', async () => {
    const calm = new MemoryDisk()
    const { model, got } = await play(calm)
    expect(got).toBe(scenario.length)
    await model?.check(await openStorage(calm.kill()))
    expect(calm.steps).toBeGreaterThan(100)
    const reached = new Set<number>()
    for (let step = 1; step <= calm.steps; step++)
      for (let variant = 0; variant < (step < 10 ? 40 : 6); variant++) {
        const disk = new MemoryDisk()
        disk.crashAtStep = step
        disk.crashTakesEffect = variant % 2 === 0
        const { model, got } = await play(disk)
        reached.add(got)
        const name = `${scenario[got]?.[0] ?? 'open'}, step ${step}, variant ${variant}`
        try {
          const storage = await openStorage(disk.afterPowerLoss(drawFrom(step * 60 + variant)))
          if (model === null) expect(storage.state).toEqual(emptyState)
          else await model.check(storage)
        } catch (error) {
          throw new Error(`${name}: ${error instanceof Error ? error.message : error}`, { cause: error })
        }
      }
    for (let i = -1; i < scenario.length; i++) expect(reached).toContain(i)
  })

  it('the process dies at any step and starts again, then the power fails -> what the start showed is still there', async () => {
    const calm = new MemoryDisk()
    await play(calm)
    for (let step = 1; step <= calm.steps; step++) {
      const disk = new MemoryDisk()
      disk.crashAtStep = step
      const { got } = await play(disk)
      const started = disk.kill()
      const shown = await openStorage(started)
      const then = await openStorage(started.afterPowerLoss(losesEverything()))
      expect(
        [then.summary(), then.state, then.snapshotZxid, then.commitZxid],
        `${scenario[got]?.[0]}, step ${step}`,
      ).toEqual([shown.summary(), shown.state, shown.snapshotZxid, shown.commitZxid])
    }
  })

  it('random operations, crashes and starts -> always what a naive storage says is possible', async () => {
    let crashes = 0
    for (let seed = 1; seed <= seeds; seed++)
      try {
        crashes += await wander(seed)
      } catch (error) {
        throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : error}`, { cause: error })
      }
    expect(crashes).toBeGreaterThan(0.8 * seeds)
  })
})

/** Draws that let nothing survive that was not synced. */
function losesEverything(): Draw {
  let first = true
  return () => {
    const drawn = first ? 1 : 0
    first = false
    return drawn
  }
}

async function wander(seed: number): Promise<number> {
  const draw = drawFrom(seed)
  const timers = new ManualTimers()
  const options = {
    timers,
    segmentBytesMax: 100 + draw(600),
    preallocateBytes: draw(2) * draw(500),
    snapshotsKept: 1 + draw(3),
  }
  let disk = new MemoryDisk()
  const model = new HistoryModel(await openStorage(disk, options))
  let crashes = 0
  let epoch = 1
  for (let i = 0; i < 25; i++) {
    disk.crashAtStep = draw(4) === 0 ? disk.steps + 1 + draw(12) : Number.POSITIVE_INFINITY
    disk.crashTakesEffect = draw(2) === 0
    try {
      epoch = await wanderOn(model, draw, timers, epoch)
      // A purge only tells its log when it fails.
      if (disk.steps >= disk.crashAtStep) throw new PowerLost('the power failed during a purge')
      const fate = draw(8)
      if (fate === 0) {
        await model.storage.close()
        await model.check(await openStorage(disk, options))
      } else if (fate === 1) {
        disk = disk.kill()
        await model.check(await openStorage(disk, options))
      }
    } catch (error) {
      if (disk.steps < disk.crashAtStep) throw error
      crashes += 1
      disk = await startAgain(disk, model, options, draw)
    }
  }
  return crashes
}

async function wanderOn(
  model: HistoryModel,
  draw: Draw,
  timers: ManualTimers,
  epochBefore: number,
): Promise<number> {
  let epoch = epochBefore
  const kind = draw(20)
  if (kind < 9)
    await model.append(
      epoch,
      Array.from({ length: 1 + draw(4) }, () => 1 + draw(3)),
    )
  else if (kind < 11) model.noteCommit(draw(model.history.length + 1))
  else if (kind < 13) {
    epoch += 1
    await model.truncate(draw(model.history.length + 1))
  } else if (kind < 15)
    await model.saveState({ promisedEpoch: model.state.promisedEpoch + 1, promisedTo: draw(5) })
  else if (kind < 17) await model.writeSnapshot()
  else if (kind < 19) timers.fire()
  else {
    epoch += 1
    const promisedEpoch = Math.max(model.state.promisedEpoch, epoch)
    await replace(model, epoch, { promisedEpoch, ensembleId: `e${draw(100)}` })
  }
  return epoch
}

/** The power comes back, perhaps only for a moment. */
async function startAgain(
  crashed: MemoryDisk,
  model: HistoryModel,
  options: Parameters<typeof openStorage>[1],
  draw: Draw,
): Promise<MemoryDisk> {
  let disk = crashed
  for (;;) {
    disk = disk.afterPowerLoss(draw)
    disk.crashAtStep = draw(3) === 0 ? 1 + draw(5) : Number.POSITIVE_INFINITY
    let storage: Storage
    try {
      storage = await openStorage(disk, options)
    } catch (error) {
      if (disk.steps < disk.crashAtStep) throw error
      continue
    }
    disk.crashAtStep = Number.POSITIVE_INFINITY
    await model.check(storage)
    return disk
  }
}
