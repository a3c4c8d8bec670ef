import { assert, BrokenInvariant } from '../runtime/assert.ts'
import { copyRange } from '../runtime/copy-range.ts'
import { recordHeaderBytes, writeRecordHeader } from '../storage/record.ts'
import { counterOf, epochOf, type Zxid, zxidOf } from '../tree/zxid.ts'
import type { ProposalSink } from './state-machine.ts'

const initialBytes = 64 * 1024

/** Gathers the transactions of a turn of the leader loop, encoded as records: the bytes that everybody logs and sends. */
export class ProposalBatch implements ProposalSink {
  readonly #epoch: number
  #buffer = Buffer.allocUnsafeSlow(initialBytes)
  #bytes = 0
  #count = 0
  #lastZxid: Zxid
  #commitZxid: Zxid = 0

  /** `lastZxid`: the transaction behind which the first one is ordered. */
  constructor(epoch: number, lastZxid: Zxid) {
    this.#epoch = epoch
    this.#lastZxid = lastZxid
  }

  get nextZxid(): Zxid {
    return epochOf(this.#lastZxid) === this.#epoch ? this.#lastZxid + 1 : zxidOf(this.#epoch, 1)
  }

  get lastZxid(): Zxid {
    return this.#lastZxid
  }

  get bytes(): number {
    return this.#bytes
  }

  get count(): number {
    return this.#count
  }

  /** Begins a batch; its records tell this commit point. */
  begin(commitZxid: Zxid): void {
    assert(this.#bytes === 0, 'the batch before was not taken')
    this.#commitZxid = commitZxid
  }

  propose(bytes: Buffer, start: number, end: number): void {
    const zxid = this.nextZxid
    // Not `assert`: its message would be a closure for every transaction.
    if (counterOf(zxid) === 0) throw new BrokenInvariant(`the counter of epoch ${this.#epoch} has overflown`)
    const at = this.#bytes
    const payloadBytes = end - start
    const next = at + recordHeaderBytes + payloadBytes
    if (next > this.#buffer.length) this.#grow(next)
    copyRange(bytes, start, end, this.#buffer, at + recordHeaderBytes)
    writeRecordHeader(this.#buffer, at, payloadBytes, zxid, this.#commitZxid)
    this.#bytes = next
    this.#count++
    this.#lastZxid = zxid
  }

  /** Hands the records over, in a buffer of their own. */
  take(): Buffer {
    const records = Buffer.from(this.#buffer.subarray(0, this.#bytes))
    this.#bytes = 0
    this.#count = 0
    return records
  }

  #grow(bytesMin: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(bytesMin, this.#buffer.length * 2))
    this.#buffer.copy(larger, 0, 0, this.#bytes)
    this.#buffer = larger
  }
}
