import { assert } from '../runtime/assert.ts'
import type { Disk } from '../runtime/disk.ts'
import { formatZxid, type Zxid } from '../tree/zxid.ts'
import { type LogSegment, readChunk } from './log-segment.ts'
import { recordBytes, recordIsSound, recordZxid } from './record.ts'
import { damaged, named } from './storage-error.ts'

/** Whole records in a buffer that is the caller's, and the zxid of the last of them. */
export interface RecordBatch {
  records: Buffer
  last: Zxid
}

/** The records of one segment after `after` up to `upTo`, as far as it holds them. Rejects with DAMAGED. */
export async function* readSegment(
  disk: Disk,
  segment: LogSegment,
  after: Zxid,
  upTo: Zxid,
): AsyncGenerator<RecordBatch> {
  const end = Math.min(segment.last, upTo)
  let reached = after
  for await (const { chunk } of walk(disk, segment, after)) {
    const batch = squeeze(chunk, reached, end)
    if (batch.bytes > 0) {
      yield { records: chunk.subarray(0, batch.bytes), last: batch.last }
      reached = batch.last
    }
    if (reached >= end) return
  }
  throw damaged({
    path: segment.path,
    found: `no record behind ${named(reached)}`,
    expected: `${named(end)}`,
  })
}

/** Where the record of `zxid` ends. */
export async function endOfRecord(disk: Disk, segment: LogSegment, zxid: Zxid): Promise<number> {
  let end: number | null = null
  for await (const { chunk, offset } of walk(disk, segment, zxid - 1)) {
    for (let at = 0; at < chunk.length; at += recordBytes(chunk, at))
      if (recordZxid(chunk, at) === zxid) end = offset + at + recordBytes(chunk, at)
    if (end !== null) return end
  }
  throw damaged({ path: segment.path, found: `no record of ${named(zxid)}`, expected: 'it to be there' })
}

/** Sound records and marks, in buffers that are the caller's, from somewhere at or in front of what follows `after`. */
async function* walk(
  disk: Disk,
  segment: LogSegment,
  after: Zxid,
): AsyncGenerator<{ chunk: Buffer; offset: number }> {
  const { bytes, path } = segment
  const file = await disk.open(path, { create: false })
  try {
    let offset = segment.offsetFor(after)
    while (offset < bytes) {
      const chunk = await readChunk(file, offset, bytes)
      let at = 0
      while (recordIsSound(chunk, at)) at += recordBytes(chunk, at)
      if (at === 0) throw damaged({ path, offset, found: 'an unsound record', expected: 'a sound one' })
      yield { chunk: chunk.subarray(0, at), offset }
      offset += at
    }
  } finally {
    await file.close()
  }
}

/** Moves the records after `after` up to `upTo` to the front of the chunk, without the marks between them. */
function squeeze(chunk: Buffer, after: Zxid, upTo: Zxid): { bytes: number; last: Zxid } {
  let last = after
  let bytes = 0
  let runStart = 0
  let at = 0
  const endRun = (next: number): void => {
    if (runStart !== bytes) chunk.copyWithin(bytes, runStart, at)
    bytes += at - runStart
    runStart = next
  }
  while (at < chunk.length) {
    const zxid = recordZxid(chunk, at)
    const next = at + recordBytes(chunk, at)
    if (zxid === 0 || zxid <= after || zxid > upTo) endRun(next)
    else {
      assert(zxid > last, () => `${formatZxid(zxid)} behind ${formatZxid(last)} in the log`)
      last = zxid
    }
    at = next
  }
  endRun(at)
  return { bytes, last }
}
