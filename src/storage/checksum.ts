import { crc32 } from 'node:zlib'

/** Up to here a loop over the bytes beats a call into the runtime, which makes a view of the range first. */
const shortBytesMax = 256

/** Reversed, as everywhere. */
const polynomial = 0xedb88320
const lanes = 8

/** What a byte adds to the checksum when 0 to 7 others follow it, 256 entries for each. */
const tables = makeTables()

function makeTables(): Int32Array {
  const made = new Int32Array(256 * lanes)
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 0 ? crc >>> 1 : (crc >>> 1) ^ polynomial
    made[byte] = crc
  }
  for (let at = 256; at < made.length; at++) {
    const before = made[at - 256] as number
    made[at] = (made[before & 0xff] as number) ^ (before >>> 8)
  }
  return made
}

/**
 * CRC-32 of the bytes from `start` to `end`. A start checks hundreds of thousands of records of a hundred bytes or two: eight
 * bytes at a time ("slicing by 8") they take two thirds of the time of zlib's, and leave nothing for the garbage collector.
 */
export function checksumOf(bytes: Buffer, start: number, end: number): number {
  if (end - start > shortBytesMax)
    return crc32(new Uint8Array(bytes.buffer, bytes.byteOffset + start, end - start))
  let crc = -1
  let at = start
  for (; at + lanes <= end; at += lanes) {
    crc =
      (tables[0x700 | ((crc ^ (bytes[at] as number)) & 0xff)] as number) ^
      (tables[0x600 | (((crc >>> 8) ^ (bytes[at + 1] as number)) & 0xff)] as number) ^
      (tables[0x500 | (((crc >>> 16) ^ (bytes[at + 2] as number)) & 0xff)] as number) ^
      (tables[0x400 | ((crc >>> 24) ^ (bytes[at + 3] as number))] as number) ^
      (tables[0x300 | (bytes[at + 4] as number)] as number) ^
      (tables[0x200 | (bytes[at + 5] as number)] as number) ^
      (tables[0x100 | (bytes[at + 6] as number)] as number) ^
      (tables[bytes[at + 7] as number] as number)
  }
  for (; at < end; at++) crc = (tables[(crc ^ (bytes[at] as number)) & 0xff] as number) ^ (crc >>> 8)
  return ~crc >>> 0
}
