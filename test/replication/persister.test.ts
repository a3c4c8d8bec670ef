import { describe, expect, test } from 'vitest'
import { persisterBytesMax } from '../../src/replication/limits.ts'
import { Persister } from '../../src/replication/persister.ts'
import { drainMicrotasks } from '../../src/runtime/drain-microtasks.ts'
import type { Storage } from '../../src/storage/storage.ts'

/** A storage whose writes finish when the test says so. */
class FakeStorage {
  readonly begun: string[] = []
  readonly #pending = new Map<string, { resolve: () => void; reject: (error: Error) => void }>()
  refusal: Error | null = null

  append(records: Buffer, _lastZxid: number, settled: (failure: Error | null) => void): void {
    if (this.refusal !== null) throw this.refusal
    void this.work(records.toString('latin1', 0, 20)).then(() => settled(null), settled)
  }

  work(name: string): Promise<void> {
    this.begun.push(name)
    return new Promise((resolve, reject) => this.#pending.set(name, { resolve, reject }))
  }

  async finish(name: string): Promise<void> {
    this.#pending.get(name)?.resolve()
    await drainMicrotasks()
  }

  async break(name: string): Promise<void> {
    this.#pending.get(name)?.reject(new Error(`${name} broke`))
    await drainMicrotasks()
  }
}

function setUp() {
  const storage = new FakeStorage()
  const done: string[] = []
  const failures: string[] = []
  const persister = new Persister({
    storage: storage as unknown as Storage,
    onAppended: () => done.push('appended'),
    onFailure: (error) => failures.push(error.message),
  })
  const append = (name: string): void => persister.append(Buffer.from(name), 1, () => done.push(name))
  const barrier = (name: string): void =>
    persister.barrier(
      () => storage.work(name),
      () => done.push(name),
    )
  return { storage, done, failures, persister, append, barrier }
}

describe('persister', () => {
  test('appends -> go to the log at once, so that they can share a sync', () => {
    const { storage, append, done } = setUp()
    append('a')
    append('b')
    expect(storage.begun).toEqual(['a', 'b'])
    expect(done).toEqual(['appended', 'appended'])
  })

  test('a change of the durable state -> waits for all appends before it, and holds up those behind it', async () => {
    const { storage, append, barrier, done } = setUp()
    append('a')
    append('b')
    barrier('state')
    append('c')
    await storage.finish('b')
    expect(storage.begun).toEqual(['a', 'b'])
    await storage.finish('a')
    expect(storage.begun).toEqual(['a', 'b', 'state'])
    await storage.finish('state')
    expect(storage.begun).toEqual(['a', 'b', 'state', 'c'])
    expect(done.filter((name) => name !== 'appended')).toEqual(['b', 'a', 'state'])
  })

  test('abandoned -> what has begun is waited for, the rest is forgotten with its callbacks', async () => {
    const { storage, append, barrier, persister, done } = setUp()
    append('a')
    barrier('state')
    append('b')
    let rested = false
    void persister.abandon().then(() => {
      rested = true
    })
    await drainMicrotasks()
    expect(rested).toBe(false)
    await storage.finish('a')
    expect(rested).toBe(true)
    expect(storage.begun).toEqual(['a'])
    expect(done).not.toContain('state')
    append('next')
    expect(storage.begun).toEqual(['a', 'next'])
  })

  test('settled -> when everything asked for so far is durable', async () => {
    const { storage, append, persister } = setUp()
    append('a')
    let settled = false
    void persister.settled().then(() => {
      settled = true
    })
    await drainMicrotasks()
    expect(settled).toBe(false)
    await storage.finish('a')
    expect(settled).toBe(true)
  })

  test('a write fails -> told once; nothing more is written or called back, and abandoning still ends', async () => {
    const { storage, append, barrier, persister, done, failures } = setUp()
    append('a')
    append('b')
    barrier('state')
    await storage.break('a')
    await storage.break('b')
    append('c')
    expect(failures).toEqual(['a broke'])
    expect(storage.begun).toEqual(['a', 'b'])
    expect(done.filter((name) => name !== 'appended')).toEqual([])
    await persister.abandon()
  })

  test('the storage refuses within the call, as at a broken rule -> told, not thrown at the caller', async () => {
    const { storage, append, failures, barrier } = setUp()
    barrier('state')
    append('a')
    storage.refusal = new Error('not in order')
    await storage.finish('state')
    expect(failures).toEqual(['not in order'])
    const other = setUp()
    other.persister.barrier(
      () => {
        throw new Error('below what is committed')
      },
      () => {},
    )
    expect(other.failures).toEqual(['below what is committed'])
  })

  test('a callback throws -> is a failure of the server, not of the write behind it', async () => {
    const { storage, persister, failures } = setUp()
    persister.append(Buffer.from('a'), 1, () => {
      throw new Error('in the callback')
    })
    await storage.finish('a')
    expect(failures).toEqual(['in the callback'])
  })

  test('more waits than should -> overloaded until half of it is written', async () => {
    const { storage, persister } = setUp()
    const half = Buffer.alloc(persisterBytesMax / 2, '1')
    const more = Buffer.alloc(persisterBytesMax / 2 + 1, '2')
    let relieved = false
    persister.append(half, 1, () => {})
    expect(persister.overloaded).toBe(false)
    persister.append(more, 2, () => {})
    expect(persister.overloaded).toBe(true)
    persister.whenRelieved(() => {
      relieved = true
    })
    await storage.finish('1'.repeat(20))
    expect([persister.overloaded, relieved]).toEqual([false, false])
    await storage.finish('2'.repeat(20))
    expect([persister.bytes, relieved]).toEqual([0, true])
  })

  test('forgotten writes -> hold no memory', async () => {
    const { storage, barrier, persister } = setUp()
    barrier('state')
    persister.append(Buffer.alloc(1000), 1, () => {})
    void persister.abandon()
    expect(persister.bytes).toBe(0)
    await storage.finish('state')
    expect(persister.bytes).toBe(0)
  })
})
