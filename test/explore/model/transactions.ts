import { SummaryTracker } from '../../../src/storage/history-summary.ts'
import {
  recordHeaderBytes,
  recordPayloadBytes,
  recordZxid,
  writeRecordHeader,
} from '../../../src/storage/record.ts'
import type { HistorySummary } from '../../../src/storage/storage.ts'
import type { Zxid } from '../../../src/tree/zxid.ts'

/** A transaction as it stands in a log. The name tells which one it is: two of the same zxid have different ones. */
export interface Transaction {
  readonly zxid: Zxid
  readonly name: string
  readonly record: Buffer
}

export function newTransaction(zxid: Zxid, name: string): Transaction {
  const payload = Buffer.from(name)
  const record = Buffer.alloc(recordHeaderBytes + payload.length)
  payload.copy(record, recordHeaderBytes)
  writeRecordHeader(record, 0, payload.length, zxid, 0)
  return { zxid, name, record }
}

export const recordsOf = (history: readonly Transaction[]): Buffer =>
  Buffer.concat(history.map((transaction) => transaction.record))

export function transactionsIn(records: Buffer): Transaction[] {
  const found: Transaction[] = []
  for (let at = 0; at < records.length; ) {
    const end = at + recordHeaderBytes + recordPayloadBytes(records, at)
    const record = records.subarray(at, end)
    found.push({
      zxid: recordZxid(records, at),
      name: record.toString('utf8', recordHeaderBytes),
      record,
    })
    at = end
  }
  return found
}

export const lastOf = (history: readonly Transaction[]): Zxid => history.at(-1)?.zxid ?? 0

export function summaryOf(history: readonly Transaction[]): HistorySummary {
  const tracker = new SummaryTracker()
  for (const { zxid } of history) tracker.extend(zxid)
  return tracker.summary
}

export const names = (history: readonly Transaction[]): string =>
  history.length === 0 ? 'nothing' : history.map((transaction) => transaction.name).join(' ')

/** Whether `history` begins with all of `prefix`. */
export function beginsWith(history: readonly Transaction[], prefix: readonly Transaction[]): boolean {
  return (
    history.length >= prefix.length && prefix.every((transaction, i) => history[i]?.name === transaction.name)
  )
}
