import { BrokenInvariant } from '../runtime/assert.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { Storage } from '../storage/storage.ts'
import { formatZxid } from '../tree/zxid.ts'
import type { StateMachine } from './state-machine.ts'

/** How finely the share is drawn. */
const sharesMax = 1_000_000

/**
 * Takes a snapshot every so many transactions, while serving, but not before the log has grown by as much as the last
 * snapshot was long. Else a large state would be written again and again: a million nodes for every hundred thousand creates,
 * so that each create costs the more, the more nodes there are. Like this it costs at most two nodes of a snapshot, and a
 * restart replays at most as many bytes as it loads.
 *
 * Of both bounds each server draws its own share, between half and all, so that they do not all write at once.
 */
export class SnapshotTaker {
  readonly #runtime: Runtime
  readonly #storage: Storage
  readonly #state: StateMachine
  readonly #snapCount: number
  readonly #onFailure: (error: Error) => void
  #share: number
  #transactions = 0
  #logBytes = 0
  /** Of the last snapshot that this process took: of an older one nobody knows how long it was, so the next comes early. */
  #snapshotBytes = 0
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
    this.#share = this.#draw()
  }

  /** `count` more transactions have been applied, whose records are `bytes` long. */
  onApplied(count: number, bytes: number): void {
    this.#transactions += count
    this.#logBytes += bytes
    if (!this.#due || this.#running !== null) return
    this.#share = this.#draw()
    this.#transactions = 0
    this.#logBytes = 0
    this.#cancelled = false
    this.#running = this.#take().finally(() => {
      this.#running = null
    })
  }

  /** Gives up the one that is being taken; resolves when nothing is written any more. */
  async cancel(): Promise<void> {
    this.#cancelled = true
    await this.#running
    // Another history comes, perhaps a much smaller one.
    this.#snapshotBytes = 0
  }

  get #due(): boolean {
    return (
      this.#transactions >= this.#share * this.#snapCount &&
      this.#logBytes >= this.#share * this.#snapshotBytes
    )
  }

  #draw(): number {
    return (sharesMax / 2 + this.#runtime.random.below(sharesMax / 2)) / sharesMax
  }

  async #take(): Promise<void> {
    const { clock, log } = this.#runtime
    const startedMs = clock.monotonicMs()
    let bytes = 0
    try {
      const zxid = this.#state.lastApplied
      const digest = this.#state.digest()
      await this.#storage.writeSnapshot({
        zxid,
        digest,
        chunks: this.#untilCancelled(this.#state.snapshot(), (chunk) => {
          bytes += chunk
        }),
      })
      this.#snapshotBytes = bytes
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

  async *#untilCancelled(
    chunks: AsyncIterable<Buffer>,
    count: (bytes: number) => void,
  ): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      if (this.#cancelled) throw new Error('the snapshot was given up')
      count(chunk.length)
      yield chunk
    }
  }
}
