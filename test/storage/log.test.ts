import { describe, expect, it } from 'vitest'
import { BrokenInvariant } from '../../src/runtime/assert.ts'
import { recordBytes, recordZxid } from '../../src/storage/record.ts'
import {
  append,
  appendAll,
  folder,
  ManualTimers,
  openStorage,
  readBack,
  recordOf,
  recordsOf,
  recovered,
  run,
  snapshotAt,
  z,
} from './helpers.ts'
import { failure, MemoryDisk } from './memory-disk.ts'

const logFiles = (disk: MemoryDisk): string[] =>
  [...disk.files().keys()]
    .filter((path) => path.includes('/log.'))
    .map((path) => path.slice(folder.length + 1))

describe('log: group commit', () => {
  it('many appends in one turn -> one write, one sync, resolved in order', async () => {
    const disk = new MemoryDisk()
    const storage = await openStorage(disk, { segmentBytesMax: 1e6 })
    const { write, sync } = disk.counts
    const order: number[] = []
    const zxids = run(1, 1, 500)
    await Promise.all(zxids.map((zxid) => append(storage, recordOf(zxid), zxid).then(() => order.push(zxid))))
    expect([disk.counts.write - write, disk.counts.sync - sync]).toEqual([1, 1])
    expect(order).toEqual(zxids)
  })

  it('appends while a sync is under way -> gather into the next group', async () => {
    const disk = new MemoryDisk()
    const storage = await openStorage(disk, { segmentBytesMax: 1e6 })
    await appendAll(storage, run(1, 1, 1))
    const { sync } = disk.counts
    const appended: Promise<void>[] = []
    let next = 2
    const appendOne = (): void => {
      appended.push(append(storage, recordOf(z(1, next)), z(1, next)))
      next += 1
    }
    appendOne()
    let started = false
    disk.fault = (operation) => {
      if (operation !== 'sync' || started) return
      started = true
      for (let i = 0; i < 50; i++) appendOne()
    }
    await appended[0]
    expect(storage.durableZxid).toBe(z(1, 2))
    expect(storage.lastZxid).toBe(z(1, 52))
    expect(storage.unsyncedBytes).toBeGreaterThan(0)
    await Promise.all(appended)
    expect(disk.counts.sync - sync).toBe(2)
    expect(storage.durableZxid).toBe(z(1, 52))
    expect(storage.unsyncedBytes).toBe(0)
  })

  it('a gap, or a last zxid that is not theirs -> broken invariant', async () => {
    const storage = await openStorage(new MemoryDisk())
    await appendAll(storage, run(1, 1, 2))
    expect(() => storage.append(recordsOf([z(1, 4)]), z(1, 4), () => {})).toThrow(BrokenInvariant)
    expect(() => storage.append(recordsOf([z(2, 2)]), z(2, 2), () => {})).toThrow(BrokenInvariant)
    expect(() => storage.append(recordsOf([z(1, 3)]), z(1, 4), () => {})).toThrow(BrokenInvariant)
  })

  it.each([
    ['write', 'ENOSPC'],
    ['sync', 'EIO'],
    ['syncFolder', 'EIO'],
  ])(
    '%s fails with %s -> this append and all later ones are rejected; nothing is tried again',
    async (what, code) => {
      const disk = new MemoryDisk()
      const storage = await openStorage(disk, { segmentBytesMax: 1 })
      await appendAll(storage, run(1, 1, 2))
      disk.fault = (operation) => {
        if (operation === what) throw failure(code, 'broken')
      }
      const appended = [3, 4].map((counter) => append(storage, recordOf(z(1, counter)), z(1, counter)))
      const outcomes = await Promise.allSettled(appended)
      for (const outcome of outcomes)
        expect(outcome).toMatchObject({
          status: 'rejected',
          reason: { code: 'IO', message: expect.stringMatching(`log.10000000. failed: ${code}`) },
        })
      disk.fault = () => {}
      const { sync, write } = disk.counts
      await expect(append(storage, recordOf(z(1, 5)), z(1, 5))).rejects.toMatchObject({ code: 'IO' })
      expect([disk.counts.sync, disk.counts.write]).toEqual([sync, write])
      expect(storage.durableZxid).toBe(z(1, 2))
      expect(await readBack(storage)).toEqual(run(1, 1, 2))
    },
  )

  it('a sync that failed, then the process is started again -> what the system may have dropped is not taken for durable', async () => {
    const disk = new MemoryDisk()
    const storage = await openStorage(disk)
    await appendAll(storage, run(1, 1, 2))
    disk.fault = (operation) => {
      if (operation === 'sync') throw failure('EIO', 'broken')
    }
    await expect(append(storage, recordOf(z(1, 3)), z(1, 3))).rejects.toMatchObject({ code: 'IO' })
    expect((await openStorage(disk.kill())).lastZxid).toBe(z(1, 2))
  })
})

