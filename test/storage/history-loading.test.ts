import { describe, expect, it } from 'vitest'
import { HistoryLoading } from '../../src/storage/history-loading.ts'
import type { RecoveryTarget } from '../../src/storage/storage.ts'
import type { Zxid } from '../../src/tree/zxid.ts'
import { appendAll, chunksOf, openStorage, recordsOf, recovered, run, z } from './helpers.ts'
import { MemoryDisk } from './memory-disk.ts'

/** Notes what it is filled with; throws instead when it is told to. */
class Filled implements RecoveryTarget {
  readonly applied: Zxid[] = []
  refusal: Error | null = null

  reset(): void {
    this.applied.length = 0
  }

  async load(_zxid: Zxid, chunks: AsyncIterable<Buffer>): Promise<void> {
    for await (const _chunk of chunks);
    if (this.refusal !== null) throw this.refusal
  }

  apply(zxid: Zxid): void {
    if (this.refusal !== null) throw this.refusal
    this.applied.push(zxid)
  }
}

describe('a log that is loaded as it is looked through', () => {
  it('the commit point comes with a later part -> nothing is applied before, and all of it in order then', () => {
    const target = new Filled()
    const loading = new HistoryLoading(target)
    loading.take(loading.buffer(), recordsOf(run(1, 1, 5)), 0)
    expect(target.applied).toEqual([])
    loading.take(loading.buffer(), recordsOf(run(1, 6, 5)), z(1, 3))
    expect(target.applied).toEqual(run(1, 1, 3))
    loading.take(loading.buffer(), recordsOf(run(1, 11, 5)), z(1, 12))
    expect(target.applied).toEqual(run(1, 1, 12))
    expect(loading.loadedZxid).toBe(z(1, 12))
  })

  it('a part is done with -> its buffer is read into again, and not before', () => {
    const loading = new HistoryLoading(new Filled())
    const first = loading.buffer()
    loading.take(first, recordsOf(run(1, 1, 5)), 0)
    const second = loading.buffer()
    expect(second === first).toBe(false)
    loading.take(second, recordsOf(run(1, 6, 5)), z(1, 5))
    expect(loading.buffer() === first).toBe(true)
  })

  it('more waits than is ever in flight -> it is left for later, whatever is committed behind it', () => {
    const target = new Filled()
    const loading = new HistoryLoading(target)
    loading.take(loading.buffer(), recordsOf(run(1, 1, 5)), z(1, 2))
    for (let n = 0; n < 17; n++) loading.take(loading.buffer(), recordsOf(run(1, 6 + n, 1)), z(1, 2))
    loading.take(loading.buffer(), recordsOf(run(1, 23, 1)), z(1, 22))
    expect(target.applied).toEqual(run(1, 1, 2))
    expect(loading.loadedZxid).toBe(z(1, 2))
  })
})

describe('a history that is loaded as it is opened', () => {
  it('more waits in the log than may -> what was put off is read when it is asked for, each transaction once', async () => {
    const disk = new MemoryDisk()
    const all = run(1, 1, 100)
    const first = await openStorage(disk, { segmentBytesMax: 100 })
    for (const zxid of all) await appendAll(first, [zxid], zxid <= z(1, 3) ? zxid - 1 : z(1, 2))
    first.noteCommit(z(1, 99))
    await appendAll(first, [z(1, 101)], z(1, 99))
    const target = new Filled()
    const second = await openStorage(MemoryDisk.from(disk.files()), { target })
    // Of far more segments than may wait, the last one alone tells that the others are committed.
    expect(target.applied).toEqual(run(1, 1, 2))
    const { pending } = await second.recover(target)
    expect(target.applied).toEqual(run(1, 1, 99))
    expect(pending).toHaveLength(2)
    expect(await recovered(second)).toMatchObject({ applied: run(1, 1, 99), pending: run(1, 100, 2) })
  })

  it('refused or unreadable after a part has come into the state -> the next attempt begins with an empty one', async () => {
    const disk = new MemoryDisk()
    const first = await openStorage(disk)
    for (const zxid of run(1, 1, 40)) await appendAll(first, [zxid], zxid - 1)
    first.noteCommit(z(1, 40))
    await first.close()
    const files = disk.files()
    const [, , , damagedPath] = [...files.keys()].filter((path) => path.includes('/log.')).sort()
    if (damagedPath === undefined) throw new Error('too few segments')
    const damaged = Buffer.from(files.get(damagedPath) ?? [])
    damaged[100] = (damaged[100] ?? 0) ^ 1
    const target = new Filled()
    const bad = MemoryDisk.from(new Map(files).set(damagedPath, damaged))
    await expect(openStorage(bad, { target })).rejects.toMatchObject({ code: 'DAMAGED' })
    expect(target.applied.length).toBeGreaterThan(0)
    const unreadable = MemoryDisk.from(files)
    const open = unreadable.open.bind(unreadable)
    let broken = true
    unreadable.open = async (path, options) => {
      if (broken && path === damagedPath) {
        broken = false
        return { ...(await open(path, options)), read: () => Promise.reject(new Error('EIO')) }
      }
      return open(path, options)
    }
    await expect(openStorage(unreadable, { target })).rejects.toMatchObject({ code: 'IO' })
    const storage = await openStorage(unreadable, { target })
    await storage.recover(target)
    expect(target.applied).toEqual(run(1, 1, 40))
    // Later, as after a switch of histories: from the disk, and from the beginning.
    await storage.recover(target)
    expect(target.applied).toEqual(run(1, 1, 40))
  })
})

describe('what the state throws while a history is loaded', () => {
  it('at a record, or at a snapshot -> open rejects with it, and takes no file for damaged', async () => {
    const disk = new MemoryDisk()
    const first = await openStorage(disk)
    await appendAll(first, run(1, 1, 20), z(1, 19))
    await first.close()
    const target = new Filled()
    target.refusal = new Error('not with me')
    await expect(openStorage(disk, { target })).rejects.toBe(target.refusal)
    const second = await openStorage(disk)
    await second.writeSnapshot({ zxid: z(1, 20), digest: 'd', chunks: chunksOf('all of it') })
    await second.close()
    await expect(openStorage(disk, { target })).rejects.toBe(target.refusal)
    const third = await openStorage(disk)
    expect(third.snapshotZxid).toBe(z(1, 20))
    await third.close()
  })
})
