import { describe, expect, it } from 'vitest'
import type { Storage } from '../../src/storage/storage.ts'
import {
  appendAll,
  folder,
  openStorage,
  readBack,
  recordsOf,
  recovered,
  run,
  snapshotAt,
  stateAt,
  z,
} from './helpers.ts'
import { drawFrom, failure, MemoryDisk } from './memory-disk.ts'

const foldersOf = (disk: MemoryDisk): string[] => [
  ...new Set(
    [...disk.files().keys()].map((path) => path.split('/')[2] ?? '').filter((name) => name.startsWith('h-')),
  ),
]

/** The bytes of a snapshot file, and a server that could have sent it. */
async function snapshotBytes(): Promise<Buffer> {
  const source = await openStorage(new MemoryDisk())
  await appendAll(source, run(5, 1, 9))
  await source.writeSnapshot(snapshotAt(z(5, 6)))
  const chunks: Buffer[] = []
  for await (const chunk of (await source.readSnapshot())?.chunks ?? []) chunks.push(chunk)
  return Buffer.concat(chunks)
}

async function withOldHistory(disk: MemoryDisk): Promise<Storage> {
  const storage = await openStorage(disk)
  await storage.saveState({ ensembleId: 'e', promisedEpoch: 5, currentEpoch: 1 })
  await appendAll(storage, run(1, 1, 20))
  return storage
}

