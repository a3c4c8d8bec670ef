import { describe, expect, test, vi } from 'vitest'
import { SnapshotTaker } from '../../src/replication/snapshot-taker.ts'
import { BrokenInvariant } from '../../src/runtime/assert.ts'
import { drainMicrotasks } from '../../src/runtime/drain-microtasks.ts'
import { silentLog } from '../../src/runtime/log.ts'
import type { Runtime } from '../../src/runtime/runtime.ts'
import { SeededRandom } from '../../src/runtime/seeded-random.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { CountingState } from './counting-state.ts'

const snapCount = 100

/** Timers of which the taker has one at a time. */
class OneTimer {
  call: (() => void) | null = null
  delayMs = 0

  after(delayMs: number, call: () => void): { cancel(): void } {
    expect(this.call).toBeNull()
    this.call = call
    this.delayMs = delayMs
    return {
      cancel: () => {
        if (this.call === call) this.call = null
      },
    }
  }

  goOff(): void {
    const { call } = this
    this.call = null
    call?.()
  }
}

/** A taker over a state whose snapshots are as long as is said, and a storage that counts them. */
function setUp(seed: string, onFailure: (error: Error) => void = (error) => expect.fail(error.message)) {
  let taken = 0
  const size: { bytes: number; isThere: Promise<void>; trouble: Error | null; noFile: Error | null } = {
    bytes: 0,
    isThere: Promise.resolve(),
    trouble: null,
    noFile: null,
  }
  const state = new CountingState()
  const ended = vi.spyOn(state, 'endSnapshot')
  state.snapshot = async function* () {
    await size.isThere
    if (size.trouble !== null) throw size.trouble
    yield Buffer.alloc(size.bytes)
  }
  const storage = {
    writeSnapshot: async ({ chunks }: { chunks: AsyncIterable<Buffer> }) => {
      if (size.noFile !== null) throw size.noFile
      for await (const _chunk of chunks);
      taken++
    },
  } as unknown as Storage
  const timers = new OneTimer()
  const runtime = {
    timers,
    random: new SeededRandom(seed),
    clock: { monotonicMs: () => 0 },
    log: silentLog,
  } as unknown as Runtime
  const taker = new SnapshotTaker({
    runtime,
    storage,
    state,
    snapCount,
    onFailure,
  })
  /** Applies transactions of 10 bytes one by one until the next snapshot is taken; how many it took. */
  const untilNext = async (): Promise<number> => {
    const before = taken
    for (let count = 1; count <= 100_000; count++) {
      taker.onApplied(1, 10)
      await drainMicrotasks()
      if (taken > before) return count
    }
    throw new Error('no snapshot within 100,000 transactions')
  }
  /** Applies so many at once; whether a snapshot was taken of that. */
  const apply = async (count: number): Promise<boolean> => {
    const before = taken
    taker.onApplied(count, count * 10)
    await drainMicrotasks()
    return taken > before
  }
  /** Time passes until a timer goes off; whether a snapshot was taken of that. */
  const rest = async (): Promise<boolean> => {
    const before = taken
    timers.goOff()
    await drainMicrotasks()
    return taken > before
  }
  /** A snapshot stops where it is until what is returned is called. */
  const hold = (): (() => void) => {
    let letGo = () => {}
    size.isThere = new Promise<void>((resolve) => {
      letGo = resolve
    })
    return () => letGo()
  }
  return { taker, timers, size, ended, hold, untilNext, apply, rest }
}

const seeds = Array.from({ length: 20 }, (_, i) => `taker ${i}`)

describe('when a snapshot is due', () => {
  test('a small state -> after half of snapCount to all of it, each server after another number', async () => {
    const counts = new Set<number>()
    for (const seed of seeds) {
      const { untilNext } = setUp(seed)
      for (let k = 0; k < 3; k++) {
        const count = await untilNext()
        expect(count).toBeGreaterThanOrEqual(snapCount / 2)
        expect(count).toBeLessThanOrEqual(snapCount)
        counts.add(count)
      }
    }
    expect(counts.size).toBeGreaterThan(10)
  })

  test('the last snapshot was long -> not before the log has grown by half as much, but at the latest by as much', async () => {
    for (const seed of seeds) {
      const { size, untilNext } = setUp(seed)
      size.bytes = 40_000
      expect(await untilNext()).toBeLessThanOrEqual(snapCount)
      const count = await untilNext()
      expect(count).toBeGreaterThanOrEqual(40_000 / 10 / 2)
      expect(count).toBeLessThanOrEqual(40_000 / 10)
    }
  })

  test('the history is replaced -> how long the last snapshot was counts no more', async () => {
    const { size, taker, untilNext } = setUp('replaced')
    size.bytes = 40_000
    await untilNext()
    await taker.cancel()
    expect(await untilNext()).toBeLessThanOrEqual(snapCount)
  })
})

