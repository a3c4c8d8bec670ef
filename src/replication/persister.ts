import { asError } from '../runtime/as-error.ts'
import type { Storage } from '../storage/storage.ts'
import type { Zxid } from '../tree/zxid.ts'
import { persisterBytesMax } from './limits.ts'

type Task =
  | { kind: 'append'; records: Buffer; lastZxid: Zxid; bytes: number; done: () => void }
  /** Starts when everything before it is durable, and holds up everything behind it. */
  | { kind: 'barrier'; work: () => Promise<void>; bytes: number; done: () => void }

/**
 * Performs a follower's writes in order. Appends go to the log as they come, so that it can gather them into groups; a
 * change of the durable state, a truncation or a switch of history waits for all appends before it, and is waited for.
 *
 * The first failure is told once, and nothing is written or called back after it.
 */
export class Persister {
  readonly #storage: Storage
  readonly #onAppended: () => void
  readonly #onFailure: (error: Error) => void
  #queue: Task[] = []
  #bytes = 0
  #appendsUnderWay = 0
  #barrierUnderWay = false
  #failed = false
  #idleWaiters: (() => void)[] = []
  #reliefWaiters: (() => void)[] = []

  /** `onAppended`: records were handed to the log (not durable yet). `onFailure`: nothing more can be promised. */
  constructor(options: { storage: Storage; onAppended: () => void; onFailure: (error: Error) => void }) {
    this.#storage = options.storage
    this.#onAppended = options.onAppended
    this.#onFailure = options.onFailure
  }

  /** Bytes that were handed over and are not durable yet. */
  get bytes(): number {
    return this.#bytes
  }

  /** More waits for the disk than should: whoever brings it must stop reading it in until `whenRelieved`. */
  get overloaded(): boolean {
    return this.#bytes > persisterBytesMax
  }

  append(records: Buffer, lastZxid: Zxid, done: () => void): void {
    this.#push({ kind: 'append', records, lastZxid, bytes: records.length, done })
  }

  /** `bytes`: how much memory the work holds until it is done. */
  barrier(work: () => Promise<void>, done: () => void, bytes = 0): void {
    this.#push({ kind: 'barrier', work, bytes, done })
  }

  /** Resolves when everything asked for so far is durable; never, when it was forgotten before. */
  settled(): Promise<void> {
    return new Promise((resolve) => this.barrier(() => Promise.resolve(), resolve))
  }

  /** Calls once, when half of what may wait is written. */
  whenRelieved(call: () => void): void {
    this.#reliefWaiters.push(call)
  }

  /** Forgets what has not begun, and resolves when what has begun is done. Callbacks of forgotten writes never come. */
  abandon(): Promise<void> {
    for (const task of this.#queue) this.#bytes -= task.bytes
    this.#queue = []
    if (this.#isIdle()) return Promise.resolve()
    return new Promise((resolve) => this.#idleWaiters.push(resolve))
  }

  #isIdle(): boolean {
    return this.#appendsUnderWay === 0 && !this.#barrierUnderWay
  }

  #push(task: Task): void {
    if (this.#failed) return
    this.#queue.push(task)
    this.#bytes += task.bytes
    this.#advance()
  }

  #advance(): void {
    let appended = false
    try {
      while (!this.#barrierUnderWay && !this.#failed) {
        const task = this.#queue[0]
        if (task === undefined || (task.kind === 'barrier' && this.#appendsUnderWay > 0)) break
        this.#queue.shift()
        this.#begin(task)
        appended ||= task.kind === 'append'
      }
      if (appended) this.#onAppended()
    } catch (error) {
      // A broken rule of the storage, such as a truncation below what is committed, shows at once and not by a rejection.
      this.#fail(error)
    }
  }

  #begin(task: Task): void {
    if (task.kind === 'append') {
      this.#storage.append(task.records, task.lastZxid, (failure) => this.#finish(task, failure))
      this.#appendsUnderWay++
      return
    }
    const work = task.work()
    this.#barrierUnderWay = true
    work.then(
      () => this.#finish(task, null),
      (error: unknown) => this.#finish(task, asError(error)),
    )
  }

  #finish(task: Task, failure: Error | null): void {
    if (task.kind === 'append') this.#appendsUnderWay--
    else this.#barrierUnderWay = false
    this.#bytes -= task.bytes
    if (failure !== null) this.#fail(failure)
    if (!this.#failed) {
      try {
        task.done()
      } catch (error) {
        this.#fail(error)
      }
      this.#advance()
    }
    if (this.#bytes <= persisterBytesMax / 2) this.#reliefWaiters = wakeAll(this.#reliefWaiters)
    if (this.#isIdle()) this.#idleWaiters = wakeAll(this.#idleWaiters)
  }

  #fail(error: unknown): void {
    if (this.#failed) return
    this.#failed = true
    for (const task of this.#queue) this.#bytes -= task.bytes
    this.#queue = []
    this.#onFailure(asError(error))
  }
}

function wakeAll(waiters: readonly (() => void)[]): (() => void)[] {
  for (const wake of waiters) wake()
  return []
}
