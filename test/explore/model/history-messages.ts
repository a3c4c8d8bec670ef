import type { HistoryMessage } from '../../../src/replication/messages.ts'
import { commonPoint } from '../../../src/storage/history-summary.ts'
import type { Luck } from './luck.ts'
import type { HistoryJob } from './state.ts'
import { lastOf, recordsOf, summaryOf, type Transaction } from './transactions.ts'

/**
 * How a history goes to another server: as a difference, or in full with so many of its transactions as a snapshot.
 * `luck` chooses, unless `snapshotOf` says.
 */
export function historyMessages(
  log: readonly Transaction[],
  { summary, upTo }: HistoryJob,
  luck: Luck,
  snapshotOf?: number,
): HistoryMessage[] {
  const known = log.filter((transaction) => transaction.zxid <= upTo)
  const inSnapshot = snapshotOf ?? luck.snapshotOf(known.length)
  const messages: HistoryMessage[] = []
  let common: number
  if (inSnapshot === null) {
    const receiver = summary.map(([epoch, lastCounter]) => ({ epoch, lastCounter }))
    common = Math.min(commonPoint(summaryOf(log), receiver), upTo)
    messages.push({ type: 'historyStart', full: false, common })
  } else {
    const snapshot = known.slice(0, inSnapshot)
    common = lastOf(snapshot)
    messages.push({ type: 'historyStart', full: true, common })
    if (snapshot.length > 0) messages.push({ type: 'historySnapshot', bytes: recordsOf(snapshot) })
  }
  const missing = known.filter((transaction) => transaction.zxid > common)
  while (missing.length > 0) {
    const piece = missing.splice(0, luck.piece(missing.length))
    messages.push({ type: 'historyRecords', bytes: recordsOf(piece), lastZxid: lastOf(piece) })
  }
  return messages
}
