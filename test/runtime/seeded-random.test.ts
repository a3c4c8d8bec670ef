import { describe, expect, it } from 'vitest'
import { SeededRandom } from '../../src/runtime/seeded-random.ts'

const draws = (random: SeededRandom, count = 50) => Array.from({ length: count }, () => random.below(2 ** 32))

describe('seeded random', () => {
  it('same seed -> same numbers; another seed, also a neighbour -> others', () => {
    expect(draws(new SeededRandom(7))).toEqual(draws(new SeededRandom(7)))
    expect(draws(new SeededRandom(7))).not.toEqual(draws(new SeededRandom(8)))
  })

  it('fork: what the parent draws before or after -> the fork gives the same', () => {
    const a = new SeededRandom('x')
    const b = new SeededRandom('x')
    draws(b)
    expect(draws(a.fork('disk'))).toEqual(draws(b.fork('disk')))
    expect(draws(a.fork('disk'))).not.toEqual(draws(a.fork('network')))
  })

  it('below: every value of a small bound about equally often, never outside', () => {
    const random = new SeededRandom('fair')
    const counts = [0, 0, 0, 0, 0, 0]
    for (let i = 0; i < 60_000; i++) {
      const value = random.below(6)
      counts[value] = (counts[value] ?? Number.NaN) + 1
    }
    expect(counts).toHaveLength(6)
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(500)
  })

  it('below: bound out of range -> the broken rule is named', () => {
    for (const bound of [0, -1, 1.5, 2 ** 32 + 1])
      expect(() => new SeededRandom(1).below(bound)).toThrow('bound')
  })

  it('bytes: as many as asked for, of all values', () => {
    const bytes = new SeededRandom('b').bytes(4_096)
    expect(bytes.length).toBe(4_096)
    expect(new Set(bytes).size).toBe(256)
  })
})
