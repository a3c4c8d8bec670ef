import { crc32 } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { recordHeaderBytes } from '../../src/storage/record.ts'
import { segmentFormatVersion } from '../../src/storage/segment-format.ts'
import { stateFormatVersion } from '../../src/storage/state-file.ts'
import { StorageError } from '../../src/storage/storage.ts'
import {
  append,
  appendAll,
  folder,
  openStorage,
  type Recovered,
  readBack,
  recordOf,
  recovered,
  run,
  snapshotAt,
  z,
} from './helpers.ts'
import { MemoryDisk } from './memory-disk.ts'

const history = `${folder}/h-0001`

/** Everything that a server would serve and vote with. */
interface Seen extends Recovered {
  state: unknown
  summary: unknown
  log: number[]
}

async function see(disk: MemoryDisk): Promise<Seen> {
  const storage = await openStorage(disk)
  return {
    ...(await recovered(storage)),
    state: storage.state,
    summary: storage.summary(),
    log: await readBack(storage, storage.snapshotZxid),
  }
}

/** What a start on changed files comes to: what it saw, or the code of its refusal. Anything else fails the test. */
async function startOn(files: ReadonlyMap<string, Buffer>): Promise<Seen | string> {
  try {
    return await see(MemoryDisk.from(files))
  } catch (error) {
    if (error instanceof StorageError) return error.code
    throw error
  }
}

/** A small server folder with three segments, a snapshot and a state file, ended in an orderly way. */
async function orderly(): Promise<MemoryDisk> {
  const disk = new MemoryDisk()
  const storage = await openStorage(disk, { segmentBytesMax: 150 })
  await storage.saveState({ ensembleId: 'e', promisedEpoch: 2, promisedTo: 2, currentEpoch: 2 })
  for (const zxid of [...run(1, 1, 3), ...run(2, 1, 4)]) await appendAll(storage, [zxid], z(2, 2))
  await storage.writeSnapshot(snapshotAt(z(1, 3)))
  await storage.close()
  return disk
}

