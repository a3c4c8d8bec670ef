import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { SeededRandom } from '../../src/runtime/seeded-random.ts'
import { ByteHeap, type ChunkAddress } from '../../src/tree/byte-heap.ts'

interface Held {
  address: ChunkAddress
  size: number
  fill: number
}

function take(heap: ByteHeap, size: number, fill: number): Held {
  const address = heap.allocate(size)
  const start = heap.offset(address)
  heap.bytes(address).fill(fill, start, start + size)
  return { address, size, fill }
}

function expectWhole(heap: ByteHeap, { address, size, fill }: Held): void {
  const start = heap.offset(address)
  const found = heap.bytes(address).subarray(start, start + size)
  expect(found.length).toBe(size)
  expect(found.every((byte) => byte === fill)).toBe(true)
}

const sizes = fc.oneof(
  fc.integer({ min: 1, max: 300 }),
  fc.integer({ min: 1, max: 5000 }),
  fc.constantFrom(1024, 1025, 1152, 1153, 2048, 2049, 32_767, 32_768, 32_769, 262_144, 1_000_000),
)

describe('memory for small pieces of bytes', () => {
  test('property: chunks taken and given back in any order -> each keeps its bytes, and has the room', () => {
    const step = fc.oneof(sizes, fc.record({ release: fc.nat() }))
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300, size: 'max' }), (steps) => {
        const heap = new ByteHeap()
        const held: Held[] = []
        for (const [index, step] of steps.entries()) {
          if (typeof step === 'number') {
            const chunk = take(heap, step, index % 256)
            expect(chunk.address).toBeGreaterThan(0)
            expect(heap.capacity(chunk.address)).toBeGreaterThanOrEqual(step)
            // An eighth too much at most, or what is lost to rounding up.
            expect(heap.capacity(chunk.address)).toBeLessThanOrEqual(Math.max(step + 15, step * 1.125))
            held.push(chunk)
          } else if (held.length > 0) {
            const [chunk] = held.splice(step.release % held.length, 1)
            if (chunk === undefined) continue
            expectWhole(heap, chunk)
            heap.release(chunk.address)
          }
        }
        for (const chunk of held) expectWhole(heap, chunk)
        expect(new Set(held.map((chunk) => chunk.address)).size).toBe(held.length)
      }),
      { numRuns: 100 },
    )
  })

  test('chunks of one size come and go -> no more memory than for the most there were', () => {
    const heap = new ByteHeap()
    for (let round = 0; round < 5; round++) {
      const held = Array.from({ length: 10_000 }, () => take(heap, 125, round))
      expect(heap.size).toBeLessThan(10_000 * 128 * 1.25)
      for (const { address } of held) heap.release(address)
    }
  })

  test('all chunks of one size given back -> their memory serves other sizes', () => {
    const heap = new ByteHeap()
    for (const size of [100, 200, 300, 400, 500, 40_000]) {
      const held = Array.from({ length: 5000 }, () => take(heap, size, 1))
      for (const { address } of held) heap.release(address)
    }
    // One page stays for each size that shares pages.
    expect(heap.size).toBe(5 * 256 * 1024)
  })

  test('chunks of sizes that drift come and go for long -> memory stays in proportion to what is held', () => {
    const heap = new ByteHeap()
    const random = new SeededRandom(1)
    const held: Held[] = []
    let heldBytes = 0
    let mostBytes = 0
    let mostMemory = 0
    // From small to large and back, several times; a tenth of what there is outlives each drift, and pins its pages.
    for (let step = 0; step < 100_000; step++) {
      const drift = Math.abs(((step / 10_000) % 2) - 1)
      const size = 1 + random.below(Math.floor(50 * 400 ** drift))
      const index = random.below(held.length < 4000 ? 4000 : 3600)
      const before = held[index]
      if (before !== undefined) {
        const found = heap.bytes(before.address)[heap.offset(before.address)]
        if (found !== before.fill) throw new Error(`found ${found}, expected ${before.fill}`)
        heap.release(before.address)
        heldBytes -= before.size
      }
      const address = heap.allocate(size)
      const fill = step % 256
      heap.bytes(address)[heap.offset(address)] = fill
      held[before === undefined ? held.length : index] = { address, size, fill }
      heldBytes += size
      mostBytes = Math.max(mostBytes, heldBytes)
      if (step % 100 === 0) mostMemory = Math.max(mostMemory, heap.size)
    }
    expect(mostMemory).toBeLessThan(3 * mostBytes)
    for (const { address } of held) heap.release(address)
    // A page of each size, at most.
    expect(heap.size).toBeLessThanOrEqual(105 * 256 * 1024)
  })
})
