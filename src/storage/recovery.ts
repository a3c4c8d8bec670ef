import type { Disk, DiskFile } from '../runtime/disk.ts'
import { formatZxid, type Zxid } from '../tree/zxid.ts'
import { isBuilding, segmentFirst, segmentName, snapshotName, snapshotZxid } from './file-names.ts'
import type { HistoryLoading } from './history-loading.ts'
import { SummaryTracker } from './history-summary.ts'
import { chunkBytes, LogSegment } from './log-segment.ts'
import type { Mend } from './mending.ts'
import { decodeSegmentHeader, segmentFormatVersion, segmentHeaderBytes } from './segment-format.ts'
import { findMark, type ScanVisitor, scanSegment } from './segment-scan.ts'
import { checkSnapshot, type SnapshotHeader } from './snapshot-file.ts'
import { damaged, named, newerFormat, olderFormat, StorageError, whereAndWhat } from './storage-error.ts'

/** What history a folder holds, and what has to be done to the folder before that is true of the disk as well. */
export interface FoundHistory {
  segments: LogSegment[]
  /** Ascending; the last one has been checked from end to end. */
  snapshots: Zxid[]
  summary: SummaryTracker
  /** Everything up to here is known to be committed. */
  commit: Zxid
  /** In this order. */
  mends: Mend[]
  /** Where it was loaded as it was looked through. */
  loading: HistoryLoading | null
}

interface Place {
  disk: Disk
  folder: string
}

/** A log file whose header is sound. */
interface FoundSegment {
  segment: LogSegment
  size: number
  /** A later file was begun, which is done only when this one is durable as a whole. */
  rolled: boolean
}

/**
 * Finds out what history a folder holds. It only reads: what is refused stays on the disk as it was, for a person to look
 * at, and a look at the files of a running server changes nothing.
 *
 * The newest snapshot that passes its check is the base, if the log goes on from it; only the log behind it is read
 * through. A torn tail (see segment-format.ts) is to be cut off for good before anything is appended: left in place, sound
 * records of it could come to stand right behind a new, shorter group, and the next start would take them for history.
 *
 * With `loading`, the state is filled as the history is read. Rejects with DAMAGED when something that was durable once is missing
 * or changed.
 */
export async function findHistory(place: Place, loading: HistoryLoading | null): Promise<FoundHistory> {
  const { disk, folder } = place
  const names = await disk.list(folder)
  const mends: Mend[] = []
  for (const name of names)
    if (isBuilding(name))
      mends.push({ kind: 'remove', path: `${folder}/${name}`, because: 'left half built' })
  const snapshots = ascending(names.map(snapshotZxid))
  const newestSnapshot = snapshots.at(-1) ?? 0
  const { base, summary, bad } = await findBase(place, snapshots, loading)
  const chain = await openChain(place, ascending(names.map(segmentFirst)), mends)
  const logStart = chain[0]?.segment.previous ?? base
  if (logStart > base)
    throw damaged({
      path: chain[0]?.segment.path ?? folder,
      offset: 16,
      found: `the log to begin behind ${named(logStart)}`,
      expected: `it to reach back to the newest good snapshot (${named(base)})`,
      ...(bad.length === 0 ? {} : { because: bad.map((snapshot) => snapshot.because).join('; ') }),
    })

  const found: FoundHistory = { segments: [], snapshots, summary, commit: base, mends, loading }
  let holdsBase = logStart === base
  const onRecord = (zxid: Zxid): void => {
    if (zxid === base) holdsBase = true
    else if (zxid > base) summary.extend(zxid)
  }
  const spare = Buffer.allocUnsafeSlow(chunkBytes)
  const visitor: ScanVisitor = {
    onRecord,
    buffer: () => loading?.buffer() ?? spare,
    onChunk: (lent, chunk, commit) => loading?.take(lent, chunk, Math.max(commit, found.commit)),
  }
  for (const [i, part] of chain.entries()) await readPart(place, part, chain[i + 1], base, visitor, found)

  // A snapshot is only finished when the log is durable up to it: a log that ends before has lost something.
  const end = found.segments.at(-1)
  const last = end?.last ?? base
  if (last < newestSnapshot || !holdsBase)
    throw damaged({
      path: end?.path ?? folder,
      ...(end === undefined ? {} : { offset: end.bytes }),
      found: `the log to end at ${named(last)}`,
      expected: `it to hold ${named(Math.max(base, newestSnapshot))}, of which there is a snapshot`,
    })
  mends.push(...bad)
  return found
}

const ascending = (zxids: (Zxid | null)[]): Zxid[] =>
  zxids.filter((zxid): zxid is Zxid => zxid !== null).sort((a, b) => a - b)

