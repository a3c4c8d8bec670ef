import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatQuotaText, noLimits, parseQuotaText } from '../../src/client/quota-text.ts'

describe('quota text', () => {
  // As Apache ZooKeeper's own shell writes them, and as its servers write usage.
  test.each([
    ['count=5,bytes=-1=;byteHardLimit=-1;countHardLimit=-1', { ...noLimits, count: 5 }],
    ['count=-1,bytes=-1=;byteHardLimit=500;countHardLimit=3', { ...noLimits, bytesHard: 500, countHard: 3 }],
    ['count=-1,bytes=-1=;byteHardLimit=-1;countHardLimit=-1', noLimits],
  ])('%s is read, and written again as it was', (text, values) => {
    expect(parseQuotaText(text)).toEqual(values)
    expect(formatQuotaText(values)).toBe(text)
  })

  test('usage, and the form of old releases, have no hard limits', () => {
    expect(parseQuotaText('count=2,bytes=0')).toEqual({ ...noLimits, count: 2, bytes: 0 })
  })

  test('what is not understood counts as no limit', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        for (const value of Object.values(parseQuotaText(text))) {
          expect(value === null || (Number.isInteger(value) && value >= 0)).toBe(true)
        }
      }),
    )
    expect(parseQuotaText('count=many,bytes')).toEqual(noLimits)
  })

  test('any limits are read as they were written', () => {
    const limit = fc.option(fc.nat())
    const values = fc.record({ count: limit, bytes: limit, countHard: limit, bytesHard: limit })
    fc.assert(
      fc.property(values, (all) => {
        expect(parseQuotaText(formatQuotaText(all))).toEqual(all)
      }),
    )
  })
})