describe('log: segments', () => {
  it('a segment is full -> the next one, without zeros left in the full one', async () => {
    const disk = new MemoryDisk()
    const storage = await openStorage(disk, { segmentBytesMax: 400, preallocateBytes: 1000 })
    for (const zxid of run(1, 1, 30)) await appendAll(storage, [zxid])
    const files = logFiles(disk)
    expect(files.length).toBeGreaterThan(3)
    for (const path of files.slice(0, -1))
      expect(disk.files().get(`${folder}/${path}`)?.length).toBeLessThan(600)
    expect(disk.files().get(`${folder}/${files.at(-1)}`)?.length).toBeGreaterThan(1000)
    expect(await readBack(storage)).toEqual(run(1, 1, 30))
    await storage.close()
    expect((await recovered(await openStorage(disk))).pending).toEqual(run(1, 1, 30))
  })

  it('readRecords of any stretch -> exactly that stretch, from batches that hold no marks', async () => {
    const storage = await openStorage(new MemoryDisk(), { segmentBytesMax: 700 })
    const zxids = [...run(1, 1, 12), ...run(3, 1, 12)]
    for (let i = 0; i < zxids.length; i += 3) await appendAll(storage, zxids.slice(i, i + 3))
    for (let from = 0; from <= zxids.length; from++)
      for (let to = from; to <= zxids.length; to++) {
        const after = zxids[from - 1] ?? 0
        const read: number[] = []
        for await (const batch of storage.readRecords(after, zxids[to - 1] ?? 0))
          for (let at = 0; at < batch.length; at += recordBytes(batch, at)) read.push(recordZxid(batch, at))
        expect(read).toEqual(zxids.slice(from, to))
      }
  })

  it('records larger than a batch -> read back whole', async () => {
    const storage = await openStorage(new MemoryDisk(), { segmentBytesMax: 1e8 })
    const payloads = [Buffer.alloc(3_000_000, 1), Buffer.alloc(10, 2), Buffer.alloc(1_500_000, 3)]
    for (const [i, payload] of payloads.entries())
      await append(storage, recordOf(z(1, i + 1), 0, payload), z(1, i + 1))
    const sizes: number[] = []
    for await (const batch of storage.readRecords(0, z(1, 3)))
      for (let at = 0; at < batch.length; at += recordBytes(batch, at))
        sizes.push(recordBytes(batch, at) - 24)
    expect(sizes).toEqual(payloads.map((payload) => payload.length))
  })

  it('a long segment -> a reader starts near its place, not at the front', async () => {
    const disk = new MemoryDisk()
    const storage = await openStorage(disk, { segmentBytesMax: 1e9 })
    const payload = Buffer.alloc(40_000)
    for (const zxid of run(1, 1, 50)) await append(storage, recordOf(zxid, 0, payload), zxid)
    disk.bytesRead = 0
    let bytes = 0
    for await (const batch of storage.readRecords(z(1, 48), z(1, 50))) bytes += batch.length
    expect(bytes).toBe(2 * 40_024)
    expect(disk.bytesRead).toBeLessThan(4 * 40_100)
  })

  it('asked for more than the log still has -> PURGED', async () => {
    const storage = await openStorage(new MemoryDisk(), { segmentBytesMax: 1, snapshotsKept: 1 })
    for (const zxid of run(1, 1, 5)) await appendAll(storage, [zxid])
    await storage.writeSnapshot(snapshotAt(z(1, 4)))
    expect(storage.logStartZxid).toBe(z(1, 4))
    await expect(storage.readRecords(z(1, 3), z(1, 5)).next()).rejects.toMatchObject({ code: 'PURGED' })
  })
})

