import type { Storage } from '../storage/storage.ts'
import type { Zxid } from '../tree/zxid.ts'

type Task =
  | { kind: 'append'; records: Buffer; lastZxid: Zxid; done: () => void }
  /** Starts when everything before it is durable, and holds up everything behind it. */
  | { kind: 'barrier'; work: () => Promise<void>; done: () => void }

/**
 * Performs a follower's writes in order. Appends go to the log as they come, so that it can gather them into groups; a
 * change of the durable state, a truncation or a switch of history waits for all appends before it, and is waited for.
 */
export class Persister {
  readonly #storage: Storage
  readonly #onAppended: () => void
  readonly #onFailure: (error: Error) => void
  #queue: Task[] = []
  #appendsUnderWay = 0
  #barrierUnderWay = false
  #failed = false
  #idleWaiters: (() => void)[] = []

  /** `onAppended`: records were handed to the log (not durable yet). `onFailure`: nothing more can be promised. */
  constructor(options: { storage: Storage; onAppended: () => void; onFailure: (error: Error) => void }) {
    this.#storage = options.storage
    this.#onAppended = options.onAppended
    this.#onFailure = options.onFailure
  }

  append(records: Buffer, lastZxid: Zxid, done: () => void): void {
    this.#push({ kind: 'append', records, lastZxid, done })
  }

  barrier(work: () => Promise<void>, done: () => void): void {
    this.#push({ kind: 'barrier', work, done })
  }

  /** Resolves when everything asked for so far is durable. */
  settled(): Promise<void> {
    return new Promise((resolve) => this.barrier(() => Promise.resolve(), resolve))
  }

  /** Forgets what has not begun, and resolves when what has begun is done. Callbacks of forgotten writes never come. */
  abandon(): Promise<void> {
    this.#queue = []
    if (this.#appendsUnderWay === 0 && !this.#barrierUnderWay) return Promise.resolve()
    return new Promise((resolve) => this.#idleWaiters.push(resolve))
  }

  #push(task: Task): void {
    this.#queue.push(task)
    this.#advance()
  }

  #advance(): void {
    let appended = false
    while (!this.#barrierUnderWay && !this.#failed) {
      const task = this.#queue[0]
      if (task === undefined || (task.kind === 'barrier' && this.#appendsUnderWay > 0)) break
      this.#queue.shift()
      if (task.kind === 'append') {
        appended = true
        this.#appendsUnderWay++
        this.#storage.append(task.records, task.lastZxid).then(() => {
          this.#appendsUnderWay--
          this.#finish(task)
        }, this.#fail)
      } else {
        this.#barrierUnderWay = true
        task.work().then(() => {
          this.#barrierUnderWay = false
          this.#finish(task)
        }, this.#fail)
      }
    }
    if (appended) this.#onAppended()
  }

  #finish(task: Task): void {
    if (this.#failed) return
    try {
      task.done()
    } catch (error) {
      this.#fail(error)
      return
    }
    this.#advance()
    if (this.#appendsUnderWay > 0 || this.#barrierUnderWay) return
    const waiters = this.#idleWaiters
    this.#idleWaiters = []
    for (const wake of waiters) wake()
  }

  readonly #fail = (error: unknown): void => {
    if (this.#failed) return
    this.#failed = true
    this.#queue = []
    this.#onFailure(error instanceof Error ? error : new Error(String(error)))
  }
}
