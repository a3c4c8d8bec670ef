import { BrokenInvariant } from '../runtime/assert.ts'
import { follows, formatZxid, type Zxid } from '../tree/zxid.ts'
import { checksumOf } from './checksum.ts'

/**
 * One transaction in the log, on the wire between servers and in memory: the same bytes everywhere, encoded once by the
 * leader.
 *
 *     length   u32   bytes of the payload
 *     crc      u32   CRC-32 of everything behind this field
 *     zxid     u64
 *     commit   u64   the commit point that the leader knew when it wrote this: everything up to it is committed
 *     payload
 */
export const recordHeaderBytes = 24

/** The payload stands in `target` already, right behind where the header goes. */
export function writeRecordHeader(
  target: Buffer,
  at: number,
  payloadBytes: number,
  zxid: Zxid,
  commit: Zxid,
): void {
  target.writeUInt32BE(payloadBytes, at)
  writeU64(target, at + 8, zxid)
  writeU64(target, at + 16, commit)
  target.writeUInt32BE(checksumOf(target, at + 8, at + recordHeaderBytes + payloadBytes), at + 4)
}

export const recordPayloadBytes = (source: Buffer, at: number): number => u32(source, at)
export const recordZxid = (source: Buffer, at: number): Zxid => readU64(source, at + 8)
export const recordCommit = (source: Buffer, at: number): Zxid => readU64(source, at + 16)

/** Header and payload together. */
export const recordBytes = (source: Buffer, at: number): number => recordHeaderBytes + u32(source, at)

/** Whether a whole record stands at `at` and its checksum holds. */
export function recordIsSound(source: Buffer, at: number): boolean {
  if (at + recordHeaderBytes > source.length) return false
  const end = at + recordHeaderBytes + recordPayloadBytes(source, at)
  return end <= source.length && checksumOf(source, at + 8, end) === u32(source, at + 4)
}

export function writeU64(target: Buffer, at: number, value: number): void {
  // Not `assert`: its message would be a closure for every record.
  if (!Number.isSafeInteger(value) || value < 0) throw new BrokenInvariant(`${value} does not fit 53 bits`)
  target.writeUInt32BE(Math.floor(value / 2 ** 32), at)
  target.writeUInt32BE(value % 2 ** 32, at + 4)
}

/**
 * Byte by byte: small enough to be inlined wherever it is called, so that the number, which is none of V8's small ones, is not
 * put into an object of its own for each field of each record. What stands beyond the end counts as zeros.
 */
export function readU64(source: Buffer, at: number): number {
  return u32(source, at) * 2 ** 32 + u32(source, at + 4)
}

function u32(source: Buffer, at: number): number {
  return (
    (((source[at] as number) << 24) |
      ((source[at + 1] as number) << 16) |
      ((source[at + 2] as number) << 8) |
      (source[at + 3] as number)) >>>
    0
  )
}

/** What a run of records behind each other comes to. */
export interface RecordRun {
  count: number
  /** The zxid of the last record; where the run started when there is none. */
  last: Zxid
  /** The highest commit point that they carry; 0 when there is none. */
  commit: Zxid
  /** What is wrong with it; null when it is whole records that follow each other without gap. */
  problem: string | null
}

/**
 * Looks through records that shall follow `after`. With `checksums` it is the gate for what came over a network; without,
 * it only reads the headers, which costs a tenth.
 */
export function inspectRecords(records: Buffer, after: Zxid, options: { checksums: boolean }): RecordRun {
  const { checksums } = options
  let count = 0
  let last = after
  let highestCommit: Zxid = 0
  let problem: string | null = null
  let at = 0
  while (at < records.length) {
    const end = at + recordHeaderBytes <= records.length ? at + recordBytes(records, at) : records.length + 1
    if (end > records.length) {
      problem = `a record cut short at byte ${at}`
      break
    }
    const zxid = recordZxid(records, at)
    const commit = recordCommit(records, at)
    if (checksums && !recordIsSound(records, at)) problem = `a wrong checksum at byte ${at}`
    else if (!Number.isSafeInteger(zxid) || !follows(last, zxid))
      problem = `zxid ${formatZxid(zxid)} behind ${formatZxid(last)}`
    else if (commit >= zxid)
      problem = `commit point ${formatZxid(commit)} in the record of zxid ${formatZxid(zxid)}`
    if (problem !== null) break
    if (commit > highestCommit) highestCommit = commit
    last = zxid
    count++
    at = end
  }
  return { count, last, commit: highestCommit, problem }
}