describe('damage: an orderly ended server', () => {
  it.each(['state', 'h-0001/snapshot.', 'h-0001/log.'])(
    'any bit of %s flipped -> the exact state, or a refusal',
    async (name) => {
      const files = (await orderly()).files()
      const right = await startOn(files)
      const withoutSnapshot = new Map(files)
      withoutSnapshot.delete(`${history}/snapshot.100000003`)
      const fromLog = await startOn(withoutSnapshot)
      let refused = 0
      for (const [path, bytes] of files) {
        if (!path.startsWith(`${folder}/${name}`)) continue
        for (let i = 0; i < bytes.length; i++) {
          const flipped = Buffer.from(bytes)
          flipped[i] = (bytes[i] ?? 0) ^ (1 << (i % 8))
          const seen = await startOn(new Map(files).set(path, flipped))
          if (typeof seen === 'string') {
            expect(seen).toBe('DAMAGED')
            refused += 1
          } else expect(seen).toEqual(name.includes('snapshot') ? fromLog : right)
        }
      }
      // The log is whole, so a damaged snapshot is made good by reading the log from its beginning.
      if (name.includes('snapshot')) expect(refused).toBe(0)
      else expect(refused).toBeGreaterThan(50)
    },
  )

  it('any file cut anywhere -> a refusal; only cut at its end, a log is a shorter one that still holds what is known to be committed', async () => {
    const files = (await orderly()).files()
    const right = await startOn(files)
    if (typeof right === 'string') throw new Error(right)
    const last = [...files.keys()].filter((path) => path.includes('/log.')).at(-1)
    for (const [path, bytes] of files)
      for (let size = 0; size < bytes.length; size++) {
        const seen = await startOn(new Map(files).set(path, bytes.subarray(0, size)))
        if (typeof seen === 'string') expect(seen).toBe('DAMAGED')
        else if (path === last) expect(right.log.slice(0, seen.log.length)).toEqual(seen.log)
        else if (path.includes('snapshot'))
          expect(seen).toMatchObject({ state: right.state, summary: right.summary })
        else expect(seen).toEqual(right)
      }
  })

  it('any file missing -> the exact state, a refusal, or without the last segment a shorter log', async () => {
    const files = (await orderly()).files()
    const right = await startOn(files)
    if (typeof right === 'string') throw new Error(right)
    const last = [...files.keys()].filter((path) => path.includes('/log.')).at(-1)
    for (const path of files.keys()) {
      const left = new Map(files)
      left.delete(path)
      const seen = await startOn(left)
      if (typeof seen === 'string') expect(seen).toBe('DAMAGED')
      else if (path === last) expect(right.log.slice(0, seen.log.length)).toEqual(seen.log)
      else if (path.includes('snapshot')) expect(seen.summary).toEqual(right.summary)
      else expect(seen).toEqual(right)
    }
  })

  it('a snapshot damaged, and the log does not reach back -> DAMAGED, and the file is left as it is', async () => {
    const disk = new MemoryDisk()
    const storage = await openStorage(disk, { segmentBytesMax: 1, snapshotsKept: 1 })
    for (const zxid of run(1, 1, 5)) await appendAll(storage, [zxid])
    await storage.writeSnapshot(snapshotAt(z(1, 4)))
    await storage.close()
    const path = `${history}/snapshot.100000004`
    const files = disk.files()
    files.get(path)?.writeUInt8(0, 60)
    const damagedDisk = MemoryDisk.from(files)
    await expect(openStorage(damagedDisk)).rejects.toMatchObject({
      code: 'DAMAGED',
      message: expect.stringMatching(
        /found the log to begin behind zxid 0x100000004, expected .*Way out: .*empty its data/,
      ),
    })
    expect(damagedDisk.files().has(path)).toBe(true)
  })

  it('a log cut back behind its newest snapshot -> DAMAGED', async () => {
    const disk = new MemoryDisk()
    const storage = await openStorage(disk, { segmentBytesMax: 1 })
    for (const zxid of run(1, 1, 5)) await appendAll(storage, [zxid])
    await storage.writeSnapshot(snapshotAt(z(1, 5)))
    await storage.close()
    await disk.removeFile(`${history}/log.100000005`)
    await expect(openStorage(disk)).rejects.toMatchObject({ code: 'DAMAGED' })
  })

  it('the newest snapshot damaged and the log cut back behind it -> DAMAGED, not a silent step back', async () => {
    const disk = new MemoryDisk()
    const storage = await openStorage(disk, { segmentBytesMax: 1 })
    for (const zxid of run(1, 1, 5)) await appendAll(storage, [zxid])
    await storage.writeSnapshot(snapshotAt(z(1, 2)))
    await storage.writeSnapshot(snapshotAt(z(1, 4)))
    await storage.close()
    const files = disk.files()
    files.get(`${history}/snapshot.100000004`)?.writeUInt8(0, 60)
    expect(await startOn(files)).toMatchObject({ snapshot: 'state at 100000002' })
    files.delete(`${history}/log.100000004`)
    files.delete(`${history}/log.100000005`)
    expect(await startOn(files)).toBe('DAMAGED')
  })

  it('a snapshot of a transaction that the log does not have -> DAMAGED', async () => {
    const other = new MemoryDisk()
    const source = await openStorage(other)
    await appendAll(source, run(1, 1, 9))
    await source.writeSnapshot(snapshotAt(z(1, 9)))
    const files = (await orderly()).files()
    const stray = `${history}/snapshot.100000009`
    files.set(stray, other.files().get(stray) ?? Buffer.alloc(0))
    expect(await startOn(files)).toBe('DAMAGED')
  })

  it.each(['state', 'log', 'snapshot'])('%s of a newer format -> NEWER_FORMAT', async (kind) => {
    const files = (await orderly()).files()
    if (kind === 'state') {
      const text =
        files
          .get(`${folder}/state`)
          ?.toString()
          .split('crc32')[0]
          ?.replace(`sion": ${stateFormatVersion}`, `sion": ${stateFormatVersion + 1}`) ?? ''
      files.set(`${folder}/state`, Buffer.from(`${text}crc32 ${crc32(text).toString(16).padStart(8, '0')}\n`))
    }
    if (kind === 'log') setLogVersion(files, segmentFormatVersion + 1)
    if (kind === 'snapshot') {
      const bytes = files.get(`${history}/snapshot.100000003`) ?? Buffer.alloc(0)
      const end = 16 + bytes.readUInt32BE(12)
      bytes.writeUInt32BE(2, 8)
      bytes.writeUInt32BE(crc32(bytes.subarray(0, end)), end)
    }
    expect(await startOn(files)).toBe('NEWER_FORMAT')
  })

  it('a log of an older format, whose transactions read otherwise -> OLDER_FORMAT', async () => {
    const files = (await orderly()).files()
    setLogVersion(files, segmentFormatVersion - 1)
    expect(await startOn(files)).toBe('OLDER_FORMAT')
  })

  function setLogVersion(files: Map<string, Buffer>, version: number): void {
    const bytes = files.get(`${history}/log.100000001`) ?? Buffer.alloc(0)
    bytes.writeUInt32BE(version, 8)
    bytes.writeUInt32BE(crc32(bytes.subarray(16, 32), crc32(bytes.subarray(8, 12))), 12)
  }
})

