import { BrokenInvariant } from '../runtime/assert.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { Storage } from '../storage/storage.ts'
import { formatZxid } from '../tree/zxid.ts'
import type { StateMachine } from './state-machine.ts'

/**
 * Takes a snapshot every so many transactions, while serving. Each server draws its own number between half of `snapCount`
 * and all of it, so that they do not all write at once.
 */
export class SnapshotTaker {
  readonly #runtime: Runtime
  readonly #storage: Storage
  readonly #state: StateMachine
  readonly #snapCount: number
  readonly #onFailure: (error: Error) => void
  #left: number
  #running: Promise<void> | null = null
  #cancelled = false

  constructor(options: {
    runtime: Runtime
    storage: Storage
    state: StateMachine
    snapCount: number
    onFailure: (error: Error) => void
  }) {
    this.#runtime = options.runtime
    this.#storage = options.storage
    this.#state = options.state
    this.#snapCount = options.snapCount
    this.#onFailure = options.onFailure
    this.#left = this.#draw()
  }

  /** `count` more transactions have been applied. */
  onApplied(count: number): void {
    this.#left -= count
    if (this.#left > 0 || this.#running !== null) return
    this.#left = this.#draw()
    this.#cancelled = false
    this.#running = this.#take().finally(() => {
      this.#running = null
    })
  }

  /** Gives up the one that is being taken; resolves when nothing is written any more. */
  async cancel(): Promise<void> {
    this.#cancelled = true
    await this.#running
  }

  #draw(): number {
    const half = Math.ceil(this.#snapCount / 2)
    return half + this.#runtime.random.below(half)
  }

  async #take(): Promise<void> {
    const { clock, log } = this.#runtime
    const startedMs = clock.monotonicMs()
    try {
      const zxid = this.#state.lastApplied
      const digest = this.#state.digest()
      await this.#storage.writeSnapshot({
        zxid,
        digest,
        chunks: this.#untilCancelled(this.#state.snapshot()),
      })
      log.info('took a snapshot', {
        zxid: formatZxid(zxid),
        tookMs: Math.round(clock.monotonicMs() - startedMs),
      })
    } catch (error) {
      if (error instanceof BrokenInvariant) return this.#onFailure(error)
      if (this.#cancelled) return
      // The log still holds everything: the server goes on, and tries again after as many transactions.
      log.error('a snapshot could not be taken', {
        reason: error instanceof Error ? error.message : String(error),
      })
    }
  }

  async *#untilCancelled(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      if (this.#cancelled) throw new Error('the snapshot was given up')
      yield chunk
    }
  }
}
