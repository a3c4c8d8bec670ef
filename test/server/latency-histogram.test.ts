import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LatencyHistogram } from '../../src/server/latency-histogram.ts'

describe('latency histogram', () => {
  test('any latencies -> every percentile is that of the sorted list, exactly below 128 ms, within an eighth above', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 2 ** 31 - 1, noNaN: true }), { minLength: 1, maxLength: 200 }),
        fc.constantFrom(0.5, 0.95, 0.99, 0.999),
        (latencies, share) => {
          const histogram = new LatencyHistogram()
          for (const latency of latencies) histogram.record(latency)
          const sorted = latencies.map(Math.floor).sort((a, b) => a - b)
          const exact = sorted[Math.ceil(sorted.length * share) - 1] ?? Number.NaN
          const told = histogram.percentile(share)
          if (exact < 128) expect(told).toBe(exact)
          else {
            expect(told).toBeLessThanOrEqual(exact)
            expect(told).toBeGreaterThan(exact / 1.125 - 1)
          }
        },
      ),
    )
  })

  test('nothing recorded, or reset -> 0', () => {
    const histogram = new LatencyHistogram()
    expect(histogram.percentile(0.99)).toBe(0)
    histogram.record(50)
    histogram.reset()
    expect(histogram.percentile(0.99)).toBe(0)
  })

  test('a negative latency, as of a clock that jumps, and one beyond all bounds -> counted at the ends', () => {
    const histogram = new LatencyHistogram()
    histogram.record(-5)
    expect(histogram.percentile(1)).toBe(0)
    histogram.record(2 ** 40)
    expect(histogram.percentile(1)).toBeGreaterThan(2 ** 30)
  })
})
