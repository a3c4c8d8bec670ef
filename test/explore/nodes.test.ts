import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Nodes } from './nodes.ts'

const atLeast = (one: number, other: number): boolean => one >= other

describe('nodes', () => {
  test('any additions, past the first size -> new ones are those that nothing known does as well', () => {
    const small = fc.integer({ min: -2, max: 2 })
    fc.assert(
      fc.property(fc.array(fc.tuple(small, small, fc.nat(3)), { maxLength: 300 }), (added) => {
        const nodes = new Nodes(2, atLeast)
        const best = new Map<string, number>()
        for (const [a, b, left] of added) {
          const node = nodes.add(Int32Array.of(a, b), left, -1, 0, 0)
          const known = best.get(`${a} ${b}`) ?? -1
          expect(node >= 0).toBe(left > known)
          best.set(`${a} ${b}`, Math.max(left, known))
        }
        expect(nodes.size - nodes.superseded).toBe(best.size)
      }),
    )
  })

  test('a hundred thousand of them -> each is found again, with all that was said of it', () => {
    const nodes = new Nodes(3, (one, other) => one === other)
    for (let i = 0; i < 100_000; i++) {
      nodes.add(Int32Array.of(i, i * 7, -i), i % 1000, i - 1, i % 256, i % 120)
    }
    expect(nodes.size).toBe(100_000)
    const key = new Int32Array(3)
    for (let i = 0; i < 100_000; i += 997) {
      nodes.keyOf(i, key)
      expect([...key]).toEqual([i, i * 7, 0 - i])
      expect(nodes.add(key, i % 1000, 0, 0, 0)).toBe(-1)
      const { left, parent, choice, permutation } = {
        left: nodes.left(i),
        parent: nodes.parent(i),
        choice: nodes.choice(i),
        permutation: nodes.permutation(i),
      }
      expect({ left, parent, choice, permutation }).toEqual({
        left: i % 1000,
        parent: i - 1,
        choice: i % 256,
        permutation: i % 120,
      })
      expect(nodes.isSuperseded(i)).toBe(false)
    }
    expect(nodes.bytes / nodes.size).toBeLessThan(40)
  })

  test('what there is no room for -> refused, and not cut off', () => {
    const nodes = new Nodes(1, atLeast)
    expect(() => nodes.add(Int32Array.of(1), 2 ** 14, -1, 0, 0)).toThrow('no room')
    expect(() => nodes.add(Int32Array.of(1), 0, -1, 256, 0)).toThrow('no room')
  })
})
