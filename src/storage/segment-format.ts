import { crc32 } from 'node:zlib'
import type { Zxid } from '../tree/zxid.ts'
import {
  readU64,
  recordHeaderBytes,
  recordIsSound,
  recordZxid,
  writeRecordHeader,
  writeU64,
} from './record.ts'

/**
 * A log segment is a header, then groups. A group is what one write and one sync carried: a mark, then records.
 *
 *     header   magic "BANYLOG1" | version u32 | crc u32 of version, previous, first | previous u64 | first u64
 *     mark     a record whose zxid is 0; its payload is "BANYMARK" and its own offset in the file, u64
 *     records  see record.ts
 *
 * `previous` is the last zxid before this segment: without it a segment cut short at the end of a record, in front of
 * a segment that begins an epoch, would not show as a hole.
 *
 * A group is written only after the sync of the one before. So a mark proves that all in front of it was durable once,
 * and that is what tells a torn tail from damage:
 *  - Within the last group, a power failure may have kept any sectors and lost others, in any order. An unsound record
 *    there was never acknowledged: the log ends in front of it, even if sound records of the same group stand behind.
 *  - An unsound record with a mark behind it was durable, perhaps acknowledged, and is gone: the server must not start.
 * Were any sound record behind taken for damage, a power failure could keep several servers down at once, and emptying
 * them as told would lose what only they held.
 *
 * The commit point in a mark is this server's own, so a restart need not wait to learn it from others.
 *
 * The version is raised also when the records' content changes (tree/txn.ts): a transaction misread is a wrong state.
 */
export const segmentFormatVersion = 2
export const segmentHeaderBytes = 32
export const markBytes = recordHeaderBytes + 16

const headerMagic = Buffer.from('BANYLOG1')
export const markMagic = Buffer.from('BANYMARK')

export interface SegmentHeader {
  version: number
  previous: Zxid
  first: Zxid
}

export function encodeSegmentHeader(fields: { previous: Zxid; first: Zxid }): Buffer {
  const header = Buffer.alloc(segmentHeaderBytes)
  headerMagic.copy(header)
  header.writeUInt32BE(segmentFormatVersion, 8)
  writeU64(header, 16, fields.previous)
  writeU64(header, 24, fields.first)
  header.writeUInt32BE(headerCrc(header), 12)
  return header
}

/** null when it is not a sound header, of whatever version. */
export function decodeSegmentHeader(bytes: Buffer): SegmentHeader | null {
  if (bytes.length < segmentHeaderBytes || !bytes.subarray(0, 8).equals(headerMagic)) return null
  if (headerCrc(bytes) !== bytes.readUInt32BE(12)) return null
  return { version: bytes.readUInt32BE(8), previous: readU64(bytes, 16), first: readU64(bytes, 24) }
}

const headerCrc = (header: Buffer): number =>
  crc32(header.subarray(16, segmentHeaderBytes), crc32(header.subarray(8, 12)))

export function writeMark(target: Buffer, at: number, fields: { offset: number; commit: Zxid }): void {
  markMagic.copy(target, at + recordHeaderBytes)
  writeU64(target, at + recordHeaderBytes + 8, fields.offset)
  writeRecordHeader(target, at, 16, 0, fields.commit)
}

/** Whether a whole mark stands at `at`, which is at `offset` in the file. */
export function markIsSound(source: Buffer, at: number, offset: number): boolean {
  return (
    at + markBytes <= source.length &&
    source.readUInt32BE(at) === 16 &&
    recordZxid(source, at) === 0 &&
    readU64(source, at + recordHeaderBytes + 8) === offset &&
    recordIsSound(source, at)
  )
}
