import { asError } from '../runtime/as-error.ts'
import type { Timers } from '../runtime/timers.ts'
import { recordBytes, recordHeaderBytes, recordZxid } from '../storage/record.ts'
import type { Storage } from '../storage/storage.ts'
import type { Zxid } from '../tree/zxid.ts'
import type { StateMachine } from './state-machine.ts'

interface Batch {
  records: Buffer
  /** Where the first record that was not applied starts. */
  at: number
  /** The transaction right before its first record. */
  behind: Zxid
}

/** Records applied in one go before other work of the process gets its turn: some 10 ms of creates. */
const sliceRecordsMax = 2_000
/** The same for large ones: a transaction may be a multi of ten thousand operations. The one that passes it is the last. */
const sliceBytesMax = 512 * 1024

/**
 * Brings what is committed into the state, in order. What was proposed lately waits in memory; an initial history, which may
 * be long, is read back from the log.
 */
export class Applier {
  readonly #storage: Storage
  readonly #state: StateMachine
  readonly #timers: Timers
  readonly #onApplied: (count: number, bytes: number) => void
  readonly #onFailure: (error: Error) => void
  /** Proposals in order; everything between `lastApplied` and the first of them is in the log only. */
  #memory: Batch[] = []
  #target: Zxid = 0
  #waiting: { zxid: Zxid; done: () => void }[] = []
  #busy = false
  /** Of the records applied since `onApplied` was last called. */
  #appliedBytes = 0
  /** Counts histories: work on one that has been replaced stops. */
  #generation = 0

  constructor(options: {
    storage: Storage
    state: StateMachine
    timers: Timers
    /** That many more transactions were applied, and how long their records are. */
    onApplied: (count: number, bytes: number) => void
    onFailure: (error: Error) => void
  }) {
    this.#storage = options.storage
    this.#state = options.state
    this.#timers = options.timers
    this.#onApplied = options.onApplied
    this.#onFailure = options.onFailure
  }

  /** Proposals on their way into the log, right behind the transaction `behind`. */
  add(records: Buffer, behind: Zxid): void {
    this.#memory.push({ records, at: 0, behind })
  }

  /** Everything up to `zxid` is committed; it is applied as soon as the log has taken it. */
  commitTo(zxid: Zxid): void {
    if (zxid > this.#target) this.#target = zxid
    this.advance()
  }

  /** Calls once everything up to `zxid` is applied. */
  whenApplied(zxid: Zxid, done: () => void): void {
    if (this.#state.lastApplied >= zxid) done()
    else this.#waiting.push({ zxid, done })
  }

  /** The link is gone: what waits in memory may be wiped by the next reign, so it is read from the log when it is not. */
  forgetProposals(): void {
    this.#generation++
    this.#memory = []
    this.#waiting = []
    this.#target = this.#state.lastApplied
    this.#busy = false
  }

  /** Up to where it applies as soon as it can. */
  get commitTarget(): Zxid {
    return this.#target
  }

  /** Goes on as far as it can. What breaks in it is told to `onFailure`, whoever called. */
  advance(): void {
    try {
      this.#advance()
    } catch (error) {
      this.#onFailure(asError(error))
    }
  }

  #advance(): void {
    if (this.#busy) return
    const target = Math.min(this.#target, this.#storage.lastZxid)
    if (this.#state.lastApplied >= target) return
    const first = this.#memory[0]
    if (first !== undefined && this.#state.lastApplied >= first.behind) this.#applyFromMemory(target)
    else this.#applyFromLog(Math.min(target, first?.behind ?? target, this.#storage.durableZxid))
  }

  #skipApplied(batch: Batch): void {
    const { records } = batch
    while (batch.at < records.length && recordZxid(records, batch.at) <= this.#state.lastApplied) {
      batch.at += recordBytes(records, batch.at)
    }
  }

  #applyFromMemory(target: Zxid): void {
    let applied = 0
    for (
      let batch = this.#memory[0];
      batch !== undefined && !this.#isSliceDone(applied);
      batch = this.#memory[0]
    ) {
      this.#skipApplied(batch)
      applied += this.#applyBatch(batch, target, sliceRecordsMax - applied)
      if (batch.at < batch.records.length) break
      this.#memory.shift()
    }
    const isSliceDone = this.#isSliceDone(applied)
    this.#applied(applied)
    if (isSliceDone) this.#laterAgain()
    else if (this.#memory.length > 0) return
    else this.advance()
  }

  #isSliceDone(applied: number): boolean {
    return applied >= sliceRecordsMax || this.#appliedBytes >= sliceBytesMax
  }

  /** Goes on with a slice. Returns how many it applied. */
  #applyBatch(batch: Batch, target: Zxid, countMax: number): number {
    const { records } = batch
    let count = 0
    while (batch.at < records.length && count < countMax && this.#appliedBytes < sliceBytesMax) {
      const zxid = recordZxid(records, batch.at)
      if (zxid > target) break
      const end = batch.at + recordBytes(records, batch.at)
      this.#state.apply(zxid, records, batch.at + recordHeaderBytes, end)
      this.#appliedBytes += end - batch.at
      batch.at = end
      count++
    }
    return count
  }

  #applyFromLog(upTo: Zxid): void {
    if (upTo <= this.#state.lastApplied) return
    this.#busy = true
    const generation = this.#generation
    this.#readAndApply(upTo, generation).then(
      () => {
        if (generation !== this.#generation) return
        this.#busy = false
        this.advance()
      },
      (error: unknown) => {
        if (generation === this.#generation) this.#onFailure(asError(error))
      },
    )
  }

  async #readAndApply(upTo: Zxid, generation: number): Promise<void> {
    for await (const records of this.#storage.readRecords(this.#state.lastApplied, upTo)) {
      if (generation !== this.#generation) return
      const batch: Batch = { records, at: 0, behind: this.#state.lastApplied }
      for (;;) {
        const count = this.#applyBatch(batch, upTo, sliceRecordsMax)
        if (count === 0) break
        this.#applied(count)
        await new Promise<void>((resolve) => this.#timers.endOfTurn(resolve))
        if (generation !== this.#generation) return
      }
    }
  }

  #laterAgain(): void {
    this.#busy = true
    const generation = this.#generation
    this.#timers.endOfTurn(() => {
      if (generation !== this.#generation) return
      this.#busy = false
      this.advance()
    })
  }

  #applied(count: number): void {
    if (count === 0) return
    this.#storage.noteCommit(this.#state.lastApplied)
    this.#state.applied()
    this.#onApplied(count, this.#appliedBytes)
    this.#appliedBytes = 0
    if (this.#waiting.length === 0) return
    const ready = this.#waiting.filter((waiter) => waiter.zxid <= this.#state.lastApplied)
    this.#waiting = this.#waiting.filter((waiter) => waiter.zxid > this.#state.lastApplied)
    for (const waiter of ready) waiter.done()
  }
}
