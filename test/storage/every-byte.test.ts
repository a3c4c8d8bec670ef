import { describe, expect, it } from 'vitest'
import { drainMicrotasks } from '../../src/runtime/drain-microtasks.ts'
import { type Storage, StorageError } from '../../src/storage/storage.ts'
import type { Zxid } from '../../src/tree/zxid.ts'
import { atDepth } from '../depth.ts'
import {
  appendAll,
  folder,
  ManualTimers,
  openStorage,
  recovered,
  run,
  snapshotAt,
  stateAt,
  z,
} from './helpers.ts'
import { drawFrom, MemoryDisk } from './memory-disk.ts'

/** All that a server would serve and vote with, whatever way it was put together from snapshot and log. */
interface Standing {
  state: unknown
  summary: unknown
  /** Every transaction that the state holds. */
  applied: Zxid[]
  pending: Zxid[]
}

/** One bit of each byte; with `DEPTH=full` a second one, and several at once. */
const flipsOfByte = atDepth(1, 3)

type Files = Map<string, Buffer>

const history = `${folder}/h-0001`
const all = [...run(1, 1, 4), ...run(2, 1, 5)]

async function standingOf(storage: Storage): Promise<Standing> {
  const { snapshot, applied, pending } = await recovered(storage)
  const base = snapshot === null ? 0 : all.findIndex((zxid) => stateAt(zxid) === snapshot) + 1
  if (snapshot !== null && base === 0) throw new Error(`a snapshot of nothing: ${snapshot}`)
  return {
    state: storage.state,
    summary: storage.summary(),
    applied: [...all.slice(0, base), ...applied],
    pending,
  }
}

/**
 * Starts on these files. A refusal must be a StorageError that names a file of the folder and the way out, and must have left
 * every file as it was; anything else fails the test.
 */
async function startOn(files: Files, what: string): Promise<Standing | StorageError> {
  const disk = MemoryDisk.from(files)
  try {
    return await standingOf(await openStorage(disk))
  } catch (error) {
    if (!(error instanceof StorageError)) throw new Error(`${what}: ${String(error)}`, { cause: error })
    expect(error.message, what).toMatch(
      /^data\/1\/\S+: found |^data\/1\/\S+, offset \d+: found |^data\/1\/state: data\/1 belongs to/,
    )
    expect(error.message, what).toContain('Way out: ')
    const left = disk.files()
    for (const [path, bytes] of files) if (!left.get(path)?.equals(bytes)) expect.fail(`${what}: ${path}`)
    return error
  }
}

/**
 * A server with three segments of several groups, two snapshots and a state file. Everything is acknowledged, and all but
 * the last group is known to be committed. `versions` tells what each file looked like after each step.
 */
async function live(): Promise<{
  disk: MemoryDisk
  storage: Storage
  timers: ManualTimers
  versions: Files[]
}> {
  const disk = new MemoryDisk()
  const timers = new ManualTimers()
  const storage = await openStorage(disk, { segmentBytesMax: 260, preallocateBytes: 64, timers })
  const versions: Files[] = []
  const groups = [
    [1, 1],
    [1, 2, 3],
    [1, 4],
    [2, 1, 2],
    [2, 3],
    [2, 4, 5],
  ] as const
  for (const [epoch, ...counters] of groups) {
    if (epoch > storage.state.currentEpoch)
      await storage.saveState({ ensembleId: 'e', promisedEpoch: epoch, promisedTo: 2, currentEpoch: epoch })
    versions.push(disk.files())
    await appendAll(
      storage,
      counters.map((counter) => z(epoch, counter)),
      storage.lastZxid,
    )
    versions.push(disk.files())
    if (epoch === 1 && counters[0] === 4) await storage.writeSnapshot(snapshotAt(z(1, 3)))
    if (epoch === 2 && counters[0] === 3) await storage.writeSnapshot(snapshotAt(z(2, 2)))
  }
  return { disk, storage, timers, versions }
}

/** Ended as asked: all is committed, and the log ends with a mark. */
async function ended(): Promise<{ files: Files; versions: Files[] }> {
  const { disk, storage, versions } = await live()
  storage.noteCommit(z(2, 5))
  await storage.close()
  return { files: disk.files(), versions }
}

/** Killed behind its last sync: nothing vouches for the last group. */
async function killed(): Promise<Files> {
  return (await live()).disk.files()
}

/** Killed a moment of silence later. */
async function killedWhenIdle(): Promise<Files> {
  const { disk, storage, timers } = await live()
  // Armed by the first group, the timer sees later ones when it is due, and is set again.
  timers.fire()
  timers.fire()
  await drainMicrotasks()
  expect(storage.lastZxid).toBe(z(2, 5))
  return disk.files()
}

