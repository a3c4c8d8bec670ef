import type { Zxid } from '../tree/zxid.ts'
import type { StorageError } from './storage-error.ts'

/** One write and one sync for all of it. `pieces` may be kept and added to. */
export type WriteGroup = (pieces: Buffer[], lastZxid: Zxid) => Promise<void>

interface Entry {
  records: Buffer | null
  lastZxid: Zxid
  work: (() => Promise<void>) | null
  resolve: () => void
  reject: (error: unknown) => void
}

/**
 * Group commit: while one sync is under way, what comes in gathers, and goes out as the next group. Everything settles
 * in the order in which it came. After the first failure nothing is written any more: what a failed write or sync left
 * on the disk is unknown, and a sync that is tried again may report success for pages that the system has dropped.
 *
 * The queue has no bound of its own: each entry is lent bytes, which its caller counts (`waitingBytes`) and stops taking
 * in when they are too many.
 */
export class GroupCommit {
  readonly #write: WriteGroup
  readonly #asFailure: (cause: unknown) => StorageError
  readonly #groupBytesMax: number
  #waiting: Entry[] = []
  #running: Promise<void> | null = null
  #failure: StorageError | null = null
  #waitingBytes = 0

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
    return this.#running === null
  }

  /** Resolves when nothing is under way, failed or not. */
  async settled(): Promise<void> {
    await this.#running
  }

  append(records: Buffer, lastZxid: Zxid): Promise<void> {
    return this.#enter(records, lastZxid, null)
  }

  /** Runs `work` when everything that came before is settled; what comes after waits for it. */
  between(work: () => Promise<void>): Promise<void> {
    return this.#enter(null, 0, work)
  }

  /** Makes everything that waits and comes fail, as if a write had. */
  fail(failure: StorageError): void {
    this.#failure ??= failure
  }

  #enter(records: Buffer | null, lastZxid: Zxid, work: (() => Promise<void>) | null): Promise<void> {
    if (this.#failure !== null) return Promise.reject(this.#failure)
    this.#waitingBytes += records === null ? 0 : records.length
    return new Promise((resolve, reject) => {
      this.#waiting.push({ records, lastZxid, work, resolve, reject })
      this.#running ??= this.#run()
    })
  }

  async #run(): Promise<void> {
    // Not at once: what the caller appends next, before it lets go, belongs into the same group.
    await Promise.resolve()
    while (this.#waiting.length > 0) {
      const entries = this.#waiting
      this.#waiting = []
      let from = 0
      while (from < entries.length) from = await this.#settleNext(entries, from)
    }
    this.#running = null
  }

  /** One group, or one piece of work in between. Returns the index of the first entry that it left. */
  async #settleNext(entries: Entry[], from: number): Promise<number> {
    const pieces: Buffer[] = []
    let lastZxid: Zxid = 0
    let bytes = 0
    let to = from
    for (; to < entries.length; to++) {
      const entry = entries[to]
      if (entry === undefined || entry.records === null) break
      if (to > from && bytes + entry.records.length > this.#groupBytesMax) break
      pieces.push(entry.records)
      bytes += entry.records.length
      lastZxid = entry.lastZxid
    }
    const work = to === from ? entries[from]?.work : null
    if (work !== null) to = from + 1
    try {
      if (this.#failure === null) await (work ? work() : this.#write(pieces, lastZxid))
    } catch (cause) {
      this.#failure ??= this.#asFailure(cause)
    }
    this.#waitingBytes -= bytes
    for (let i = from; i < to; i++) {
      const entry = entries[i]
      if (this.#failure === null) entry?.resolve()
      else entry?.reject(this.#failure)
    }
    return to
  }
}