describe('replacement', () => {
  it('snapshot and records -> the new history and the new values at once, the old folder gone', async () => {
    const disk = new MemoryDisk()
    const storage = await withOldHistory(disk)
    const replacement = await storage.beginReplacement()
    const bytes = await snapshotBytes()
    for (let at = 0; at < bytes.length; at += 10)
      await replacement.addSnapshotBytes(bytes.subarray(at, at + 10))
    await replacement.appendRecords(recordsOf(run(5, 7, 3)))
    await replacement.appendRecords(recordsOf(run(5, 10, 2), z(5, 8)))
    expect(storage.lastZxid).toBe(z(1, 20))
    await replacement.commit({ currentEpoch: 5 })
    expect(storage.state).toMatchObject({ ensembleId: 'e', currentEpoch: 5 })
    const expected = { snapshot: stateAt(z(5, 6)), applied: run(5, 7, 2), pending: run(5, 9, 3) }
    expect(await recovered(storage)).toEqual(expected)
    expect(foldersOf(disk)).toEqual(['h-0002'])
    await replacement.abandon()
    await appendAll(storage, run(6, 1, 1))
    await storage.close()
    const again = await openStorage(disk)
    expect(await recovered(again)).toEqual({ ...expected, pending: [...expected.pending, ...run(6, 1, 1)] })
    expect(again.summary()).toEqual([
      { epoch: 5, lastCounter: 11 },
      { epoch: 6, lastCounter: 1 },
    ])
  })

  it('records only -> a history from the beginning', async () => {
    const disk = new MemoryDisk()
    const storage = await withOldHistory(disk)
    const replacement = await storage.beginReplacement()
    await replacement.appendRecords(recordsOf(run(2, 1, 3)))
    await replacement.commit({})
    expect([storage.logStartZxid, storage.lastZxid]).toEqual([0, z(2, 3)])
    expect(await readBack(storage)).toEqual(run(2, 1, 3))
  })

  it('records that tell of fewer committed transactions than are known here -> these stay known, also after a crash', async () => {
    const disk = new MemoryDisk()
    const storage = await withOldHistory(disk)
    storage.noteCommit(z(1, 15))
    const replacement = await storage.beginReplacement()
    await replacement.appendRecords(recordsOf(run(1, 1, 5)))
    await replacement.appendRecords(recordsOf(run(1, 6, 15), z(1, 3)))
    await replacement.commit({})
    expect(storage.commitZxid).toBe(z(1, 15))
    const expected = { snapshot: null, applied: run(1, 1, 15), pending: run(1, 16, 5) }
    expect(await recovered(storage)).toEqual(expected)
    const again = await openStorage(disk.kill())
    expect(again.commitZxid).toBe(z(1, 15))
    expect(await recovered(again)).toEqual(expected)
  })

  it('one that lacks what is known to be committed -> a broken invariant, and the old history stays', async () => {
    const disk = new MemoryDisk()
    const storage = await withOldHistory(disk)
    storage.noteCommit(z(1, 15))
    for (const zxids of [run(1, 1, 14), [...run(1, 1, 10), ...run(2, 1, 9)]]) {
      const replacement = await storage.beginReplacement()
      await replacement.appendRecords(recordsOf(zxids))
      await expect(replacement.commit({ currentEpoch: 2 })).rejects.toThrow(
        /is committed, and not in the history/,
      )
      expect(await readBack(storage)).toEqual(run(1, 1, 20))
      await replacement.abandon()
    }
    const again = await openStorage(disk.kill())
    expect([again.state.currentEpoch, again.lastZxid]).toEqual([1, z(1, 20)])
  })

  it('given up -> the old history, and nothing left of the new', async () => {
    const disk = new MemoryDisk()
    const storage = await withOldHistory(disk)
    const replacement = await storage.beginReplacement()
    await replacement.addSnapshotBytes(await snapshotBytes())
    await replacement.appendRecords(recordsOf(run(5, 7, 3)))
    await replacement.abandon()
    await expect(replacement.commit({})).rejects.toMatchObject({ code: 'RECEIVED' })
    expect(foldersOf(disk)).toEqual(['h-0001'])
    expect(await readBack(storage)).toEqual(run(1, 1, 20))
  })

  it('the switch fails when the state names the new history already -> given up, and a later start goes on with one of them', async () => {
    const disk = new MemoryDisk()
    const storage = await withOldHistory(disk)
    const replacement = await storage.beginReplacement()
    await replacement.appendRecords(recordsOf(run(5, 1, 3)))
    let renamed = false
    disk.fault = (operation, path) => {
      if (operation === 'rename' && path.includes('state')) renamed = true
      if (renamed && operation === 'syncFolder') throw failure('EIO', 'the disk failed')
    }
    await expect(replacement.commit({ currentEpoch: 5 })).rejects.toMatchObject({ code: 'IO' })
    await replacement.abandon()
    await storage.close()
    disk.fault = () => {}
    const again = await openStorage(disk)
    expect(again.state.currentEpoch).toBe(5)
    expect(await readBack(again)).toEqual(run(5, 1, 3))
    expect(foldersOf(disk)).toEqual(['h-0002'])
  })

  it('the process dies before the switch is durable, the next start clears up, the power fails -> one of both histories, whole', async () => {
    let kept = 0
    for (let seed = 1; seed <= 60; seed++) {
      const disk = new MemoryDisk()
      const storage = await withOldHistory(disk)
      const replacement = await storage.beginReplacement()
      await replacement.appendRecords(recordsOf(run(5, 1, 3)))
      disk.fault = (operation, path) => {
        if (operation === 'rename' && path.includes('state')) disk.crashAtStep = disk.steps + 1
      }
      await expect(replacement.commit({ currentEpoch: 5 })).rejects.toThrow()
      const next = disk.kill()
      next.crashAtStep = 1 + (seed % 12)
      await openStorage(next).catch(() => {})
      const left = await readBack(await openStorage(next.afterPowerLoss(drawFrom(seed))))
      const old = left.length === 20
      if (old) kept += 1
      expect(left, `seed ${seed}`).toEqual(old ? run(1, 1, 20) : run(5, 1, 3))
    }
    expect(kept).toBeGreaterThan(0)
  })

  it('what was built cannot be removed -> an IO error with the way out, as of any trouble of the disk', async () => {
    const disk = new MemoryDisk()
    const storage = await withOldHistory(disk)
    const replacement = await storage.beginReplacement()
    await replacement.appendRecords(recordsOf(run(5, 1, 3)))
    disk.fault = (operation) => {
      if (operation === 'remove') throw failure('EROFS', 'read-only file system')
    }
    await expect(replacement.abandon()).rejects.toMatchObject({
      code: 'IO',
      message: expect.stringMatching(/h-0002.* EROFS.* Way out: /),
    })
  })

  it('half built, then the process dies -> removed at the next start', async () => {
    const disk = new MemoryDisk()
    const storage = await withOldHistory(disk)
    const replacement = await storage.beginReplacement()
    await replacement.addSnapshotBytes(await snapshotBytes())
    await replacement.appendRecords(recordsOf(run(5, 7, 3)))
    const after = disk.kill()
    expect(foldersOf(after)).toEqual(['h-0001', 'h-0002'])
    expect(await readBack(await openStorage(after))).toEqual(run(1, 1, 20))
    expect(foldersOf(after)).toEqual(['h-0001'])
  })

  it('a damaged or incomplete snapshot, a gap, a changed record -> refused, and the old history stays', async () => {
    const bytes = await snapshotBytes()
    const changed = Buffer.from(bytes)
    changed.writeUInt8(0, 70)
    const wrongRecord = recordsOf(run(5, 7, 1))
    wrongRecord.writeUInt8(0, 25)
    for (const [snapshot, records] of [
      [changed, recordsOf(run(5, 7, 1))],
      [bytes.subarray(0, -1), recordsOf(run(5, 7, 1))],
      [bytes, recordsOf(run(5, 8, 1))],
      [bytes, wrongRecord],
    ] as const) {
      const disk = new MemoryDisk()
      const storage = await withOldHistory(disk)
      const replacement = await storage.beginReplacement()
      await replacement.addSnapshotBytes(snapshot)
      await expect(replacement.appendRecords(records)).rejects.toMatchObject({
        code: 'RECEIVED',
        message: expect.stringMatching(/^received .* Way out: give this history up/),
      })
      await expect(replacement.commit({})).rejects.toMatchObject({ code: 'RECEIVED' })
      await replacement.abandon()
      expect(storage.lastZxid).toBe(z(1, 20))
      expect(foldersOf(disk)).toEqual(['h-0001'])
    }
  })

  it('while a snapshot of the old history is being written -> that one is dropped', async () => {
    const disk = new MemoryDisk()
    const storage = await withOldHistory(disk)
    let goOn = (): void => {}
    const waiting = new Promise<void>((resolve) => {
      goOn = resolve
    })
    async function* slowly(): AsyncGenerator<Buffer> {
      yield Buffer.from('one')
      await waiting
      yield Buffer.from('two')
    }
    const written = storage.writeSnapshot({ zxid: z(1, 3), digest: 'd', chunks: slowly() })
    const replacement = await storage.beginReplacement()
    await replacement.appendRecords(recordsOf(run(2, 1, 3)))
    await replacement.commit({})
    goOn()
    await written
    expect(storage.snapshotZxid).toBe(0)
    expect([...disk.files().keys()].filter((path) => !path.endsWith('state'))).toEqual([
      `${folder}/h-0002/log.200000001`,
    ])
  })
})
