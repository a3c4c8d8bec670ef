import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Histogram } from '../../bench/load/histogram.ts'

const bucketWidth = 1 / 64
const latencies = fc.array(fc.double({ min: 0, max: 100_000, noNaN: true }), { minLength: 1, maxLength: 200 })

describe('bench histogram', () => {
  it('any latencies -> each quantile is the sorted one, short of it by no more than a bucket', () => {
    fc.assert(
      fc.property(latencies, fc.double({ min: 0, max: 0.999, noNaN: true }), (values, quantile) => {
        const histogram = new Histogram()
        for (const value of values) histogram.add(value)
        const sorted = [...values].sort((a, b) => a - b)
        const exact = sorted[Math.floor(quantile * values.length)] as number
        const found = histogram.quantileMs(quantile)
        expect(found).toBeLessThanOrEqual(exact)
        expect(found).toBeGreaterThanOrEqual(exact * (1 - bucketWidth) - 0.001)
        expect(histogram.count).toBe(values.length)
        expect(histogram.maxMs).toBe(sorted.at(-1))
      }),
    )
  })

  it('one histogram added to another -> as if one had counted everything', () => {
    fc.assert(
      fc.property(latencies, latencies, (some, others) => {
        const [one, other, both] = [new Histogram(), new Histogram(), new Histogram()]
        for (const value of some) one.add(value)
        for (const value of others) other.add(value)
        for (const value of [...some, ...others]) both.add(value)
        one.addAll(other)
        expect(one.count).toBe(both.count)
        expect(one.maxMs).toBe(both.maxMs)
        for (const quantile of [0, 0.5, 0.99]) {
          expect(one.quantileMs(quantile)).toBe(both.quantileMs(quantile))
        }
      }),
    )
  })

  it('nothing counted -> 0', () => {
    expect(new Histogram().quantileMs(0.5)).toBe(0)
  })
})
