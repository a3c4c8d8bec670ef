import { assert } from '../runtime/assert.ts'
import { counterMax, counterOf, epochMax, epochOf, type Zxid, zxidOf } from '../tree/zxid.ts'
import { recordBytes, recordZxid } from './record.ts'

/** The last transaction of one epoch in a history. */
export interface EpochEnd {
  epoch: number
  lastCounter: number
}

/**
 * The shape of a history: the last counter of every epoch that has transactions in it, ascending. Within an epoch only
 * one leader ever numbers transactions, from 1 on without gaps, so two histories that both hold a zxid agree on
 * everything up to it.
 */
export type HistorySummary = readonly EpochEnd[]

export function lastZxidOf(summary: HistorySummary): Zxid {
  const end = summary.at(-1)
  return end === undefined ? 0 : zxidOf(end.epoch, end.lastCounter)
}

/** Whether a history of this shape has exactly this transaction; the empty beginning (0) is part of every history. */
export function holds(summary: HistorySummary, zxid: Zxid): boolean {
  if (zxid === 0) return true
  const end = summary.find((end) => end.epoch === epochOf(zxid))
  return end !== undefined && counterOf(zxid) >= 1 && counterOf(zxid) <= end.lastCounter
}

/** The last zxid that both histories hold; 0 when they share nothing (as Kafka's KIP-101 finds it by leader epochs). */
export function commonPoint(a: HistorySummary, b: HistorySummary): Zxid {
  let common: Zxid = 0
  let i = 0
  let j = 0
  for (;;) {
    const x = a[i]
    const y = b[j]
    if (x === undefined || y === undefined) return common
    if (x.epoch < y.epoch) i += 1
    else if (x.epoch > y.epoch) j += 1
    else {
      common = zxidOf(x.epoch, Math.min(x.lastCounter, y.lastCounter))
      i += 1
      j += 1
    }
  }
}

/** What is wrong with a summary that came from a file or from another server; null when it is one. */
export function invalidSummary(summary: HistorySummary): string | null {
  let before = -1
  for (const { epoch, lastCounter } of summary) {
    if (!Number.isInteger(epoch) || epoch < 0 || epoch > epochMax) return `epoch ${epoch}`
    if (epoch <= before) return `epoch ${epoch} behind epoch ${before}`
    if (!Number.isInteger(lastCounter) || lastCounter < 1 || lastCounter > counterMax)
      return `counter ${lastCounter} in epoch ${epoch}`
    before = epoch
  }
  return null
}

/** A summary that follows a history as it grows and is cut. */
export class SummaryTracker {
  #ends: EpochEnd[]
  #summary: HistorySummary | null = null

  constructor(summary: HistorySummary = []) {
    this.#ends = summary.map((end) => ({ ...end }))
  }

  /** Takes the next transaction in; several of the same epoch may be taken in by their last one. */
  extend(zxid: Zxid): void {
    const end = this.#ends.at(-1)
    const epoch = epochOf(zxid)
    if (end !== undefined && end.epoch === epoch) {
      assert(counterOf(zxid) > end.lastCounter, () => `counter ${counterOf(zxid)} behind ${end.lastCounter}`)
      end.lastCounter = counterOf(zxid)
    } else {
      assert(end === undefined || end.epoch < epoch, () => `epoch ${epoch} behind epoch ${end?.epoch}`)
      this.#ends.push({ epoch, lastCounter: counterOf(zxid) })
    }
    this.#summary = null
  }

  /** Takes in a run of whole records. */
  extendBy(records: Buffer, last: Zxid): void {
    const end = this.#ends.at(-1)
    if (end === undefined || end.epoch !== epochOf(last)) {
      for (let at = 0; at < records.length; at += recordBytes(records, at))
        this.extend(recordZxid(records, at))
    } else this.extend(last)
  }

  /** Forgets everything behind `zxid`, which must be held. */
  truncate(zxid: Zxid): void {
    this.#ends = this.upTo(zxid)
    this.#summary = null
  }

  /** The shape of the history when it ended at `zxid`, which must be held. */
  upTo(zxid: Zxid): EpochEnd[] {
    assert(holds(this.#ends, zxid), () => `${zxid} is not in this history`)
    const epoch = epochOf(zxid)
    const kept = zxid === 0 ? [] : this.#ends.filter((end) => end.epoch <= epoch).map((end) => ({ ...end }))
    const end = kept.at(-1)
    if (end !== undefined) end.lastCounter = counterOf(zxid)
    return kept
  }

  holds(zxid: Zxid): boolean {
    return holds(this.#ends, zxid)
  }

  get summary(): HistorySummary {
    this.#summary ??= this.#ends.map((end) => Object.freeze({ ...end }))
    return this.#summary
  }
}