function* flips(bytes: Buffer, seed: number): Generator<[Buffer, string]> {
  const draw = drawFrom(seed)
  for (let at = 0; at < bytes.length; at++)
    for (let flip = 0; flip < flipsOfByte; flip++) {
      const mask = flip === 2 ? 1 + draw(255) : 1 << draw(8)
      const flipped = Buffer.from(bytes)
      flipped[at] = (bytes[at] ?? 0) ^ mask
      yield [flipped, `byte ${at} xor ${mask}`]
    }
}

function* cuts(bytes: Buffer): Generator<[Buffer, string]> {
  for (let size = 0; size < bytes.length; size++) yield [bytes.subarray(0, size), `cut to ${size}`]
}

/** Every change of every file, one at a time. */
async function* damages(
  files: Files,
): AsyncGenerator<{ path: string; what: string; seen: Standing | StorageError }> {
  for (const [path, bytes] of files)
    for (const [changed, how] of [...flips(bytes, path.length), ...cuts(bytes)]) {
      if (changed.equals(bytes)) continue
      const what = `${path}, ${how}`
      yield { path, what, seen: await startOn(new Map(files).set(path, changed), what) }
    }
}

const isLastSegment = (files: Files, path: string): boolean =>
  path === [...files.keys()].filter((name) => name.includes('/log.')).at(-1)

describe('every byte', () => {
  it('of a server that ended as asked, flipped and cut -> exactly its state, or a refusal', async () => {
    const { files } = await ended()
    expect([...files.keys()].map((path) => path.replace(/\d+$/, 'N'))).toEqual(
      expect.arrayContaining([`${folder}/state`, `${history}/log.N`, `${history}/snapshot.N`]),
    )
    const right = await startOn(files, 'as it was')
    expect(right).toMatchObject({ applied: all, pending: [] })
    const refused = { state: 0, log: 0, snapshot: 0 }
    for await (const { path, what, seen } of damages(files)) {
      if (!(seen instanceof StorageError)) expect(seen, what).toEqual(right)
      else {
        expect(seen.code, what).toBe('DAMAGED')
        // The log may be found short of a snapshot; otherwise the file that is named is the one that is wrong.
        expect(seen.message, what).toContain(path.includes('/log.') ? history : path)
        refused[path.includes('/log.') ? 'log' : path.endsWith('state') ? 'state' : 'snapshot']++
      }
    }
    // A damaged snapshot is made good by the one before and the log.
    expect(refused.snapshot).toBe(0)
    const stateBytes = files.get(`${folder}/state`)?.length ?? 0
    expect(refused.state).toBe(stateBytes * (flipsOfByte + 1))
    expect(refused.log).toBeGreaterThan(160 * flipsOfByte)
  })

  it('of a server killed when idle -> exactly its state, or a refusal; a cut file may have lost only what is not known to be committed', async () => {
    const files = await killedWhenIdle()
    const right = await startOn(files, 'as it was')
    expect(right).toMatchObject({ applied: all.slice(0, 7), pending: all.slice(7) })
    for await (const { path, what, seen } of damages(files)) {
      if (seen instanceof StorageError) continue
      // A file cut short is what a power failure leaves of one that was being written.
      if (isLastSegment(files, path) && what.includes('cut')) expectPrefix(seen, z(2, 2), what)
      else expect(seen, what).toEqual(right)
    }
  })

  it('of a server killed behind a sync -> its last group may end in front of the damage, and nothing else is ever less', async () => {
    const files = await killed()
    const right = await startOn(files, 'as it was')
    expect([...(right as Standing).applied, ...(right as Standing).pending]).toEqual(all)
    let shorter = 0
    for await (const { path, what, seen } of damages(files)) {
      if (seen instanceof StorageError) continue
      if (isLastSegment(files, path)) {
        expectPrefix(seen, what.includes('cut') ? z(2, 2) : z(2, 3), what)
        if (seen.applied.length + seen.pending.length < all.length) shorter++
      } else expect(seen, what).toEqual(right)
    }
    expect(shorter).toBeGreaterThan(33 * flipsOfByte)
  })

  it('two records of one group changed places, a record twice -> a refusal or the log ends in front of it', async () => {
    const files = await killed()
    for (const [path, bytes] of files) {
      if (!path.includes('/log.')) continue
      for (let at = 32; at + 24 <= bytes.length; at++) {
        // Any stretch of the file copied onto any later place, at record size.
        const copied = Buffer.from(bytes)
        bytes.copy(copied, Math.min(bytes.length - 1, at + 40), at, at + 40)
        if (copied.equals(bytes)) continue
        const seen = await startOn(new Map(files).set(path, copied), `${path}, 40 bytes of ${at} twice`)
        if (!(seen instanceof StorageError)) expectPrefix(seen, z(2, 2), `${path}, ${at}`)
      }
    }
  })

  /** A true beginning of the history that holds all up to `least`. */
  function expectPrefix(seen: Standing, least: Zxid, what: string): void {
    const held = [...seen.applied, ...seen.pending]
    expect(held, what).toEqual(all.slice(0, held.length))
    expect(held, what).toContain(least)
  }
})

