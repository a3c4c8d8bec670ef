import { inspectRecords } from '../storage/record.ts'
import { commonPoint, type HistorySummary, type Storage } from '../storage/storage.ts'
import type { Zxid } from '../tree/zxid.ts'
import type { Link } from './link.ts'
import type { WireSummary } from './messages.ts'

/** Pieces of a snapshot on the wire are about as large as pieces of the log. */
const pieceBytesMax = 1024 * 1024

/**
 * Makes another server's history a copy of this one's, up to `upTo`: wipes what is not common and sends what is missing
 * (by epoch summary, as KIP-101); the newest snapshot and all behind it where the log does not reach back that far, or
 * `full` is asked for. `upTo` must be durable here.
 *
 * Returns how it was done; throws when the link ends or the log cannot be read.
 */
export async function sendHistory(options: {
  storage: Storage
  link: Link
  receiver: WireSummary
  upTo: Zxid
  full: boolean
}): Promise<'diff' | 'full'> {
  const { storage, link, upTo } = options
  const receiver: HistorySummary = options.receiver.map(([epoch, lastCounter]) => ({ epoch, lastCounter }))
  const common = Math.min(commonPoint(storage.summary(), receiver), upTo)
  const full = options.full || common < storage.logStartZxid
  if (full) await sendFull(storage, link, upTo)
  else {
    const letGo = storage.keepLog(common)
    try {
      link.send({ type: 'historyStart', full: false, common })
      await sendRecords(storage, link, common, upTo)
    } finally {
      letGo()
    }
  }
  return full ? 'full' : 'diff'
}

async function sendFull(storage: Storage, link: Link, upTo: Zxid): Promise<void> {
  const snapshot = await storage.readSnapshot()
  const common = snapshot?.zxid ?? 0
  try {
    link.send({ type: 'historyStart', full: true, common })
    if (snapshot !== null) await sendSnapshot(snapshot.chunks, link)
    await sendRecords(storage, link, common, upTo)
  } finally {
    await snapshot?.release()
  }
}

async function sendSnapshot(chunks: AsyncIterable<Buffer>, link: Link): Promise<void> {
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length; at += pieceBytesMax) {
      link.send({ type: 'historySnapshot', bytes: chunk.subarray(at, at + pieceBytesMax) })
    }
    await drained(link)
  }
}

async function sendRecords(storage: Storage, link: Link, after: Zxid, upTo: Zxid): Promise<void> {
  if (upTo <= after) return
  let sent = after
  for await (const records of storage.readRecords(after, upTo)) {
    sent = inspectRecords(records, sent, { checksums: false }).last
    link.send({ type: 'historyRecords', bytes: records, lastZxid: sent })
    await drained(link)
  }
}

async function drained(link: Link): Promise<void> {
  await link.drained()
  if (link.closed) throw new Error('the receiver of the history has gone')
}
