import { describe, expect, it } from 'vitest'
import { SeededRandom } from '../../../src/runtime/seeded-random.ts'
import { DurableHistory } from '../../../src/sim/run/durable-history.ts'
import { SimEnsemble } from '../../../src/sim/sim-ensemble.ts'
import { StorageError } from '../../../src/storage/storage-error.ts'

/** One server with some nodes, and a small log segment now and then. */
async function written(options: { segmentBytesMax: number; snapCount: number }, seed = 1) {
  const ensemble = new SimEnsemble({
    seed,
    servers: 1,
    config: { snapCount: options.snapCount },
    storage: { segmentBytesMax: options.segmentBytesMax, preallocateBytes: 300 },
  })
  ensemble.start()
  await ensemble.untilServing()
  const client = await ensemble.connectedClient()
  const { disk } = ensemble.host(1)
  const history = new DurableHistory(disk, '/data/1')
  const create = async (from: number, to: number): Promise<void> => {
    for (let i = from; i < to; i++) await ensemble.world.settle(client.create(`/n${i}`, `${i}`))
  }
  return { ensemble, disk, history, client, create }
}

describe('durable history', () => {
  it('a server writes, rolls its log and takes snapshots -> every answered transaction is held, read bit by bit or at once', async () => {
    const { ensemble, disk, history, client, create } = await written({ segmentBytesMax: 600, snapCount: 7 })
    for (let i = 0; i < 60; i++) {
      await create(i, i + 1)
      history.refresh()
      expect(history.holds(client.lastZxid)).toBe(true)
      expect(history.holds(client.lastZxid + 1)).toBe(false)
    }
    const anew = new DurableHistory(disk, '/data/1')
    anew.refresh()
    const { lastZxid } = ensemble.server(1).status().replica
    for (let zxid = 2 ** 32 + 1; zxid <= lastZxid; zxid++) {
      expect(history.holds(zxid)).toBe(true)
      expect(anew.holds(zxid)).toBe(true)
    }
    expect(anew.last).toBe(lastZxid)
  })

  it('what is written and not synced -> not held', async () => {
    const { disk, history, client, create } = await written({ segmentBytesMax: 1e6, snapCount: 1000 })
    await create(0, 5)
    history.refresh()
    const path = disk.durableFiles().find((name) => name.includes('/log.'))
    if (path === undefined) throw new StorageError('IO', 'no log')
    const file = disk.file(path)
    file.truncate(0)
    history.refresh()
    expect(history.holds(client.lastZxid)).toBe(true)
    file.sync(file.changeCount)
    history.refresh()
    expect(history.holds(client.lastZxid)).toBe(false)
  })

  it('bits turn over -> still counted; another end in their place, or a wiped disk -> not', async () => {
    const { disk, history, client, create } = await written({ segmentBytesMax: 1e6, snapCount: 1000 })
    await create(0, 5)
    history.refresh()
    const { lastZxid } = client
    const path = disk.durableFiles().find((name) => name.includes('/log.')) ?? ''
    const random = new SeededRandom(1)
    for (let i = 0; i < 50; i++) disk.flipBit(path, random.below(disk.file(path).current.length), 3)
    history.refresh()
    expect(history.holds(lastZxid)).toBe(true)
    disk.write(disk.file(path), [Buffer.alloc(10)], 100)
    disk.file(path).sync(disk.file(path).changeCount)
    history.refresh()
    expect(history.holds(lastZxid)).toBe(false)
    disk.wipe()
    history.refresh()
    expect(history.last).toBe(0)
  })
})