describe('log: truncate', () => {
  it('to any point -> exactly the rest is left, and goes on from there, also after a restart', async () => {
    const zxids = [...run(1, 1, 6), ...run(2, 1, 6)]
    for (let kept = 0; kept <= zxids.length; kept++) {
      const disk = new MemoryDisk()
      const storage = await openStorage(disk, { segmentBytesMax: 250 })
      for (let i = 0; i < zxids.length; i += 2) await appendAll(storage, zxids.slice(i, i + 2))
      await storage.truncate(zxids[kept - 1] ?? 0)
      expect(storage.durableZxid).toBe(zxids[kept - 1] ?? 0)
      expect(await readBack(storage)).toEqual(zxids.slice(0, kept))
      const after = run(3, 1, 3)
      await appendAll(storage, after)
      expect(await readBack(storage)).toEqual([...zxids.slice(0, kept), ...after])
      await storage.close()
      const again = await openStorage(disk)
      expect(await readBack(again)).toEqual([...zxids.slice(0, kept), ...after])
      expect(again.summary()).toEqual(storage.summary())
    }
  })

  it('below the commit point, to a zxid that is not there, or while appending -> broken invariant', async () => {
    const storage = await openStorage(new MemoryDisk())
    await appendAll(storage, run(1, 1, 6))
    storage.noteCommit(z(1, 4))
    expect(() => storage.truncate(z(1, 3))).toThrow(BrokenInvariant)
    expect(() => storage.truncate(z(2, 1))).toThrow(BrokenInvariant)
    const appended = append(storage, recordOf(z(1, 7)), z(1, 7))
    expect(() => storage.truncate(z(1, 5))).toThrow(BrokenInvariant)
    await appended
  })

  it('down to a snapshot that the log begins behind -> an empty log that goes on from the snapshot', async () => {
    const disk = new MemoryDisk()
    const storage = await openStorage(disk, { segmentBytesMax: 1, snapshotsKept: 1 })
    for (const zxid of run(1, 1, 5)) await appendAll(storage, [zxid])
    await storage.writeSnapshot(snapshotAt(z(1, 4)))
    await storage.truncate(z(1, 4))
    expect([storage.lastZxid, storage.logStartZxid]).toEqual([z(1, 4), z(1, 4)])
    await appendAll(storage, run(2, 1, 2))
    await storage.close()
    const again = await openStorage(disk)
    expect((await recovered(again)).pending).toEqual(run(2, 1, 2))
    expect(again.logStartZxid).toBe(z(1, 4))
  })
})

describe('log: idle mark', () => {
  it('silence after a group -> a mark that carries the commit point, without a sync', async () => {
    const disk = new MemoryDisk()
    const timers = new ManualTimers()
    const storage = await openStorage(disk, { timers })
    await appendAll(storage, run(1, 1, 3))
    storage.noteCommit(z(1, 2))
    const { sync, write } = disk.counts
    timers.fire()
    await new Promise<void>((resolve) => queueMicrotask(resolve))
    await storage.truncate(z(1, 3))
    for (let i = 0; i < 20; i++) await Promise.resolve()
    expect([disk.counts.write - write, disk.counts.sync - sync]).toEqual([1, 0])
    expect((await openStorage(disk.kill())).commitZxid).toBe(z(1, 2))
  })
})
