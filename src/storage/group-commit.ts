import type { Zxid } from '../tree/zxid.ts'
import type { StorageError } from './storage-error.ts'

/** One write and one sync for all of it. `pieces` may be kept and added to. */
export type WriteGroup = (pieces: Buffer[], lastZxid: Zxid) => Promise<void>

/** Called once, after the call that it was given to: with null when all of it is durable. */
export type Settled = (failure: StorageError | null) => void

/** `queueMicrotask` makes an asynchronous resource for each call. */
const nothing = Promise.resolve()

interface Entry {
  records: Buffer | null
  lastZxid: Zxid
  work: (() => Promise<void>) | null
  settled: Settled
}

/**
 * Group commit: while one sync is under way, what comes in gathers, and goes out as the next group. Everything settles
 * in the order in which it came. After the first failure nothing is written any more: what a failed write or sync left
 * on the disk is unknown, and a sync that is tried again may report success for pages that the system has dropped.
 *
 * The queue has no bound of its own: each entry is lent bytes, which its caller counts (`waitingBytes`) and stops taking
 * in when they are too many.
 *
 * A write a group is usual where clients wait for each answer, so there is one promise for a group and none for an entry.
 */
export class GroupCommit {
  readonly #write: WriteGroup
  readonly #asFailure: (cause: unknown) => StorageError
  readonly #groupBytesMax: number
  #waiting: Entry[] = []
  /** Taken from those that wait; before `#from` they are settled, and up to `#to` they are being written. */
  #taken: Entry[] = []
  #from = 0
  #to = 0
  #busy = false
  #idleWaiters: (() => void)[] = []
  #failure: StorageError | null = null
  #waitingBytes = 0
  readonly #begin = () => this.#advance()
  readonly #wrote = () => {
    this.#settleGroup()
    this.#advance()
  }
  readonly #failed = (cause: unknown) => {
    this.#failure ??= this.#asFailure(cause)
    this.#wrote()
  }

  constructor(
    write: WriteGroup,
    asFailure: (cause: unknown) => StorageError,
    groupBytesMax = 16 * 1024 * 1024,
  ) {
    this.#write = write
    this.#asFailure = asFailure
    this.#groupBytesMax = groupBytesMax
  }

  get failure(): StorageError | null {
    return this.#failure
  }

  /** Bytes that are not durable yet. */
  get waitingBytes(): number {
    return this.#waitingBytes
  }

  get idle(): boolean {
    return !this.#busy
  }

  /** Resolves when nothing is under way, failed or not. */
  settled(): Promise<void> {
    return this.#busy ? new Promise((resolve) => this.#idleWaiters.push(resolve)) : Promise.resolve()
  }

  append(records: Buffer, lastZxid: Zxid, settled: Settled): void {
    this.#enter({ records, lastZxid, work: null, settled })
  }

  /** Runs `work` when everything that came before is settled; what comes after waits for it. */
  between(work: () => Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      const settled: Settled = (failure) => (failure === null ? resolve() : reject(failure))
      this.#enter({ records: null, lastZxid: 0, work, settled })
    })
  }

  /** Makes everything that waits and comes fail, as if a write had. */
  fail(failure: StorageError): void {
    this.#failure ??= failure
  }

  #enter(entry: Entry): void {
    const failure = this.#failure
    if (failure !== null) {
      queueMicrotask(() => entry.settled(failure))
      return
    }
    if (entry.records !== null) this.#waitingBytes += entry.records.length
    this.#waiting.push(entry)
    if (this.#busy) return
    this.#busy = true
    // Not at once: what the caller appends next, before it lets go, belongs into the same group.
    void nothing.then(this.#begin)
  }

  #advance(): void {
    while (this.#from < this.#taken.length || this.#waiting.length > 0) {
      const writing = this.#writeNext()
      if (writing !== null) {
        writing.then(this.#wrote, this.#failed)
        return
      }
      this.#settleGroup()
    }
    this.#busy = false
    this.#taken = []
    this.#from = 0
    this.#to = 0
    const waiters = this.#idleWaiters
    this.#idleWaiters = []
    for (const wake of waiters) wake()
  }

  /** Takes one group, or one piece of work in between, and begins it; null when nothing is written any more. */
  #writeNext(): Promise<void> | null {
    if (this.#from === this.#taken.length) {
      this.#taken = this.#waiting
      this.#waiting = []
      this.#from = 0
    }
    const pieces: Buffer[] = []
    let lastZxid: Zxid = 0
    let bytes = 0
    this.#to = this.#from
    for (; this.#to < this.#taken.length; this.#to++) {
      const entry = this.#taken[this.#to]
      if (entry === undefined || entry.records === null) break
      if (this.#to > this.#from && bytes + entry.records.length > this.#groupBytesMax) break
      pieces.push(entry.records)
      bytes += entry.records.length
      lastZxid = entry.lastZxid
    }
    const work = this.#to === this.#from ? (this.#taken[this.#to++]?.work ?? null) : null
    if (this.#failure !== null) return null
    return work === null ? this.#write(pieces, lastZxid) : work()
  }

  /** In their order, and before the next group is begun: what they bring about at once belongs into it. */
  #settleGroup(): void {
    while (this.#from < this.#to) {
      const entry = this.#taken[this.#from++]
      if (entry === undefined) break
      if (entry.records !== null) this.#waitingBytes -= entry.records.length
      entry.settled(this.#failure)
    }
  }
}
