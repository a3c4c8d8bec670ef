import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DecodeError } from '../../src/wire/decode-error.ts'
import { JuteReader } from '../../src/wire/jute-reader.ts'
import { JuteWriter } from '../../src/wire/jute-writer.ts'

const hex = (writer: JuteWriter) => writer.view().toString('hex')
const bytes = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex')

describe('jute writer', () => {
  test('int: two’s complement, big-endian', () => {
    expect(hex(new JuteWriter().int(1).int(-2).int(0x12345678))).toBe('00000001fffffffe12345678')
  })

  test('long: all 53 bits of either sign -> exact 64-bit two’s complement', () => {
    const writer = new JuteWriter()
      .long(0x1234_5678_9abc)
      .long(-1)
      .long(-(2 ** 32))
      .long(2 ** 53 - 1)
    expect(hex(writer)).toBe('0000123456789abcffffffffffffffffffffffff00000000001fffffffffffff')
  })

  test('long: not a safe integer -> refused, for it would be written wrong', () => {
    expect(() => new JuteWriter().long(2 ** 53)).toThrow(/not an exact integer/)
    expect(() => new JuteWriter().long(0.5)).toThrow(/not an exact integer/)
  })

  test('string: ASCII, multi-byte, empty, null, long -> byte length and UTF-8', () => {
    expect(hex(new JuteWriter().string('/a'))).toBe('000000022f61')
    expect(hex(new JuteWriter().string('/é€'))).toBe('000000062fc3a9e282ac')
    expect(hex(new JuteWriter().string('😀'))).toBe('00000004f09f9880')
    expect(hex(new JuteWriter().string(''))).toBe('00000000')
    expect(hex(new JuteWriter().string(null))).toBe('ffffffff')
    const long = 'x'.repeat(5000)
    expect(new JuteWriter(16).string(long).view().toString('latin1', 4)).toBe(long)
  })

  test('buffer: null and empty differ', () => {
    expect(hex(new JuteWriter().buffer(null).buffer(Buffer.alloc(0)).buffer(bytes('0a0b')))).toBe(
      'ffffffff00000000000000020a0b',
    )
  })

  test('frame: endFrame -> the length of what lies between, frames nest behind each other', () => {
    const writer = new JuteWriter()
    for (const v of [7, 8]) {
      const mark = writer.beginFrame()
      writer.int(v).bool(true)
      writer.endFrame(mark)
    }
    expect(hex(writer)).toBe('0000000500000007010000000500000008' + '01')
  })

  test('take: the bytes are handed over -> later writes do not show in them', () => {
    const writer = new JuteWriter(16).int(1)
    const taken = writer.take()
    writer.int(2)
    expect(taken.toString('hex')).toBe('00000001')
    expect(hex(writer)).toBe('00000002')
  })

  test('truncate and patchInt: outside of what was written -> refused', () => {
    const writer = new JuteWriter().int(1).int(2)
    writer.truncate(4)
    writer.patchInt(0, 9)
    expect(hex(writer)).toBe('00000009')
    expect(() => writer.truncate(5)).toThrow()
    expect(() => writer.patchInt(1, 0)).toThrow()
  })

  test('rawRange: short and long ranges -> the same bytes', () => {
    const source = Buffer.from(Array.from({ length: 1000 }, (_, i) => i & 0xff))
    for (const [start, end] of [
      [0, 0],
      [3, 7],
      [1, 161],
      [1, 162],
      [5, 1000],
    ] as const) {
      expect(new JuteWriter(16).rawRange(source, start, end).view()).toEqual(source.subarray(start, end))
    }
  })
})

describe('jute reader', () => {
  test('primitives: hand-made bytes -> values', () => {
    const reader = new JuteReader(
      bytes('fffffffe 0000123456789abc ffffffffffffffff 02 00000003 616263 ffffffff 00000002 0102'),
    )
    expect(reader.int()).toBe(-2)
    expect(reader.long()).toBe(0x1234_5678_9abc)
    expect(reader.long()).toBe(-1)
    expect(reader.bool()).toBe(true)
    expect(reader.string()).toBe('abc')
    expect(reader.string()).toBeNull()
    expect(reader.buffer()).toEqual(bytes('0102'))
    expect(reader.remaining).toBe(0)
  })

  test('bigint: all 64 bits', () => {
    expect(new JuteReader(bytes('0100002e5d820000')).bigint()).toBe(0x100002e5d820000n)
    expect(new JuteReader(bytes('8000000000000000')).bigint()).toBe(-(2n ** 63n))
  })

  test('string: bytes that are not UTF-8 -> replacement characters, no error', () => {
    expect(new JuteReader(bytes('00000002 2fff')).string()).toBe('/�')
  })

  test.each([
    ['int', '000000', (r: JuteReader) => r.int()],
    ['long', '00000000000000', (r: JuteReader) => r.long()],
    ['bigint', '00000000000000', (r: JuteReader) => r.bigint()],
    ['bool', '', (r: JuteReader) => r.bool()],
    ['string longer than the rest', '0000000461', (r: JuteReader) => r.string()],
    ['buffer of length -2', 'fffffffe', (r: JuteReader) => r.buffer()],
    ['vector count above the rest', '7fffffff00', (r: JuteReader) => r.vector((x) => x.bool())],
    ['text that is null', 'ffffffff', (r: JuteReader) => r.text()],
    ['skip past the end', '00', (r: JuteReader) => r.skip(2)],
  ])('%s -> DecodeError', (_name, input, read) => {
    expect(() => read(new JuteReader(bytes(input)))).toThrow(DecodeError)
  })

  test('range: bytes behind the end are not read', () => {
    const reader = new JuteReader(bytes('00000001 00000002'), 0, 6)
    expect(reader.int()).toBe(1)
    expect(() => reader.int()).toThrow(DecodeError)
  })

  test('property: random bytes, random reads -> values or DecodeError, never past the end', () => {
    const reads: ((r: JuteReader) => unknown)[] = [
      (r) => r.int(),
      (r) => r.long(),
      (r) => r.bigint(),
      (r) => r.bool(),
      (r) => r.buffer(),
      (r) => r.string(),
      (r) => r.text(),
      (r) => r.vector((x) => x.string()),
      (r) => r.vector((x) => x.vector((y) => y.buffer())),
      (r) => r.skip(3),
    ]
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 64 }),
        fc.array(fc.nat(reads.length - 1), { maxLength: 20 }),
        (input, choices) => {
          const reader = new JuteReader(Buffer.from(input))
          for (const choice of choices) {
            try {
              reads[choice]?.(reader)
            } catch (error) {
              if (!(error instanceof DecodeError)) throw error
            }
            expect(reader.position).toBeLessThanOrEqual(input.length)
          }
        },
      ),
      { numRuns: 2000 },
    )
  })

  test('property: what is written is read back', () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.maxSafeInteger(),
        fc.string({ unit: 'grapheme', maxLength: 100 }),
        fc.option(fc.uint8Array({ maxLength: 300 })),
        (i, l, s, b) => {
          const writer = new JuteWriter(16).int(i).long(l).bigint(BigInt(l)).string(s).buffer(b)
          const reader = new JuteReader(writer.view())
          expect(reader.int()).toBe(i | 0)
          expect(reader.long()).toBe(l)
          expect(reader.bigint()).toBe(BigInt(l))
          expect(reader.string()).toBe(s)
          expect(reader.buffer()).toEqual(b === null ? null : Buffer.from(b))
          expect(reader.remaining).toBe(0)
        },
      ),
    )
  })
})
