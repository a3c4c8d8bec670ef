import type { SimProcess } from './sim-process.ts'

/** Something that happens at one instant, to one process or (process null) to the world. */
export abstract class SimEvent {
  /** Microseconds of simulated time; written by the world when it queues the event. */
  atUs = 0
  /** Breaks ties: of two events at one instant, the one queued first happens first. */
  order = 0
  cancelled = false
  readonly process: SimProcess | null

  constructor(process: SimProcess | null) {
    this.process = process
  }

  abstract fire(): void
}

/** Cancelled events stay until they come up, or until they are the larger part of a queue at least this long. */
const sweepLengthMin = 1024

/** What is still to happen, earliest first: a binary heap. */
export class EventQueue {
  #heap: SimEvent[] = []
  #cancelled = 0

  get length(): number {
    return this.#heap.length
  }

  peek(): SimEvent | undefined {
    return this.#heap[0]
  }

  push(event: SimEvent): void {
    this.#heap.push(event)
    this.#rise(this.#heap.length - 1, event)
  }

  pop(): SimEvent | undefined {
    const heap = this.#heap
    const first = heap[0]
    const last = heap.pop()
    if (first === undefined || last === undefined) return undefined
    if (heap.length > 0) this.#sink(0, last)
    if (first.cancelled && this.#cancelled > 0) this.#cancelled--
    return first
  }

  /** A queued event was cancelled. Timers that are set and taken back all the time must not pile up. */
  noteCancelled(): void {
    this.#cancelled++
    if (this.#heap.length < sweepLengthMin || this.#cancelled * 2 < this.#heap.length) return
    this.#heap = this.#heap.filter((event) => !event.cancelled)
    this.#cancelled = 0
    for (let i = (this.#heap.length >> 1) - 1; i >= 0; i--) this.#sink(i, this.#heap[i] as SimEvent)
  }

  #rise(from: number, event: SimEvent): void {
    const heap = this.#heap
    let at = from
    while (at > 0) {
      const above = (at - 1) >> 1
      const parent = heap[above] as SimEvent
      if (!isBefore(event, parent)) break
      heap[at] = parent
      at = above
    }
    heap[at] = event
  }

  #sink(from: number, event: SimEvent): void {
    const heap = this.#heap
    const length = heap.length
    let at = from
    for (;;) {
      let below = 2 * at + 1
      if (below >= length) break
      if (below + 1 < length && isBefore(heap[below + 1] as SimEvent, heap[below] as SimEvent)) below++
      const child = heap[below] as SimEvent
      if (!isBefore(child, event)) break
      heap[at] = child
      at = below
    }
    heap[at] = event
  }
}

function isBefore(a: SimEvent, b: SimEvent): boolean {
  return a.atUs < b.atUs || (a.atUs === b.atUs && a.order < b.order)
}
