import fc from 'fast-check'
import { expect, test } from 'vitest'
import { SeededRandom } from '../../src/runtime/seeded-random.ts'
import { Visited } from './visited.ts'

test('visited: any additions, past its first size -> says of each whether it was there, as a set does', () => {
  const half = fc.oneof(fc.integer({ min: -5, max: 5 }), fc.integer())
  fc.assert(
    fc.property(fc.array(fc.tuple(half, half), { maxLength: 200 }), (keys) => {
      const visited = new Visited(4)
      const model = new Set<string>()
      for (const [a, b] of keys) {
        if (a === 0 && b === 0) continue
        expect(visited.add(a, b)).toBe(!model.has(`${a} ${b}`))
        model.add(`${a} ${b}`)
        expect(visited.size).toBe(model.size)
      }
    }),
  )
})

test('visited: 0/0 -> found again, like any other', () => {
  const visited = new Visited(4)
  expect(visited.add(0, 0)).toBe(true)
  expect(visited.add(0, 0)).toBe(false)
})

test('visited: a hundred thousand additions -> 8 bytes a slot, at most 3 in 4 taken', () => {
  const visited = new Visited(4)
  const random = new SeededRandom(1)
  while (visited.size < 100_000) visited.add(random.below(2 ** 32) | 0, random.below(2 ** 32) | 0)
  expect(visited.bytes).toBe(2 ** 18 * 8)
})
