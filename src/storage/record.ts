import { crc32 } from 'node:zlib'
import { assert } from '../runtime/assert.ts'
import { follows, formatZxid, type Zxid } from '../tree/zxid.ts'

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

export function writeRecordHeader(
  target: Buffer,
  at: number,
  fields: { payloadBytes: number; zxid: Zxid; commit: Zxid },
): void {
  target.writeUInt32BE(fields.payloadBytes, at)
  writeU64(target, at + 8, fields.zxid)
  writeU64(target, at + 16, fields.commit)
  target.writeUInt32BE(crc32(target.subarray(at + 8, at + recordHeaderBytes + fields.payloadBytes)), at + 4)
}

export const recordPayloadBytes = (source: Buffer, at: number): number => source.readUInt32BE(at)
export const recordZxid = (source: Buffer, at: number): Zxid => readU64(source, at + 8)
export const recordCommit = (source: Buffer, at: number): Zxid => readU64(source, at + 16)

/** Header and payload together. */
export const recordBytes = (source: Buffer, at: number): number => recordHeaderBytes + source.readUInt32BE(at)

/** Whether a whole record stands at `at` and its checksum holds. */
export function recordIsSound(source: Buffer, at: number): boolean {
  if (at + recordHeaderBytes > source.length) return false
  const end = at + recordHeaderBytes + recordPayloadBytes(source, at)
  return end <= source.length && crc32(source.subarray(at + 8, end)) === source.readUInt32BE(at + 4)
}

export function writeU64(target: Buffer, at: number, value: number): void {
  assert(Number.isSafeInteger(value) && value >= 0, () => `${value} does not fit 53 bits`)
  target.writeUInt32BE(Math.floor(value / 2 ** 32), at)
  target.writeUInt32BE(value % 2 ** 32, at + 4)
}

export function readU64(source: Buffer, at: number): number {
  return source.readUInt32BE(at) * 2 ** 32 + source.readUInt32BE(at + 4)
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
  const run: RecordRun = { count: 0, last: after, commit: 0, problem: null }
  let at = 0
  while (at < records.length) {
    if (at + recordHeaderBytes > records.length || at + recordBytes(records, at) > records.length) {
      run.problem = `a record cut short at byte ${at}`
      return run
    }
    const zxid = recordZxid(records, at)
    const commit = recordCommit(records, at)
    if (options.checksums && !recordIsSound(records, at)) run.problem = `a wrong checksum at byte ${at}`
    else if (!Number.isSafeInteger(zxid) || !follows(run.last, zxid))
      run.problem = `zxid ${formatZxid(zxid)} behind ${formatZxid(run.last)}`
    else if (commit >= zxid)
      run.problem = `commit point ${formatZxid(commit)} in the record of zxid ${formatZxid(zxid)}`
    if (run.problem !== null) return run
    if (commit > run.commit) run.commit = commit
    run.last = zxid
    run.count += 1
    at += recordBytes(records, at)
  }
  return run
}