describe('files of another time or place', () => {
  it('any file as it was at any earlier time -> exactly the state, or a refusal; of the promises only those that the history speaks of can be known', async () => {
    const { files, versions } = await ended()
    const right = await startOn(files, 'as it was')
    let refused = 0
    for (const [i, version] of versions.entries())
      for (const [path, old] of version) {
        if (files.get(path)?.equals(old) !== false) continue
        const what = `${path} of step ${i}`
        const seen = await startOn(new Map(files).set(path, old), what)
        if (seen instanceof StorageError) refused++
        else if (path.endsWith('/state'))
          expect({ ...seen, state: null }, what).toEqual({ ...right, state: null })
        else expect(seen, what).toEqual(right)
      }
    expect(refused).toBeGreaterThan(5)
  })

  it('a state file older than the history -> DAMAGED: its promises are gone', async () => {
    const { files, versions } = await ended()
    const old = versions[3]?.get(`${folder}/state`)
    if (old === undefined) throw new Error('no such version')
    expect(old.toString()).toContain('"promisedEpoch": 1')
    const seen = await startOn(new Map(files).set(`${folder}/state`, old), 'the state of epoch 1')
    expect(seen).toMatchObject({
      code: 'DAMAGED',
      message: expect.stringContaining('data/1/state: found promised epoch 1, expected 2 or more'),
    })
  })

  it('any two files changed places -> exactly the state, or a refusal', async () => {
    const { files } = await ended()
    const right = await startOn(files, 'as it was')
    const paths = [...files.keys()]
    for (const a of paths)
      for (const b of paths) {
        if (a >= b) continue
        const swapped = new Map(files)
          .set(a, files.get(b) ?? Buffer.alloc(0))
          .set(b, files.get(a) ?? Buffer.alloc(0))
        const seen = await startOn(swapped, `${a} and ${b}`)
        if (!(seen instanceof StorageError)) expect(seen, `${a} and ${b}`).toEqual(right)
      }
  })

  it('any set of files missing -> exactly the state, or a refusal; with nothing left, a new server', async () => {
    const { files } = await ended()
    const right = await startOn(files, 'as it was')
    const paths = [...files.keys()]
    for (let set = 1; set < 2 ** paths.length; set++) {
      const left = new Map(files)
      for (const [i, path] of paths.entries()) if ((set & (1 << i)) !== 0) left.delete(path)
      const what = `without ${paths.filter((path) => !left.has(path)).join(', ')}`
      const seen = await startOn(left, what)
      if (seen instanceof StorageError) continue
      if (left.size === 0)
        expect(seen, what).toMatchObject({ applied: [], pending: [], state: { promisedEpoch: 0 } })
      else expect(seen, what).toEqual(right)
    }
  })

  it('the state file of another server -> WRONG_SERVER, and nothing is touched', async () => {
    const { files } = await ended()
    const other = new MemoryDisk()
    await (await openStorage(other, { serverId: 2 })).close()
    const seen = await startOn(
      new Map(files).set(`${folder}/state`, other.files().get(`${folder}/state`) ?? Buffer.alloc(0)),
      'the state of server 2',
    )
    expect(seen).toMatchObject({ code: 'WRONG_SERVER' })
  })

  it('a state file that names another history folder -> DAMAGED, and the one that is there is not removed', async () => {
    const { files } = await ended()
    const moved: Files = new Map()
    for (const [path, bytes] of files) moved.set(path.replace('/h-0001/', '/h-0002/'), bytes)
    const seen = await startOn(moved, 'moved')
    expect(seen).toMatchObject({ code: 'DAMAGED', message: expect.stringContaining('no folder h-0001') })
  })

  it('what was left half built -> gone, and exactly the state', async () => {
    const { files } = await ended()
    const right = await startOn(files, 'as it was')
    const rest = [
      `${folder}/state.tmp`,
      `${history}/snapshot.9.tmp`,
      `${folder}/h-0002/incoming.tmp`,
      `${folder}/h-0002/log.1`,
    ]
    const littered = new Map(files)
    for (const path of rest) littered.set(path, Buffer.from('half'))
    const disk = MemoryDisk.from(littered)
    expect(await standingOf(await openStorage(disk))).toEqual(right)
    for (const path of rest) expect(disk.files().has(path), path).toBe(false)
  })
})
