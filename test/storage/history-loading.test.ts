import { describe, expect, it } from 'vitest'
import { HistoryLoading } from '../../src/storage/history-loading.ts'
import type { RecoveryTarget } from '../../src/storage/storage.ts'
import type { Zxid } from '../../src/tree/zxid.ts'
import { appendAll, chunksOf, openStorage, recordsOf, run, z } from './helpers.ts'
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
