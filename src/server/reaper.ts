import type { Clock } from '../runtime/clock.ts'
import type { Log } from '../runtime/log.ts'
import type { Timer, Timers } from '../runtime/timers.ts'
import { encodeReapRequest } from '../tree/reaping.ts'
import type { Tree } from '../tree/tree.ts'
import type { Znode } from '../tree/znode.ts'
import { JuteWriter } from '../wire/jute-writer.ts'
import { limits } from './limits.ts'

export interface ReaperOptions {
  clock: Clock
  timers: Timers
  log: Log
  tree: Tree
  /** How often it looks for nodes that have had their time. */
  intervalMs: number
  perMinuteMax: number
  neverUsedContainerMs: number
  /** Whether what is sent arrives. */
  serving(): boolean
  /** Puts requests to remove nodes into the history. */
  sendRequests(requests: Buffer): void
}

const minuteMs = 60_000

/**
 * Removes, on the server that leads, containers that have become empty and nodes whose time to live is over. Every interval it
 * looks through those nodes, in slices, so that neither a million of them nor the end of thousands at once holds anything
 * up. What it finds it only asks for: whether a node really goes is decided in the order of the history (execute/reap.ts).
 */
export class Reaper {
  readonly #options: ReaperOptions
  readonly #requests = new JuteWriter(1024)
  readonly #perMs: number
  readonly #allowanceMax: number
  #ticking: Timer | null = null
  #slicing: Timer | null = null
  /** Where a look through the nodes has come to; null between two. */
  #sweep: IterableIterator<Znode> | null = null
  #asked = 0
  /** Nodes that may be asked for now. It grows with time, up to one slice's worth. */
  #allowance = 0
  #allowanceAtMs = 0
  /** Requests are on the way: no others before they are decided, however slow the history has become. */
  #underWay = false
  readonly #nextSlice = (): void => this.#slice()

  constructor(options: ReaperOptions) {
    this.#options = options
    this.#perMs = options.perMinuteMax / minuteMs
    this.#allowanceMax = Math.max(1, this.#perMs * limits.reapSliceMs)
  }

  beginReign(): void {
    const { clock, timers, intervalMs } = this.#options
    this.#allowance = this.#allowanceMax
    this.#allowanceAtMs = clock.monotonicMs()
    this.#ticking = timers.every(intervalMs, () => this.#beginSweep())
  }

  endReign(): void {
    this.#ticking?.cancel()
    this.#ticking = null
    this.#endSweep()
    this.#underWay = false
  }

  /** What was asked for is decided. */
  decided(): void {
    this.#underWay = false
  }

  #beginSweep(): void {
    const { reaped } = this.#options.tree
    if (this.#sweep !== null || reaped.size === 0) return
    // What is made during the sweep is looked at too, what is removed is not.
    this.#sweep = reaped.values()
    this.#slice()
  }

  #slice(): void {
    if (this.#sweep === null) return
    if (this.#options.serving() && !this.#underWay) this.#look(this.#sweep)
    if (this.#sweep === null) return
    this.#slicing = this.#options.timers.after(limits.reapSliceMs, this.#nextSlice)
  }

  #look(sweep: IterableIterator<Znode>): void {
    const { clock, tree, neverUsedContainerMs, sendRequests } = this.#options
    this.#grantAllowance(clock.monotonicMs())
    const wallMs = clock.wallMs()
    const requests = this.#requests
    let ended = false
    for (let looks = 0; looks < limits.reapSliceNodesMax; looks++) {
      if (this.#allowance < 1 || requests.length >= limits.batchBytesMax) break
      const next = sweep.next()
      if (next.done) {
        ended = true
        break
      }
      if (!tree.isOverdue(next.value, wallMs, neverUsedContainerMs)) continue
      encodeReapRequest(requests, tree, next.value, neverUsedContainerMs)
      this.#allowance--
      this.#asked++
    }
    if (requests.length > 0) {
      this.#underWay = true
      sendRequests(requests.take())
    }
    if (ended) this.#endSweep()
  }

  #grantAllowance(nowMs: number): void {
    const grown = this.#allowance + (nowMs - this.#allowanceAtMs) * this.#perMs
    this.#allowance = Math.min(grown, this.#allowanceMax)
    this.#allowanceAtMs = nowMs
  }

  #endSweep(): void {
    this.#slicing?.cancel()
    this.#slicing = null
    this.#sweep = null
    if (this.#asked > 0) {
      this.#options.log.info('removing containers and TTL nodes that have had their time', {
        nodes: this.#asked,
      })
    }
    this.#asked = 0
  }
}