describe('when a snapshot fails', () => {
  test('a broken invariant -> told, for the server has to stop', async () => {
    const failures: Error[] = []
    const { size, apply } = setUp('broken', (error) => failures.push(error))
    size.trouble = new BrokenInvariant('snapshot: the walk lost nodes')
    expect(await apply(snapCount)).toBe(false)
    expect(failures).toEqual([size.trouble])
  })

  test('the disk -> the server goes on, and the next one is taken', async () => {
    const { size, apply } = setUp('disk')
    size.trouble = new Error('no room')
    expect(await apply(snapCount)).toBe(false)
    size.trouble = null
    expect(await apply(snapCount)).toBe(true)
  })

  test('no file can be made for it -> the state hears that nobody will ask for the pieces', async () => {
    const { size, ended, apply } = setUp('no file')
    size.noFile = new Error('no room')
    expect(await apply(snapCount)).toBe(false)
    expect(ended).toHaveBeenCalledTimes(1)
  })
})

describe('when writes pause', () => {
  /** A server whose last snapshot was as long as 4,000 transactions. */
  async function withLongSnapshot(seed: string) {
    const parts = setUp(seed)
    parts.size.bytes = 40_000
    await parts.untilNext()
    return parts
  }

  test('an eighth of the last snapshot behind it -> taken after 5 to 10 s, each server after another time', async () => {
    const delays = new Set<number>()
    for (const seed of seeds) {
      const { timers, apply, rest } = await withLongSnapshot(seed)
      expect(await apply(499)).toBe(false)
      expect(timers.call).toBeNull()
      expect(await apply(1)).toBe(false)
      expect(timers.delayMs).toBeGreaterThanOrEqual(5_000)
      expect(timers.delayMs).toBeLessThanOrEqual(10_000)
      delays.add(timers.delayMs)
      expect(await rest()).toBe(true)
      expect(timers.call).toBeNull()
    }
    expect(delays.size).toBeGreaterThan(10)
  })

  test('writes go on -> not yet; they trickle -> taken, and not again before another eighth has come', async () => {
    const { timers, apply, rest } = await withLongSnapshot('trickle')
    await apply(500)
    await apply(101)
    expect(await rest()).toBe(false)
    await apply(100)
    expect(await rest()).toBe(true)
    for (let n = 0; n < 499; n++) await apply(1)
    expect(timers.call).toBeNull()
    await apply(1)
    expect(await rest()).toBe(true)
  })

  test('the log grows on to its bound -> one snapshot, and no timer is left', async () => {
    const { timers, apply } = await withLongSnapshot('both')
    await apply(500)
    expect(timers.call).not.toBeNull()
    expect(await apply(3_500)).toBe(true)
    expect(timers.call).toBeNull()
  })

  test('the writes stop while a snapshot is taken -> what came meanwhile counts when it is done', async () => {
    const { hold, timers, apply, rest } = await withLongSnapshot('meanwhile')
    const letGo = hold()
    await apply(4_000)
    await apply(500)
    expect(timers.call).toBeNull()
    letGo()
    await drainMicrotasks()
    expect(timers.call).not.toBeNull()
    expect(await rest()).toBe(true)
  })

  test('the writes stop while a snapshot is given up -> no timer is left', async () => {
    const { hold, taker, timers, apply } = await withLongSnapshot('given up')
    const letGo = hold()
    await apply(4_000)
    await apply(500)
    const cancelled = taker.cancel()
    letGo()
    await cancelled
    expect(timers.call).toBeNull()
  })

  test('cancelled -> no timer is left', async () => {
    const { taker, timers, apply } = await withLongSnapshot('cancelled')
    await apply(500)
    expect(timers.call).not.toBeNull()
    await taker.cancel()
    expect(timers.call).toBeNull()
  })

  test('a small state -> no timer at all', async () => {
    const { timers, apply } = setUp('small')
    for (let n = 0; n < 1_000; n++) {
      await apply(1)
      expect(timers.call).toBeNull()
    }
  })
})
