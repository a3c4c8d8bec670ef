import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { checksumOf } from '../../src/storage/checksum.ts'

test('every length around what is short, at every alignment -> the CRC-32 of zlib', () => {
  const bytes = Buffer.from(Array.from({ length: 600 }, (_, i) => (i * 151 + (i >>> 3)) & 0xff))
  for (let start = 0; start < 9; start++)
    for (let length = 0; length <= 300; length++)
      expect(checksumOf(bytes, start, start + length)).toBe(crc32(bytes.subarray(start, start + length)))
})

test('property: any bytes, in a buffer that is a part of another -> the CRC-32 of zlib', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), fc.nat(20), (content, before) => {
      const bytes = Buffer.concat([Buffer.alloc(before, 0xa5), content]).subarray(before >>> 1)
      const start = before - (before >>> 1)
      expect(checksumOf(bytes, start, bytes.length)).toBe(crc32(content))
    }),
  )
})
