import { describe, expect, it } from 'vitest'
import { SeededRandom } from '../../../src/runtime/seeded-random.ts'
import { faultNames } from '../../../src/sim/faults/fault.ts'
import { onlyRates, ratesDrawnFrom } from '../../../src/sim/faults/rates.ts'

describe('fault rates', () => {
  it('many seeds -> each kind is often absent and often there, and the number of kinds varies', () => {
    const drawn = Array.from({ length: 400 }, (_, seed) => ratesDrawnFrom(new SeededRandom(seed)))
    for (const name of faultNames) {
      const present = drawn.filter((rates) => rates[name] > 0).length
      expect(present).toBeGreaterThan(60)
      expect(present).toBeLessThan(250)
    }
    const kinds = drawn.map((rates) => faultNames.filter((name) => rates[name] > 0).length)
    expect(Math.min(...kinds)).toBeLessThan(3)
    expect(Math.max(...kinds)).toBeGreaterThan(20)
  })

  it('same seed -> same rates', () => {
    expect(ratesDrawnFrom(new SeededRandom(5))).toEqual(ratesDrawnFrom(new SeededRandom(5)))
  })

  it('only some named -> all others are 0', () => {
    const rates = onlyRates({ wipe: 7 })
    expect(rates.wipe).toBe(7)
    expect(faultNames.filter((name) => rates[name] > 0)).toEqual(['wipe'])
  })
})
