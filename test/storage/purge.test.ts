import { describe, expect, it } from 'vitest'
import { silentLog } from '../../src/runtime/log.ts'
import { purgeable } from '../../src/storage/purge.ts'
import {
  appendAll,
  folder,
  openStorage,
  readBack,
  recovered,
  run,
  snapshotAt,
  stateAt,
  z,
} from './helpers.ts'
import { MemoryDisk } from './memory-disk.ts'

const nobody = { snapshotsRead: new Set<number>(), logReadAfter: Number.POSITIVE_INFINITY }
const segments = [{ last: 10 }, { last: 20 }, { last: 30 }, { last: 40 }]

describe('purge: what may go', () => {
  it('fewer snapshots than are kept -> nothing', () => {
    expect(purgeable({ snapshots: [15, 35], segments, snapshotsKept: 3, ...nobody })).toEqual({
      snapshots: [],
      segments: 0,
    })
  })

  it('more -> the oldest ones, and the segments that the oldest kept one covers', () => {
    expect(purgeable({ snapshots: [5, 15, 20, 35], segments, snapshotsKept: 2, ...nobody })).toEqual({
      snapshots: [5, 15],
      segments: 2,
    })
    expect(purgeable({ snapshots: [5, 15, 19, 35], segments, snapshotsKept: 2, ...nobody }).segments).toBe(1)
  })

  it('the segment that is being written -> stays, covered or not', () => {
    expect(purgeable({ snapshots: [40], segments, snapshotsKept: 1, ...nobody }).segments).toBe(3)
  })

  it('somebody reads -> what is read stays', () => {
    const view = { snapshots: [5, 15, 35], segments, snapshotsKept: 1 }
    expect(purgeable({ ...view, ...nobody, logReadAfter: 12 }).segments).toBe(1)
    expect(purgeable({ ...view, ...nobody, logReadAfter: 10 }).segments).toBe(1)
    expect(purgeable({ ...view, ...nobody, snapshotsRead: new Set([5]) }).snapshots).toEqual([15])
  })
})

describe('purge: of a folder', () => {
  it('snapshot after snapshot -> as many as are kept; the log reaches back to the oldest of them, and any of them will do', async () => {
    const disk = new MemoryDisk()
    const storage = await openStorage(disk, { segmentBytesMax: 1 })
    for (const zxid of run(1, 1, 20)) {
      await appendAll(storage, [zxid])
      storage.noteCommit(zxid)
      if (zxid % 4 === 0) await storage.writeSnapshot(snapshotAt(zxid))
    }
    expect(storage.logStartZxid).toBe(z(1, 12))
    expect(await readBack(storage)).toEqual(run(1, 13, 8))
    await storage.close()
    for (const [bad, expected] of [
      [[], 20],
      [[20], 16],
      [[20, 16], 12],
    ] as const) {
      const files = disk.files()
      for (const counter of bad)
        files.get(`${folder}/h-0001/snapshot.${z(1, counter).toString(16)}`)?.fill(0, 50, 60)
      const again = await openStorage(MemoryDisk.from(files))
      expect(await recovered(again)).toEqual({
        snapshot: stateAt(z(1, expected)),
        applied: run(1, expected + 1, 20 - expected),
        pending: [],
      })
    }
  })

  it('while the log is read -> the reader gets all of it, and the next purge takes what it left', async () => {
    const disk = new MemoryDisk()
    const storage = await openStorage(disk, { segmentBytesMax: 1, snapshotsKept: 1 })
    for (const zxid of run(1, 1, 8)) await appendAll(storage, [zxid])
    const reader = storage.readRecords(z(1, 2), z(1, 8))
    const first = await reader.next()
    expect(first.done).toBe(false)
    await storage.writeSnapshot(snapshotAt(z(1, 7)))
    expect(storage.logStartZxid).toBe(z(1, 2))
    let batches = 1
    for await (const _batch of reader) batches += 1
    expect(batches).toBe(6)
    await storage.writeSnapshot(snapshotAt(z(1, 8)))
    expect(storage.logStartZxid).toBe(z(1, 7))
  })

  it('while a snapshot is sent -> it stays until it is sent', async () => {
    const disk = new MemoryDisk()
    const storage = await openStorage(disk, { snapshotsKept: 1 })
    await appendAll(storage, run(1, 1, 8))
    await storage.writeSnapshot(snapshotAt(z(1, 5)))
    const sent = await storage.readSnapshot()
    await storage.writeSnapshot(snapshotAt(z(1, 6)))
    const names = (): string[] => [...disk.files().keys()].filter((path) => path.includes('snapshot'))
    expect(names().length).toBe(2)
    for await (const _chunk of sent?.chunks ?? []) {
      // Only to the end.
    }
    await storage.writeSnapshot(snapshotAt(z(1, 7)))
    expect(names().length).toBe(2)
    await sent?.release()
    await storage.writeSnapshot(snapshotAt(z(1, 8)))
    expect(names()).toEqual([`${folder}/h-0001/snapshot.100000008`])
  })

  it('between a snapshot that is sent and the log behind it -> the log still reaches back to the snapshot', async () => {
    const storage = await openStorage(new MemoryDisk(), { snapshotsKept: 1, segmentBytesMax: 1 })
    for (const zxid of run(1, 1, 5)) await appendAll(storage, [zxid])
    await storage.writeSnapshot(snapshotAt(z(1, 5)))
    const sent = await storage.readSnapshot()
    for (const zxid of run(1, 6, 4)) await appendAll(storage, [zxid])
    await storage.writeSnapshot(snapshotAt(z(1, 8)))
    expect(await readBack(storage, z(1, 5))).toEqual(run(1, 6, 4))
    await sent?.release()
    await storage.writeSnapshot(snapshotAt(z(1, 9)))
    expect(storage.logStartZxid).toBe(z(1, 8))
  })

  it('between the decision to send the log and its first read -> what is to be sent stays', async () => {
    const storage = await openStorage(new MemoryDisk(), { snapshotsKept: 1, segmentBytesMax: 1 })
    for (const zxid of run(1, 1, 9)) await appendAll(storage, [zxid])
    const letGo = storage.keepLog(z(1, 2))
    await storage.writeSnapshot(snapshotAt(z(1, 7)))
    expect(await readBack(storage, z(1, 2))).toEqual(run(1, 3, 7))
    letGo()
    await storage.writeSnapshot(snapshotAt(z(1, 8)))
    expect(storage.logStartZxid).toBe(z(1, 8))
  })

  it('the log is asked for while the purge removes a snapshot -> it is not dropped behind the question', async () => {
    const disk = new MemoryDisk()
    const storage = await openStorage(disk, { snapshotsKept: 1, segmentBytesMax: 1 })
    for (const zxid of run(1, 1, 9)) await appendAll(storage, [zxid])
    await storage.writeSnapshot(snapshotAt(z(1, 2)))
    let letGo: (() => void) | null = null
    disk.fault = (operation, path) => {
      if (operation === 'remove' && path.includes('snapshot.')) letGo = storage.keepLog(z(1, 3))
    }
    await storage.writeSnapshot(snapshotAt(z(1, 7)))
    expect(letGo).not.toBeNull()
    expect(await readBack(storage, z(1, 3))).toEqual(run(1, 4, 6))
  })
})