describe('damage: the end of the log', () => {
  /** A process killed behind its last sync: no closing mark. Groups of 1, 3 and 3 records. */
  async function killed(): Promise<{ files: Map<string, Buffer>; path: string }> {
    const disk = new MemoryDisk()
    const storage = await openStorage(disk, { segmentBytesMax: 1e6, preallocateBytes: 500 })
    await appendAll(storage, run(1, 1, 1))
    await appendAll(storage, run(1, 2, 3))
    await appendAll(storage, run(1, 5, 3))
    return { files: disk.files(), path: `${history}/log.100000001` }
  }

  const placeOf = (bytes: Buffer, counter: number): number => {
    const at = bytes.indexOf(recordOf(z(1, counter)))
    if (at < 0) throw new Error(`no record ${counter}`)
    return at
  }

  it('nothing wrong -> all of it', async () => {
    const { files } = await killed()
    expect((await see(MemoryDisk.from(files))).log).toEqual(run(1, 1, 7))
  })

  it('a sector of the last group lost, later ones of it kept -> the log ends in front of it, for good', async () => {
    const { files, path } = await killed()
    const bytes = files.get(path) ?? Buffer.alloc(0)
    const lost = placeOf(bytes, 6)
    bytes.fill(0, lost, lost + 10)
    const disk = MemoryDisk.from(files)
    const storage = await openStorage(disk, { preallocateBytes: 0, segmentBytesMax: 1e6 })
    expect(await readBack(storage)).toEqual(run(1, 1, 5))
    // With its mark, this one ends just where the lost one ended. What stood behind it must not come back to life.
    const markBytes = 40
    const shorter = Buffer.alloc(recordOf(z(1, 6)).length - recordHeaderBytes - markBytes)
    await append(storage, recordOf(z(1, 6), 0, shorter), z(1, 6))
    expect((await openStorage(disk.kill())).lastZxid).toBe(z(1, 6))
  })

  it('the mark of the last group lost -> the log ends in front of the group', async () => {
    const { files, path } = await killed()
    const bytes = files.get(path) ?? Buffer.alloc(0)
    bytes.fill(0, placeOf(bytes, 5) - 40, placeOf(bytes, 5) - 30)
    expect((await see(MemoryDisk.from(files))).log).toEqual(run(1, 1, 4))
  })

  it('a record lost that a later group vouches for -> DAMAGED, naming file, offset and the way out', async () => {
    const { files, path } = await killed()
    const bytes = files.get(path) ?? Buffer.alloc(0)
    const lost = placeOf(bytes, 3)
    bytes.fill(0, lost, lost + 10)
    await expect(openStorage(MemoryDisk.from(files))).rejects.toMatchObject({
      code: 'DAMAGED',
      message: expect.stringMatching(
        `${path}, offset ${lost}: found an unsound record behind zxid 0x100000002, .*expected a sound one. Way out: .*empty its data directory`,
      ),
    })
  })

  it('the header lost with only the first group behind it -> nothing was acknowledged; with more -> DAMAGED', async () => {
    const { files, path } = await killed()
    const bytes = files.get(path) ?? Buffer.alloc(0)
    bytes.fill(0, 0, 10)
    await expect(openStorage(MemoryDisk.from(files))).rejects.toMatchObject({ code: 'DAMAGED' })
    const secondMark = placeOf(bytes, 2) - 40
    const seen = await see(MemoryDisk.from(new Map(files).set(path, bytes.subarray(0, secondMark))))
    expect(seen.log).toEqual([])
  })

  it('a transaction whose data look like a mark, torn -> not taken for one', async () => {
    const { files, path } = await killed()
    const bytes = files.get(path) ?? Buffer.alloc(0)
    const mark = Buffer.from(bytes.subarray(placeOf(bytes, 5) - 40, placeOf(bytes, 5)))
    const lost = placeOf(bytes, 6)
    bytes.fill(0, lost, lost + 10)
    mark.copy(bytes, lost + 24)
    expect((await see(MemoryDisk.from(files))).log).toEqual(run(1, 1, 5))
  })

  it('a sound record that does not follow -> DAMAGED, even in the last group', async () => {
    const { files, path } = await killed()
    const bytes = files.get(path) ?? Buffer.alloc(0)
    const at = placeOf(bytes, 6)
    const stray = recordOf(z(1, 7), 0, Buffer.alloc(recordOf(z(1, 6)).length - 24))
    stray.copy(bytes, at)
    await expect(openStorage(MemoryDisk.from(files))).rejects.toMatchObject({
      code: 'DAMAGED',
      message: expect.stringContaining('found the record of zxid 0x100000007'),
    })
  })

  it('a rolled segment damaged at its end, the next one torn at its beginning -> DAMAGED: the next was begun behind a sync', async () => {
    const disk = new MemoryDisk()
    const storage = await openStorage(disk, { segmentBytesMax: 100 })
    await appendAll(storage, run(1, 1, 3))
    await appendAll(storage, run(1, 4, 1))
    const files = disk.files()
    files.get(`${history}/log.100000004`)?.fill(0)
    expect(await startOn(files)).toMatchObject({ log: run(1, 1, 3) })
    const bytes = files.get(`${history}/log.100000001`) ?? Buffer.alloc(0)
    bytes.fill(0, placeOf(bytes, 3))
    expect(await startOn(files)).toBe('DAMAGED')
  })

  it('a rolled segment that ends too early, in front of a new epoch -> DAMAGED', async () => {
    const disk = new MemoryDisk()
    const storage = await openStorage(disk, { segmentBytesMax: 200 })
    for (const zxid of [...run(1, 1, 3), ...run(2, 1, 2)]) await appendAll(storage, [zxid])
    await storage.close()
    const files = disk.files()
    const path = [...files.keys()].filter((name) => name.includes('/log.1'))[0] ?? ''
    const bytes = files.get(path) ?? Buffer.alloc(0)
    const second = placeOf(bytes, 2)
    const cut = bytes.subarray(0, second - 40)
    expect(await startOn(new Map(files).set(path, cut))).toBe('DAMAGED')
  })
})
