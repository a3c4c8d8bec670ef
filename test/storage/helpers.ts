import { expect } from 'vitest'
import type { Disk } from '../../src/runtime/disk.ts'
import { silentLog } from '../../src/runtime/log.ts'
import type { Timer, Timers } from '../../src/runtime/timers.ts'
import { recordHeaderBytes, recordZxid, writeRecordHeader } from '../../src/storage/record.ts'
import type { RecoveryTarget, StorageOptions } from '../../src/storage/storage.ts'
import { Storage } from '../../src/storage/storage.ts'
import type { Zxid } from '../../src/tree/zxid.ts'
import { epochOf, zxidOf } from '../../src/tree/zxid.ts'

export class ManualTimers implements Timers {
  #calls = new Set<() => void>()

  after(_delayMs: number, call: () => void): Timer {
    this.#calls.add(call)
    return { cancel: () => this.#calls.delete(call) }
  }

  every(): Timer {
    throw new Error('storage has no use for it')
  }

  endOfTurn(): void {
    throw new Error('storage has no use for it')
  }

  /** Makes every pending call. */
  fire(): void {
    const calls = [...this.#calls]
    this.#calls.clear()
    for (const call of calls) call()
  }
}

/** The transaction that stands at a zxid in these tests: its bytes tell which one it is. */
export const payloadOf = (zxid: Zxid, salt = ''): Buffer =>
  Buffer.from(`${salt}txn ${zxid.toString(16)} `.repeat(1 + (zxid % 5)))

export function recordOf(zxid: Zxid, commit: Zxid = 0, payload = payloadOf(zxid)): Buffer {
  const record = Buffer.alloc(recordHeaderBytes + payload.length)
  payload.copy(record, recordHeaderBytes)
  writeRecordHeader(record, 0, payload.length, zxid, commit)
  return record
}

export const recordsOf = (zxids: readonly Zxid[], commit: Zxid = 0): Buffer =>
  Buffer.concat(zxids.map((zxid) => recordOf(zxid, commit)))

/** `count` zxids of an epoch, from a counter on. */
export const run = (epoch: number, from: number, count: number): Zxid[] =>
  Array.from({ length: count }, (_, i) => zxidOf(epoch, from + i))

export const z = zxidOf
export const folder = 'data/1'

/** What each storage has filled while it was opened. */
const filledAtOpen = new WeakMap<Storage, Recording>()

export async function openStorage(disk: Disk, options: Partial<StorageOptions> = {}): Promise<Storage> {
  const recording = new Recording()
  const storage = await Storage.open({
    target: recording,
    disk,
    folder,
    serverId: 1,
    log: silentLog,
    timers: new ManualTimers(),
    segmentBytesMax: 400,
    preallocateBytes: 300,
    ...options,
  })
  filledAtOpen.set(storage, recording)
  return storage
}

/** As a follower does before it takes anything of an epoch. */
export async function promise(storage: Storage, epoch: number): Promise<void> {
  if (storage.state.promisedEpoch < epoch) await storage.saveState({ promisedEpoch: epoch })
}

/** Resolves when they are durable. */
export function append(storage: Storage, records: Buffer, lastZxid: Zxid): Promise<void> {
  return new Promise((resolve, reject) => {
    storage.append(records, lastZxid, (failure) => (failure === null ? resolve() : reject(failure)))
  })
}

/** Appends in batches of the given zxids, all in the same turn. */
export async function appendAll(storage: Storage, zxids: readonly Zxid[], commit: Zxid = 0): Promise<void> {
  await promise(storage, epochOf(zxids.at(-1) ?? 0))
  await Promise.all(zxids.map((zxid) => append(storage, recordOf(zxid, Math.min(commit, zxid - 1)), zxid)))
}

export interface Recovered {
  snapshot: string | null
  applied: Zxid[]
  pending: Zxid[]
}

/** Notes what it is filled with, and checks that every transaction is the one that belongs to its zxid. */
class Recording implements RecoveryTarget {
  snapshot: string | null = 'not reset'
  applied: Zxid[] = []

  reset(): void {
    this.snapshot = null
    this.applied = []
  }

  async load(_zxid: Zxid, chunks: AsyncIterable<Buffer>): Promise<void> {
    const all: Buffer[] = []
    for await (const chunk of chunks) all.push(Buffer.from(chunk))
    this.snapshot = Buffer.concat(all).toString()
  }

  apply(zxid: Zxid, records: Buffer, start: number, end: number): void {
    const payload = records.subarray(start, end)
    if (!payload.equals(payloadOf(zxid))) throw new Error(`wrong payload at ${zxid}: ${payload}`)
    this.applied.push(zxid)
  }
}

/** Recovers: the first time what was filled as the storage was opened, and always from the disk alone, which must agree. */
export async function recovered(storage: Storage): Promise<Recovered> {
  const first = filledAtOpen.get(storage)
  filledAtOpen.delete(storage)
  const goneOn = first === undefined ? null : await recoveredInto(storage, first)
  const result = await recoveredInto(storage, new Recording())
  if (goneOn !== null) expect(goneOn).toEqual(result)
  return result
}

async function recoveredInto(storage: Storage, target: Recording): Promise<Recovered> {
  const { pending } = await storage.recover(target)
  const result: Recovered = { snapshot: target.snapshot, applied: target.applied, pending: [] }
  for (const record of pending) {
    const zxid = recordZxid(record, 0)
    if (!record.subarray(recordHeaderBytes).equals(payloadOf(zxid)))
      throw new Error(`wrong payload at ${zxid}`)
    result.pending.push(zxid)
  }
  return result
}

/** All zxids that a storage can read back from its log. */
export async function readBack(storage: Storage, after = storage.logStartZxid): Promise<Zxid[]> {
  const zxids: Zxid[] = []
  for await (const batch of storage.readRecords(after, storage.durableZxid))
    for (let at = 0; at < batch.length; at += recordHeaderBytes + batch.readUInt32BE(at)) {
      const zxid = recordZxid(batch, at)
      zxids.push(zxid)
      const end = at + recordHeaderBytes + batch.readUInt32BE(at)
      if (!batch.subarray(at + recordHeaderBytes, end).equals(payloadOf(zxid)))
        throw new Error(`wrong payload at ${zxid}`)
    }
  return zxids
}

export async function* chunksOf(...texts: string[]): AsyncGenerator<Buffer> {
  for (const text of texts) yield Buffer.from(text)
}

/** The state at a zxid, in these tests. */
export const stateAt = (zxid: Zxid): string => `state at ${zxid.toString(16)}`

export const snapshotAt = (zxid: Zxid): { zxid: Zxid; digest: string; chunks: AsyncIterable<Buffer> } => ({
  zxid,
  digest: `d${zxid.toString(16)}`,
  chunks: chunksOf('state at ', zxid.toString(16)),
})
