import { describe, expect, it } from 'vitest'
import { BrokenInvariant } from '../../src/runtime/assert.ts'
import { silentLog } from '../../src/runtime/log.ts'
import {
  append,
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
import { failure, MemoryDisk } from './memory-disk.ts'

describe('storage: open', () => {
  it('empty folder -> an empty history that belongs to no ensemble', async () => {
    const storage = await openStorage(new MemoryDisk())
    expect(storage.state).toEqual({
      ensembleId: null,
      founded: false,
      promisedEpoch: 0,
      promisedTo: null,
      currentEpoch: 0,
    })
    expect([storage.lastZxid, storage.commitZxid, storage.logStartZxid, storage.snapshotZxid]).toEqual([
      0, 0, 0, 0,
    ])
    expect(storage.summary()).toEqual([])
    expect(await storage.readSnapshot()).toBeNull()
    expect(await recovered(storage)).toEqual({ snapshot: null, applied: [], pending: [] })
  })

  it('a folder with data of ZooKeeper -> one warning when the history begins, and the data is left alone', async () => {
    const disk = new MemoryDisk()
    await disk.makeFolder(`${folder}/version-2`)
    const lines: string[] = []
    const log = { ...silentLog, warn: (line: string) => lines.push(line) }
    for (let start = 0; start < 2; start++) await (await openStorage(disk, { log })).close()
    expect(lines).toEqual([
      `found data of Apache ZooKeeper in ${folder}/version-2: it is not read, this server begins with nothing. ` +
        'To bring it over, copy it with a client from a running ZooKeeper.',
    ])
    expect(await disk.list(folder)).toContain('version-2')
  })

  it('closed and opened again -> the same state and history', async () => {
    const disk = new MemoryDisk()
    const first = await openStorage(disk)
    await first.saveState({ ensembleId: 'e', promisedEpoch: 2, promisedTo: 3, currentEpoch: 2 })
    await appendAll(first, [...run(1, 1, 5), ...run(2, 1, 20)], z(2, 18))
    await first.close()
    const storage = await openStorage(disk)
    expect(storage.state).toEqual({
      ensembleId: 'e',
      founded: false,
      promisedEpoch: 2,
      promisedTo: 3,
      currentEpoch: 2,
    })
    expect(storage.summary()).toEqual([
      { epoch: 1, lastCounter: 5 },
      { epoch: 2, lastCounter: 20 },
    ])
    expect(storage.commitZxid).toBe(z(2, 18))
    expect(await recovered(storage)).toEqual({
      snapshot: null,
      applied: [...run(1, 1, 5), ...run(2, 1, 18)],
      pending: run(2, 19, 2),
    })
  })

  it('a commit point that only this server heard of -> known after an orderly end', async () => {
    const disk = new MemoryDisk()
    const first = await openStorage(disk)
    await appendAll(first, run(1, 1, 5))
    first.noteCommit(z(1, 4))
    await first.close()
    expect((await openStorage(disk)).commitZxid).toBe(z(1, 4))
  })

  it('another process has the folder -> LOCKED, naming the holder; free again after close', async () => {
    const disk = new MemoryDisk()
    const first = await openStorage(disk)
    await expect(openStorage(disk)).rejects.toMatchObject({
      code: 'LOCKED',
      message: expect.stringContaining('process 4711'),
    })
    await first.close()
    await (await openStorage(disk)).close()
  })

  it('the folder of another server -> WRONG_SERVER, and the lock is let go', async () => {
    const disk = new MemoryDisk()
    await (await openStorage(disk)).close()
    await expect(openStorage(disk, { serverId: 2 })).rejects.toMatchObject({
      code: 'WRONG_SERVER',
      message: expect.stringMatching(/server 1, expected server 2/),
    })
    await openStorage(disk)
  })

  it('a history without its state file -> DAMAGED, not a fresh start', async () => {
    const disk = new MemoryDisk()
    const first = await openStorage(disk)
    await appendAll(first, run(1, 1, 3))
    await first.close()
    await disk.removeFile(`${folder}/state`)
    await expect(openStorage(disk)).rejects.toMatchObject({ code: 'DAMAGED' })
  })

  it('the named history folder is missing -> DAMAGED', async () => {
    const disk = new MemoryDisk()
    await (await openStorage(disk)).close()
    await disk.removeFolder(`${folder}/h-0001`)
    await expect(openStorage(disk)).rejects.toMatchObject({ code: 'DAMAGED' })
  })

  it('the log removed although the state knows it was durable -> DAMAGED', async () => {
    const disk = new MemoryDisk()
    const first = await openStorage(disk)
    await appendAll(first, run(1, 1, 3))
    first.noteCommit(z(1, 2))
    await first.saveState({ promisedEpoch: 2 })
    await first.close()
    await disk.removeFile(`${folder}/h-0001/log.100000001`)
    await expect(openStorage(disk)).rejects.toMatchObject({
      code: 'DAMAGED',
      message: expect.stringMatching(
        /found a history that ends at the beginning, expected .*0x100000002.*Way out/,
      ),
    })
  })
})

describe('storage: saveState', () => {
  it('several at once -> serialised, each on top of the one before', async () => {
    const disk = new MemoryDisk()
    const storage = await openStorage(disk)
    await Promise.all([
      storage.saveState({ promisedEpoch: 3, promisedTo: 2 }),
      storage.saveState({ ensembleId: 'e' }),
      storage.saveState({ currentEpoch: 3 }),
    ])
    await storage.close()
    const { state } = await openStorage(disk)
    expect(state).toEqual({
      ensembleId: 'e',
      founded: false,
      promisedEpoch: 3,
      promisedTo: 2,
      currentEpoch: 3,
    })
  })

  it('not yet durable -> not shown', async () => {
    const storage = await openStorage(new MemoryDisk())
    const saved = storage.saveState({ promisedEpoch: 3 })
    expect(storage.state.promisedEpoch).toBe(0)
    await saved
    expect(storage.state.promisedEpoch).toBe(3)
  })

  it('a founded ensemble exchanged -> WRONG_SERVER; epochs going down -> broken invariant; neither is written', async () => {
    const storage = await openStorage(new MemoryDisk())
    await storage.saveState({ ensembleId: 'provisional', promisedEpoch: 3, currentEpoch: 2 })
    await storage.saveState({ ensembleId: 'e', founded: true })
    await expect(storage.saveState({ ensembleId: 'f' })).rejects.toMatchObject({ code: 'WRONG_SERVER' })
    await expect(storage.saveState({ founded: false })).rejects.toThrow(BrokenInvariant)
    await expect(storage.saveState({ promisedEpoch: 2 })).rejects.toThrow(BrokenInvariant)
    await expect(storage.saveState({ currentEpoch: 4 })).rejects.toThrow(BrokenInvariant)
    expect(storage.state).toMatchObject({ ensembleId: 'e', founded: true, promisedEpoch: 3, currentEpoch: 2 })
  })

  it('the disk fails while it is closed -> IO, and no file stays open', async () => {
    const disk = new MemoryDisk()
    let opened = 0
    const open = disk.open.bind(disk)
    disk.open = async (path, options) => {
      const file = await open(path, options)
      opened += 1
      return {
        ...file,
        close: () => {
          opened -= 1
          return file.close()
        },
      }
    }
    const storage = await openStorage(disk)
    await appendAll(storage, run(1, 1, 3))
    disk.fault = (operation) => {
      if (operation === 'write') throw failure('ENOSPC', 'no space left')
    }
    await expect(storage.close()).rejects.toMatchObject({ code: 'IO' })
    expect(opened).toBe(0)
  })

  it('the disk fails -> IO, and nothing is acknowledged any more', async () => {
    const disk = new MemoryDisk()
    const storage = await openStorage(disk)
    disk.fault = (operation, path) => {
      if (operation === 'sync' && path.includes('state')) throw failure('EIO', 'broken')
    }
    await expect(storage.saveState({ promisedEpoch: 1 })).rejects.toMatchObject({
      code: 'IO',
      message: expect.stringContaining('data/1/state failed: EIO'),
    })
    disk.fault = () => {}
    await expect(storage.saveState({ promisedEpoch: 1 })).rejects.toMatchObject({ code: 'IO' })
    await expect(append(storage, recordsOf([z(1, 1)]), z(1, 1))).rejects.toMatchObject({ code: 'IO' })
    expect(storage.state.promisedEpoch).toBe(0)
  })
})

describe('storage: snapshots', () => {
  it('written and recovered -> state from it, then the log behind it', async () => {
    const disk = new MemoryDisk()
    const first = await openStorage(disk)
    await appendAll(first, run(1, 1, 9))
    first.noteCommit(z(1, 7))
    await first.writeSnapshot(snapshotAt(z(1, 5)))
    expect(first.snapshotZxid).toBe(z(1, 5))
    await first.close()
    const storage = await openStorage(disk)
    expect(await recovered(storage)).toEqual({
      snapshot: stateAt(z(1, 5)),
      applied: run(1, 6, 2),
      pending: run(1, 8, 2),
    })
    expect(storage.summary()).toEqual([{ epoch: 1, lastCounter: 9 }])
  })

  it('the disk refuses to read it -> IO, naming the file and the way out', async () => {
    const disk = new MemoryDisk()
    const first = await openStorage(disk)
    await appendAll(first, run(1, 1, 5))
    await first.writeSnapshot(snapshotAt(z(1, 3)))
    const open = disk.open.bind(disk)
    disk.open = async (path, options) => {
      const file = await open(path, options)
      if (!path.includes('snapshot.')) return file
      return { ...file, read: () => Promise.reject(failure('EIO', 'the disk failed')) }
    }
    await expect(recovered(first)).rejects.toMatchObject({
      code: 'IO',
      message: expect.stringMatching(/snapshot\.100000003 failed: EIO.* Way out: /),
    })
  })

  it('ahead of what is durable here -> finished only when the log has caught up', async () => {
    const disk = new MemoryDisk()
    const storage = await openStorage(disk)
    let release = (): void => {}
    disk.held = {
      path: '/log.',
      release: new Promise((resolve) => {
        release = resolve
      }),
    }
    const appended = append(storage, recordsOf(run(1, 1, 3)), z(1, 3))
    const written = storage.writeSnapshot(snapshotAt(z(1, 3)))
    for (let i = 0; i < 200; i++) await Promise.resolve()
    const names = (): string[] => [...disk.files().keys()].filter((path) => path.includes('snapshot'))
    expect(names()).toEqual([`${folder}/h-0001/snapshot.100000003.tmp`])
    release()
    await Promise.all([appended, written])
    expect(names()).toEqual([`${folder}/h-0001/snapshot.100000003`])
  })

  it('no room for it -> IO, no trace of it, and the log goes on', async () => {
    const disk = new MemoryDisk()
    const storage = await openStorage(disk)
    await appendAll(storage, run(1, 1, 3))
    disk.fault = (operation, path) => {
      if (operation === 'write' && path.includes('snapshot')) throw failure('ENOSPC', 'no space left')
    }
    await expect(storage.writeSnapshot(snapshotAt(z(1, 3)))).rejects.toMatchObject({
      code: 'IO',
      message: expect.stringMatching(/snapshot\.100000003 failed: ENOSPC.*make room/),
    })
    disk.fault = () => {}
    expect([...disk.files().keys()].filter((path) => path.includes('snapshot'))).toEqual([])
    await appendAll(storage, run(1, 4, 1))
    await storage.writeSnapshot(snapshotAt(z(1, 4)))
    expect(storage.snapshotZxid).toBe(z(1, 4))
  })

  it('for a follower -> the bytes of the file, from which it recovers the same state', async () => {
    const storage = await openStorage(new MemoryDisk())
    await appendAll(storage, run(1, 1, 9))
    await storage.writeSnapshot(snapshotAt(z(1, 5)))
    const follower = await openStorage(new MemoryDisk())
    const replacement = await follower.beginReplacement()
    const snapshot = await storage.readSnapshot()
    let bytes = 0
    for await (const chunk of snapshot?.chunks ?? []) {
      bytes += chunk.length
      await replacement.addSnapshotBytes(chunk)
    }
    expect(bytes).toBe(snapshot?.bytes)
    await replacement.commit({})
    expect(follower.summary()).toEqual([{ epoch: 1, lastCounter: 5 }])
    expect((await recovered(follower)).snapshot).toBe(stateAt(z(1, 5)))
    await appendAll(follower, run(1, 6, 2))
    expect(await readBack(follower)).toEqual(run(1, 6, 2))
  })

  it('an empty folder becomes a server’s -> the names above it are durable before the state file has its name', async () => {
    // A start that finds a state file makes no names above durable: the process that wrote the file may have died in between.
    const disk = new MemoryDisk()
    const steps: string[] = []
    disk.fault = (operation, path) => {
      steps.push(`${operation} ${path}`)
    }
    const storage = await openStorage(disk)
    const named = steps.findIndex((step) => step.startsWith('rename'))
    expect(named).toBeGreaterThan(0)
    expect(steps.slice(0, named)).toEqual(expect.arrayContaining(['syncFolder data', 'syncFolder .']))
    await storage.close()
  })
})
