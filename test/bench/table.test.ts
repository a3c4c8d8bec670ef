import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isMet, type Line, median, ratioOf } from '../../bench/report/line.ts'
import { asJson, table, withUnit } from '../../bench/report/table.ts'

function line(banyan: number[], zookeeper: number[], target: Line['target'] = null): Line {
  return { scenario: 'load', what: 'set', unit: '/s', banyan, zookeeper, target }
}

const values = fc.array(fc.double({ min: 0, max: 1e9, noNaN: true }), { minLength: 1, maxLength: 9 })

describe('bench figures', () => {
  it('the median of any values -> no more than half lie below, and no more than half above', () => {
    fc.assert(
      fc.property(values, (drawn) => {
        const middle = median(drawn)
        expect(drawn.filter((value) => value < middle).length).toBeLessThanOrEqual(drawn.length / 2)
        expect(drawn.filter((value) => value > middle).length).toBeLessThanOrEqual(drawn.length / 2)
      }),
    )
  })

  it('an even count -> between the two in the middle; nothing -> 0', () => {
    expect(median([4, 1, 3, 2])).toBe(2.5)
    expect(median([])).toBe(0)
  })

  it('a machine that is slow in some rounds -> the ratio within the rounds stays', () => {
    expect(ratioOf(line([40, 4, 400], [10, 1, 100]))).toBe(4)
  })

  it('ZooKeeper missing, or without this figure -> no ratio', () => {
    expect(ratioOf(line([40], []))).toBeNull()
    expect(ratioOf(line([], [10]))).toBeNull()
  })

  it.each([
    [{ of: 'ratio', atLeast: 4 } as const, [40], [10], true],
    [{ of: 'ratio', atLeast: 4 } as const, [39], [10], false],
    [{ of: 'ratio', atLeast: 4 } as const, [39], [], null],
    [{ of: 'ratio', atMost: 0.5 } as const, [5], [10], true],
    [{ of: 'ratio', atMost: 0.5 } as const, [6], [10], false],
    [{ of: 'figure', atMost: 50 } as const, [50], [], true],
    [{ of: 'figure', atMost: 50 } as const, [51], [1000], false],
    [{ of: 'figure', atMost: 50 } as const, [], [1000], null],
    [null, [1], [1], null],
  ])('target %j, Banyan %j, ZooKeeper %j -> %j', (target, banyan, zookeeper, met) => {
    expect(isMet(line(banyan, zookeeper, target))).toBe(met)
  })

  it('the table -> one row a line: medians, ratio, target, verdict', () => {
    const shown = table([
      line([100_000, 120_000, 110_000], [20_000, 30_000, 25_000], { of: 'ratio', atLeast: 4 }),
      { ...line([12.345], []), what: 'p99', unit: 'ms', target: { of: 'figure', atMost: 10 } },
    ])
    const [, , first, second] = shown.split('\n')
    expect(first).toMatch(/^load: set +110,000\/s +25,000\/s +4\.40 x +>= 4 x +met$/)
    expect(second).toMatch(/^load: p99 +12\.3 ms +- +- +<= 10\.0 ms +missed$/)
  })

  it('JSON -> every round, and what follows from them', () => {
    expect(asJson([line([8, 10, 9], [3, 2, 1], { of: 'ratio', atLeast: 4 })])).toEqual([
      {
        ...line([8, 10, 9], [3, 2, 1], { of: 'ratio', atLeast: 4 }),
        medians: { banyan: 9, zookeeper: 2 },
        ratio: 5,
        met: true,
      },
    ])
  })

  it.each([
    [1234.5, 'ms', '1,235 ms'],
    [0.123, 'ms', '0.12 ms'],
    [68.04, 'MB', '68.0 MB'],
    [1_234_567.8, '/s', '1,234,568/s'],
  ] as const)('%d %s -> %s', (value, unit, text) => {
    expect(withUnit(value, unit)).toBe(text)
  })
})