describe('purge: a file that cannot be removed', () => {
  it('in the middle of the log -> said as what it is, the snapshot counts; the next purge goes on there and leaves no hole', async () => {
    const disk = new MemoryDisk()
    const errors: string[] = []
    const log = { ...silentLog, error: (message: string) => void errors.push(message) }
    const storage = await openStorage(disk, { snapshotsKept: 1, segmentBytesMax: 1, log })
    for (const zxid of run(1, 1, 9)) await appendAll(storage, [zxid])
    disk.fault = (operation, path) => {
      if (operation === 'remove' && path.endsWith('log.100000003')) throw new Error('EIO: no luck')
    }
    await storage.writeSnapshot(snapshotAt(z(1, 5)))
    expect(errors).toEqual([
      expect.stringMatching(
        /^removing what a newer snapshot has made needless in .*h-0001 failed: EIO: no luck/,
      ),
    ])
    expect(storage.snapshotZxid).toBe(z(1, 5))
    disk.fault = () => {}
    await storage.writeSnapshot(snapshotAt(z(1, 8)))
    expect(errors).toHaveLength(1)
    await storage.close()
    const again = await openStorage(MemoryDisk.from(disk.files()))
    expect(again.logStartZxid).toBe(z(1, 8))
    expect(await readBack(again)).toEqual([z(1, 9)])
  })

  it('an old snapshot, of which only the answer was lost -> the next purge does not stumble over it', async () => {
    const disk = new MemoryDisk()
    const errors: string[] = []
    const log = { ...silentLog, error: (message: string) => void errors.push(message) }
    const storage = await openStorage(disk, { snapshotsKept: 1, log })
    for (const zxid of run(1, 1, 9)) await appendAll(storage, [zxid])
    await storage.writeSnapshot(snapshotAt(z(1, 4)))
    const { removeFile } = disk
    disk.removeFile = async (path) => {
      await removeFile.call(disk, path)
      throw new Error('EIO: who knows')
    }
    await storage.writeSnapshot(snapshotAt(z(1, 6)))
    disk.removeFile = removeFile
    await storage.writeSnapshot(snapshotAt(z(1, 8)))
    expect(errors).toHaveLength(1)
    expect([...disk.files().keys()].filter((path) => path.includes('snapshot.'))).toEqual([
      `${folder}/h-0001/snapshot.100000008`,
    ])
  })
})

describe('a snapshot for a follower', () => {
  it('damaged on this disk -> DAMAGED here, and not a byte of the damaged piece is given out', async () => {
    const disk = new MemoryDisk()
    const storage = await openStorage(disk)
    await appendAll(storage, run(1, 1, 8))
    await storage.writeSnapshot(snapshotAt(z(1, 5)))
    await storage.close()
    const path = `${folder}/h-0001/snapshot.100000005`
    const bytes = disk.files().get(path) ?? Buffer.alloc(0)
    let refused = 0
    for (let at = 0; at < bytes.length; at++) {
      const started = MemoryDisk.from(disk.files())
      const sender = await openStorage(started)
      const file = await started.open(path, { create: false })
      await file.write([Buffer.from([(bytes[at] ?? 0) ^ 4])], at)
      const sent = await sender.readSnapshot()
      const given: Buffer[] = []
      const send = async (): Promise<void> => {
        for await (const piece of sent?.chunks ?? []) given.push(piece)
      }
      await expect(send(), `byte ${at}`).rejects.toMatchObject({ code: 'DAMAGED', damage: { path } })
      expect(bytes.subarray(0, Buffer.concat(given).length).equals(Buffer.concat(given))).toBe(true)
      await sent?.release()
      refused++
    }
    expect(refused).toBe(bytes.length)
  })
})
