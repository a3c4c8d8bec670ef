import type { DiskFile } from '../runtime/disk.ts'
import { follows, formatZxid, type Zxid } from '../tree/zxid.ts'
import { type LogSegment, readChunk } from './log-segment.ts'
import { recordBytes, recordCommit, recordIsSound, recordZxid } from './record.ts'
import { markBytes, markIsSound, markMagic, segmentHeaderBytes } from './segment-format.ts'
import { damaged, named } from './storage-error.ts'

const searchBytes = 1024 * 1024

export interface Scan {
  /** Where the sound part ends: at the end of the file, or in front of the first unsound record. */
  end: number
  last: Zxid
  /** Where the last group begins: nothing proves that it, and whatever was written with it, was ever durable. */
  lastGroup: number
  /** The highest commit point in its records and marks. */
  commit: Zxid
}

/** Is shown what a scan finds. */
export interface ScanVisitor {
  /** To be read into. */
  buffer(): Buffer
  /** A sound record, at its place in the history. */
  onRecord(zxid: Zxid): void
  /** Sound records and marks, right behind those before; `commit` is the highest commit point so far. `lent` is given back. */
  onChunk(lent: Buffer, chunk: Buffer, commit: Zxid): void
}

/**
 * Reads a segment from its header on, as far as it is sound, and fills the segment's index.
 * Rejects with DAMAGED at a sound record that cannot stand where it stands: no crash brings that about.
 */
export async function scanSegment(
  file: DiskFile,
  segment: LogSegment,
  size: number,
  visitor: ScanVisitor,
): Promise<Scan> {
  const scan: Scan = { end: segmentHeaderBytes, last: segment.previous, lastGroup: 0, commit: 0 }
  while (scan.end < size) {
    const lent = visitor.buffer()
    const chunk = await readChunk(file, scan.end, size, lent)
    const sound = scanChunk(chunk, segment, scan, visitor)
    visitor.onChunk(
      lent,
      sound === chunk.length ? chunk : chunk.subarray(0, sound),
      Math.min(scan.commit, scan.last),
    )
    if (sound === 0) break
    scan.end += sound
  }
  scan.commit = Math.min(scan.commit, scan.last)
  return scan
}

/** Goes on with what stands at the scan's end. Returns how much of it is sound. */
function scanChunk(chunk: Buffer, segment: LogSegment, scan: Scan, visitor: ScanVisitor): number {
  let at = 0
  while (recordIsSound(chunk, at)) {
    const zxid = recordZxid(chunk, at)
    const offset = scan.end + at
    if (zxid === 0) {
      if (!markIsSound(chunk, at, offset)) break
      segment.noteGroup(scan.last, offset)
      // The header was written together with the first group.
      if (offset > segmentHeaderBytes) scan.lastGroup = offset
    } else {
      expectNext(chunk, at, segment, scan)
      scan.last = zxid
      visitor.onRecord(zxid)
    }
    scan.commit = Math.max(scan.commit, recordCommit(chunk, at))
    at += recordBytes(chunk, at)
  }
  return at
}

function expectNext(chunk: Buffer, at: number, segment: LogSegment, { last, end }: Scan): void {
  const zxid = recordZxid(chunk, at)
  const follow = last === segment.previous ? zxid === segment.first : follows(last, zxid)
  if (follow && recordCommit(chunk, at) < zxid) return
  throw damaged({
    path: segment.path,
    offset: end + at,
    found: `the record of zxid ${formatZxid(zxid)}, commit point ${formatZxid(recordCommit(chunk, at))}`,
    expected: `the one that follows ${named(last)}`,
  })
}

/** The offset of the first sound mark at or behind `from`; null when there is none. */
export async function findMark(file: DiskFile, from: number, size: number): Promise<number | null> {
  // Pieces overlap by a mark, so one that lies across their border is found as well.
  for (let start = from; start + markBytes <= size; start += searchBytes) {
    const piece = await file.read(start, Math.min(size - start, searchBytes + markBytes))
    const magicAt = markBytes - 16
    for (let hit = piece.indexOf(markMagic); hit >= 0; hit = piece.indexOf(markMagic, hit + 1)) {
      const at = hit - magicAt
      if (at >= 0 && markIsSound(piece, at, start + at)) return start + at
    }
  }
  return null
}