/** The newest snapshot that is whole; those that are not leave the list. */
async function findBase(
  { disk, folder }: Place,
  snapshots: Zxid[],
  loading: HistoryLoading | null,
): Promise<{ base: Zxid; summary: SummaryTracker; bad: RemovedSnapshot[] }> {
  const bad: RemovedSnapshot[] = []
  loading?.reset()
  for (;;) {
    const zxid = snapshots.at(-1)
    if (zxid === undefined) return { base: 0, summary: new SummaryTracker(), bad }
    const path = `${folder}/${snapshotName(zxid)}`
    try {
      const check = (header: SnapshotHeader): void => {
        if (header.zxid !== zxid)
          throw damaged({
            path,
            offset: 16,
            found: `a snapshot of ${named(header.zxid)}`,
            expected: named(zxid),
          })
      }
      const header = await (loading?.loadSnapshot(disk, path, check) ?? checkSnapshot(disk, path))
      check(header)
      return { base: zxid, summary: new SummaryTracker(header.summary), bad }
    } catch (error) {
      if (loading?.isOwnFailure(error) || !(error instanceof StorageError) || error.damage === null)
        throw error
      bad.push({ kind: 'remove', path, because: `snapshot damaged: ${whereAndWhat(error.damage)}` })
      snapshots.pop()
      loading?.reset()
    }
  }
}

type RemovedSnapshot = Extract<Mend, { kind: 'remove' }>

/** Opens the segments and checks that their headers make a chain. */
async function openChain({ disk, folder }: Place, firsts: Zxid[], mends: Mend[]): Promise<FoundSegment[]> {
  const chain: FoundSegment[] = []
  for (const [i, first] of firsts.entries()) {
    const path = `${folder}/${segmentName(first)}`
    const rolled = i < firsts.length - 1
    const part = await withFile(disk, path, (file) => openPart(file, path, first, rolled))
    if (part !== null) chain.push(part)
    else mends.push({ kind: 'remove', path, because: 'its very first write was torn: it holds nothing' })
    const before = chain[i - 1]?.segment
    if (part === null || before === undefined) continue
    if (part.segment.previous < before.first)
      throw damaged({
        path,
        offset: 16,
        found: `a segment that follows ${named(part.segment.previous)}`,
        expected: `one that follows those in ${before.path}`,
      })
  }
  return chain
}

/** null for a file whose very first write was torn: it holds nothing. */
async function openPart(
  file: DiskFile,
  path: string,
  first: Zxid,
  rolled: boolean,
): Promise<FoundSegment | null> {
  const size = await file.size()
  const header = decodeSegmentHeader(await file.read(0, segmentHeaderBytes))
  if (header === null) {
    // The mark of the first group went out in the same write as the header, so it proves nothing about it.
    if (!rolled && (await findMark(file, segmentHeaderBytes + 1, size)) === null) return null
    throw damaged({ path, offset: 0, found: 'an unsound header', expected: 'the header of a log segment' })
  }
  if (header.version > segmentFormatVersion) throw newerFormat(path, header.version, segmentFormatVersion)
  if (header.version < segmentFormatVersion) throw olderFormat(path, header.version, segmentFormatVersion)
  if (header.first !== first)
    throw damaged({
      path,
      offset: 24,
      found: `first zxid ${formatZxid(header.first)}`,
      expected: formatZxid(first),
    })
  const { previous } = header
  return { segment: new LogSegment({ path, previous, first, last: previous, bytes: size }), size, rolled }
}

/** Reads one segment through, unless it lies before the base as a whole, and adds it to what was found. */
async function readPart(
  { disk }: Place,
  { segment, size, rolled }: FoundSegment,
  next: FoundSegment | undefined,
  base: Zxid,
  visitor: ScanVisitor,
  found: FoundHistory,
): Promise<void> {
  const { path } = segment
  if (next !== undefined && next.segment.previous < base) {
    segment.last = next.segment.previous
    found.segments.push(segment)
    return
  }
  await withFile(disk, path, async (file) => {
    const scan = await scanSegment(file, segment, size, visitor)
    found.commit = Math.max(found.commit, scan.commit)
    segment.cut(scan.last, scan.end)
    if (scan.end < size) {
      const mark = rolled ? size : await findMark(file, Math.max(scan.end, segmentHeaderBytes) + 1, size)
      if (mark !== null)
        throw damaged({
          path,
          offset: scan.end,
          found: `an unsound record behind ${named(scan.last)}, in a part of the log that was durable once`,
          expected: 'a sound one',
        })
      found.mends.push({ kind: 'cut', path, from: scan.end, to: size, lastZxid: scan.last })
    }
    if (next !== undefined && next.segment.previous !== scan.last)
      throw damaged({
        path: next.segment.path,
        offset: 16,
        found: `a segment that follows ${named(next.segment.previous)}`,
        expected: `one that follows ${named(scan.last)}, the last in ${path}`,
      })
    // What a process that died did not come to sync itself is made durable before it counts.
    found.mends.push({ kind: 'sync', path, from: rolled ? scan.end : scan.lastGroup, to: scan.end })
  })
  if (segment.last > segment.previous) found.segments.push(segment)
  else found.mends.push({ kind: 'remove', path, because: 'it holds no whole record' })
}

async function withFile<T>(disk: Disk, path: string, use: (file: DiskFile) => Promise<T>): Promise<T> {
  const file = await disk.open(path, { create: false })
  try {
    return await use(file)
  } finally {
    await file.close()
  }
}
