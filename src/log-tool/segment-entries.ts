import type { Disk, DiskFile } from '../runtime/disk.ts'
import { readChunk } from '../storage/log-segment.ts'
import { recordBytes, recordCommit, recordHeaderBytes, recordIsSound, recordZxid } from '../storage/record.ts'
import {
  decodeSegmentHeader,
  markIsSound,
  type SegmentHeader,
  segmentFormatVersion,
  segmentHeaderBytes,
} from '../storage/segment-format.ts'
import { findMark } from '../storage/segment-scan.ts'
import { follows, formatZxid, type Zxid } from '../tree/zxid.ts'

/** What stands in a log file, in its order. */
export type SegmentEntry =
  | { readonly kind: 'header'; readonly offset: number; readonly header: SegmentHeader }
  /** The beginning of a group: what one write and one sync carried. */
  | { readonly kind: 'mark'; readonly offset: number; readonly commit: Zxid }
  | {
      readonly kind: 'record'
      readonly offset: number
      readonly bytes: number
      readonly zxid: Zxid
      readonly commit: Zxid
      readonly payload: Buffer
    }
  /** What cannot be read, up to the next group or the end of the file. */
  | {
      readonly kind: 'gap'
      readonly gap: Gap
      readonly offset: number
      readonly to: number
      readonly found: string
    }

/**
 * - `damage`: it was durable once, for something behind it proves it.
 * - `torn`: the end of a file that was being written; a start cuts it off.
 * - `free`: zeros that were written ahead.
 */
export type Gap = 'damage' | 'torn' | 'free'

/**
 * Reads a whole log file, and goes on behind what is damaged. `rolled`: a later file was begun. `from`: a record that was seen
 * in it before; where it still stands, reading begins with it.
 */
export async function* segmentEntries(
  disk: Disk,
  path: string,
  rolled: boolean,
  from: { offset: number; zxid: Zxid } | null = null,
): AsyncGenerator<SegmentEntry> {
  const file = await disk.open(path, { create: false })
  try {
    const size = await file.size()
    const header = decodeSegmentHeader(await file.read(0, segmentHeaderBytes))
    if (header !== null) yield { kind: 'header', offset: 0, header }
    if (header !== null && header.version !== segmentFormatVersion) {
      const found = `format version ${header.version}, this program reads ${segmentFormatVersion}`
      yield { kind: 'gap', gap: 'damage', offset: segmentHeaderBytes, to: size, found }
      return
    }
    let last: Zxid | null = null
    /** Something before could not be read: what comes next may be any zxid. */
    let lost = header === null
    let offset = segmentHeaderBytes
    if (header === null) {
      const next = await findMark(file, segmentHeaderBytes + 1, size)
      yield gapOf(rolled || next !== null, 0, next ?? size, 'an unsound header')
      if (next === null) return
      offset = next
    }
    if (from !== null && (await stands(file, from, size))) {
      offset = from.offset
      lost = true
    }
    while (offset < size) {
      const chunk = await readChunk(file, offset, size)
      let at = 0
      while (recordIsSound(chunk, at)) {
        const zxid = recordZxid(chunk, at)
        const commit = recordCommit(chunk, at)
        if (zxid === 0) {
          if (!markIsSound(chunk, at, offset + at)) break
          yield { kind: 'mark', offset: offset + at, commit }
        } else {
          const fits = last === null ? lost || zxid === header?.first : follows(last, zxid)
          if (!fits || commit >= zxid) {
            const found = `the record of zxid ${formatZxid(zxid)} behind ${last === null ? 'the header' : formatZxid(last)}`
            yield { kind: 'gap', gap: 'damage', offset: offset + at, to: offset + at, found }
          }
          last = zxid
          const bytes = recordBytes(chunk, at)
          const payload = chunk.subarray(at + recordHeaderBytes, at + bytes)
          yield { kind: 'record', offset: offset + at, bytes, zxid, commit, payload }
        }
        at += recordBytes(chunk, at)
      }
      offset += at
      if (at > 0) continue
      const next = await findMark(file, offset + 1, size)
      if (next === null && !rolled && (await isZero(file, offset, size)))
        yield { kind: 'gap', gap: 'free', offset, to: size, found: 'zeros written ahead' }
      else yield gapOf(rolled || next !== null, offset, next ?? size, 'an unsound record')
      if (next === null) return
      last = null
      lost = true
      offset = next
    }
  } finally {
    await file.close()
  }
}

async function stands(
  file: DiskFile,
  { offset, zxid }: { offset: number; zxid: Zxid },
  size: number,
): Promise<boolean> {
  if (offset >= size) return false
  const chunk = await readChunk(file, offset, size)
  return recordIsSound(chunk, 0) && recordZxid(chunk, 0) === zxid
}

const gapOf = (durableOnce: boolean, offset: number, to: number, found: string): SegmentEntry => ({
  kind: 'gap',
  gap: durableOnce ? 'damage' : 'torn',
  offset,
  to,
  found,
})

async function isZero(file: DiskFile, from: number, to: number): Promise<boolean> {
  for (let at = from; at < to; ) {
    const piece = await file.read(at, Math.min(1024 * 1024, to - at))
    if (piece.length === 0) break
    if (piece.some((byte) => byte !== 0)) return false
    at += piece.length
  }
  return true
}
