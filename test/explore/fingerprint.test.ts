import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { addConstant, addValue, begin, Fingerprint, finish } from './fingerprint.ts'

function print(value: unknown, add: (print: Fingerprint, value: object) => void = addValue): string {
  const result = new Fingerprint()
  begin(result, 1)
  add(result, value as object)
  finish(result)
  return `${result.a} ${result.b}`
}

describe('fingerprint', () => {
  test('two plain values of any kind -> equal when they are, different when they are not', () => {
    const value = fc.anything({
      values: [fc.maxSafeInteger(), fc.string(), fc.boolean(), fc.constant(null)],
      maxDepth: 3,
    })
    fc.assert(
      fc.property(value, value, (one, other) => {
        expect(print(structuredClone(one))).toBe(print(one))
        expect(print(one) === print(other)).toBe(JSON.stringify(one) === JSON.stringify(other))
      }),
      {
        examples: [
          [[], 0],
          [[], {}],
          [[{}], [[]]],
          [
            [{}, 1],
            [{}, {}],
          ],
        ],
      },
    )
  })

  test('a hundred thousand neighbouring states -> no two with the same', () => {
    const seen = new Set<string>()
    for (let i = 0; i < 10; i++) {
      for (let j = 0; j < 100; j++) {
        for (let k = 0; k < 100; k++) seen.add(print([{ zxid: i * 2 ** 32 + j }, k]))
      }
    }
    expect(seen.size).toBe(100_000)
  })

  test('a number above 32 bits -> both halves count', () => {
    expect(print(2 ** 32 + 1)).not.toBe(print(1))
    expect(print(2 ** 33 + 1)).not.toBe(print(2 ** 32 + 1))
    expect(print(Number.POSITIVE_INFINITY)).not.toBe(print(0))
    expect(() => print(0.5)).toThrow('expected a whole number')
  })

  test('maps and sets -> without their order; arrays with it', () => {
    const pairs: [number, string][] = [
      [1, 'a'],
      [2, 'b'],
    ]
    expect(print(new Map(pairs))).toBe(print(new Map(pairs.toReversed())))
    expect(print(new Map(pairs))).not.toBe(print(new Map([[1, 'b']])))
    expect(print(new Set([1, 2]))).toBe(print(new Set([2, 1])))
    expect(print([1, 2])).not.toBe(print([2, 1]))
  })

  test('a constant -> by what it holds, not by which object it is', () => {
    const one = { records: Buffer.from('one') }
    expect(print(one, addConstant)).toBe(print({ records: Buffer.from('one') }, addConstant))
    expect(print(one, addConstant)).not.toBe(print({ records: Buffer.from('two') }, addConstant))
  })
})
