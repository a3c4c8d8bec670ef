import { describe, expect, test } from 'vitest'
import { SnapshotTaker } from '../../src/replication/snapshot-taker.ts'
import { drainMicrotasks } from '../../src/runtime/drain-microtasks.ts'
import { silentLog } from '../../src/runtime/log.ts'
import type { Runtime } from '../../src/runtime/runtime.ts'
import { SeededRandom } from '../../src/runtime/seeded-random.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { CountingState } from './counting-state.ts'

const snapCount = 100

/** A taker over a state whose snapshots are as long as is said, and a storage that counts them. */
function setUp(seed: string) {
  let taken = 0
  const size = { bytes: 0 }
  const state = new CountingState()
  state.snapshot = async function* () {
    yield Buffer.alloc(size.bytes)
  }
  const storage = {
    writeSnapshot: async ({ chunks }: { chunks: AsyncIterable<Buffer> }) => {
      for await (const _chunk of chunks);
      taken++
    },
  } as unknown as Storage
  const runtime = {
    random: new SeededRandom(seed),
    clock: { monotonicMs: () => 0 },
    log: silentLog,
  } as unknown as Runtime
  const taker = new SnapshotTaker({
    runtime,
    storage,
    state,
    snapCount,
    onFailure: (error) => expect.fail(error.message),
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
  return { taker, size, untilNext }
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
