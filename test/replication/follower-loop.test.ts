import { describe, expect, test } from 'vitest'
import { Applier } from '../../src/replication/applier.ts'
import { FollowerLoop } from '../../src/replication/follower-loop.ts'
import type { Link } from '../../src/replication/link.ts'
import { Persister } from '../../src/replication/persister.ts'
import { drainMicrotasks } from '../../src/runtime/drain-microtasks.ts'
import { silentLog } from '../../src/runtime/log.ts'
import { append, ManualTimers, openStorage, promise, recordOf, run, z } from '../storage/helpers.ts'
import { failure, MemoryDisk } from '../storage/memory-disk.ts'
import { CountingState } from './counting-state.ts'

/** A link that takes everything at once. */
class OpenLink implements Link {
  closed = false
  readonly bufferedBytes = 0
  readonly paused = false

  send(): void {}
  sendShared(): void {}
  pause(): void {}
  resume(): void {}
  drained(): Promise<void> {
    return Promise.resolve()
  }
  close(): void {
    this.closed = true
  }
}

/** A follower that is asked for its own history, which takes several readings of its disk. */
async function askedForHistory(read: () => Promise<void>) {
  const disk = new MemoryDisk()
  const storage = await openStorage(disk, { segmentBytesMax: 1e9 })
  await promise(storage, 1)
  for (const zxid of run(1, 1, 8)) await append(storage, recordOf(zxid, 0, Buffer.alloc(300_000)), zxid)
  const open = disk.open.bind(disk)
  disk.open = async (path, options) => {
    const file = await open(path, options)
    return { ...file, read: (position, length, lent) => read().then(() => file.read(position, length, lent)) }
  }
  const failures: Error[] = []
  const onFailure = (error: Error): number => failures.push(error)
  const state = new CountingState()
  const applier = new Applier({
    storage,
    state,
    timers: new ManualTimers(),
    onApplied: () => {},
    onFailure,
  })
  const loop = new FollowerLoop({
    leader: 2,
    recovered: false,
    storage,
    persister: new Persister({ storage, onAppended: () => applier.advance(), onFailure }),
    applier,
    state,
    log: silentLog,
    resyncFull: false,
    beforeSwitch: () => Promise.resolve(),
    events: {
      onServe: () => {},
      onSynced: () => {},
      onMessage: () => {},
      onLeft: () => {},
      onPromise: () => {},
    },
  })
  loop.start(new OpenLink())
  loop.onMessage({ type: 'fetch', summary: [] })
  return { loop, storage, failures }
}

describe('follower loop: asked for its own history', () => {
  test('the link ends, and the next leader has cut off what is being read -> no damage of this server', async () => {
    let goOn = (): void => {}
    const waiting = new Promise<void>((resolve) => {
      goOn = resolve
    })
    let reads = 0
    const { loop, storage, failures } = await askedForHistory(() =>
      ++reads === 2 ? waiting : Promise.resolve(),
    )
    while (reads < 2) await drainMicrotasks()
    loop.onLinkClosed('the candidate has gone')
    await loop.rest()
    await storage.truncate(z(1, 1))
    goOn()
    await drainMicrotasks()
    expect(failures).toEqual([])
  })

  test('the disk refuses to read it -> the server fails, for it must not be voted with', async () => {
    const { failures } = await askedForHistory(() => Promise.reject(failure('EIO', 'the disk failed')))
    while (failures.length === 0) await drainMicrotasks()
    expect(failures).toMatchObject([{ code: 'IO' }])
  })
})
