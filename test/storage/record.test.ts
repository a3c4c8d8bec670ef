import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  inspectRecords,
  readU64,
  recordIsSound,
  recordPayloadBytes,
  recordZxid,
  writeU64,
} from '../../src/storage/record.ts'
import { recordOf, recordsOf, run, z } from './helpers.ts'

describe('record', () => {
  it('any single bit flipped, or cut anywhere -> unsound', () => {
    const record = recordOf(z(3, 7), z(3, 5))
    expect(recordIsSound(record, 0)).toBe(true)
    for (let bit = 0; bit < record.length * 8; bit++) {
      const flipped = Buffer.from(record)
      flipped[bit >> 3] = (record[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(recordIsSound(flipped, 0)).toBe(false)
    }
    for (let size = 0; size < record.length; size++)
      expect(recordIsSound(record.subarray(0, size), 0)).toBe(false)
  })

  it('zeros -> no record', () => {
    expect(recordIsSound(Buffer.alloc(100), 0)).toBe(false)
  })

  it('any 53-bit number -> read back the same', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (value) => {
        const bytes = Buffer.alloc(8)
        writeU64(bytes, 0, value)
        expect(readU64(bytes, 0)).toBe(value)
      }),
    )
  })

  it('a good run -> count, last and the highest commit point', () => {
    const records = Buffer.concat([recordOf(z(1, 3), z(1, 2)), recordOf(z(2, 1), z(1, 1))])
    expect(recordPayloadBytes(records, 0)).toBeGreaterThan(0)
    expect(recordZxid(records, 0)).toBe(z(1, 3))
    expect(inspectRecords(records, z(1, 2), { checksums: true })).toEqual({
      count: 2,
      last: z(2, 1),
      commit: z(1, 2),
      problem: null,
    })
  })

  it.each([
    ['a gap', recordsOf([z(1, 1), z(1, 3)]), 'zxid 0x100000003 behind 0x100000001'],
    ['an epoch that does not begin with 1', recordsOf([z(1, 1), z(2, 2)]), 'zxid 0x200000002'],
    [
      'cut in a header',
      recordsOf(run(1, 1, 2)).subarray(0, recordOf(z(1, 1)).length + 5),
      'a record cut short',
    ],
    ['cut in a payload', recordOf(z(1, 1)).subarray(0, 30), 'a record cut short'],
    ['committed before it was written', recordOf(z(1, 1), z(1, 1)), 'commit point 0x100000001'],
  ])('%s -> a problem that names it', (_name, records, problem) => {
    expect(inspectRecords(records, 0, { checksums: false }).problem).toContain(problem)
  })

  it('a payload changed on its way -> found by checksums only', () => {
    const record = recordOf(z(1, 1))
    record.writeUInt8(255, 26)
    expect(inspectRecords(record, 0, { checksums: true }).problem).toContain('a wrong checksum')
    expect(inspectRecords(record, 0, { checksums: false }).problem).toBeNull()
  })
})
