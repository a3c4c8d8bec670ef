import { BrokenInvariant } from '../runtime/assert.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { Timer } from '../runtime/timers.ts'
import type { Storage } from '../storage/storage.ts'
import { formatZxid } from '../tree/zxid.ts'
import type { StateMachine } from './state-machine.ts'

/** How finely the share is drawn. */
const sharesMax = 1_000_000
/** The server is at rest when it has applied no more than so many transactions in such a time, of which each server draws its share. */
const restMs = 10_000
const restTransactionsMax = 100
/** At rest, the log need have grown by this part of the last snapshot only. */
const restShare = 1 / 8

/**
 * Takes a snapshot every so many transactions, while serving, but not before the log has grown by as much as the last
 * snapshot was long. Else a large state would be written again and again: a million nodes for every hundred thousand creates,
 * so that each create costs the more, the more nodes there are. Like this it costs at most two nodes of a snapshot, and a
 * restart replays at most as many bytes as it loads.
 *
 * When writes have paused, an eighth as much is enough: nothing waits for the disk then, and a server that is started again
 * has little to replay. A few writes now and then cause no snapshots, for there is always an eighth of one between two.
 *
 * Of all bounds each server draws its own share, between half and all, so that they do not all write at once.
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
  #restTimer: Timer | null = null
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
    if (this.#isDue(this.#share)) this.#begin()
    else if (this.#isDue(restShare)) this.#armRest()
  }

  #begin(): void {
    if (this.#running !== null) return
    this.#restTimer?.cancel()
    this.#restTimer = null
    this.#share = this.#draw()
    this.#transactions = 0
    this.#logBytes = 0
    this.#cancelled = false
    this.#running = this.#take().finally(() => {
      this.#running = null
      // Should no more come, nobody else asks whether what came meanwhile is enough.
      if (!this.#cancelled) this.onApplied(0, 0)
    })
  }

  /** Gives up the one that is being taken; resolves when nothing is written any more. */
  async cancel(): Promise<void> {
    this.#cancelled = true
    this.#restTimer?.cancel()
    this.#restTimer = null
    await this.#running
    // Another history comes, perhaps a much smaller one.
    this.#snapshotBytes = 0
  }

  /** Whether there are enough transactions, and the log has grown by such a share of the last snapshot. */
  #isDue(share: number): boolean {
    return (
      this.#transactions >= this.#share * this.#snapCount && this.#logBytes >= share * this.#snapshotBytes
    )
  }

  #armRest(): void {
    if (this.#restTimer !== null || this.#running !== null) return
    const before = this.#transactions
    this.#restTimer = this.#runtime.timers.after(restMs * this.#share, () => {
      this.#restTimer = null
      if (this.#transactions - before <= restTransactionsMax) this.#begin()
      else this.#armRest()
    })
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
    } finally {
      this.#state.endSnapshot()
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
