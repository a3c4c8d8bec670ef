import { assert } from '../runtime/assert.ts'
import { Fifo } from './fifo.ts'
import type { PendingRequest } from './pending-request.ts'
import { xidOffset } from './pending-request.ts'

/** Writes are numbered up to here, then from 1 again. */
const writeIdMax = 2 ** 31 - 1
/** Everything else is numbered from here downwards, clear of the few small negative ids that have a meaning. */
export const otherIdFirst = -1000
const otherIdLast = -(2 ** 31)

/**
 * All requests of one session, in the order of the calls: first those that were sent and wait for their reply, then those
 * that wait to be sent.
 *
 * 1. Replies come in the order of sending; any other xid means that the stream is broken.
 * 2. Writes are numbered 1, 2, 3, ... without gap, in the order of their first sending, so a server that grants
 *    exactly-once can recognise one that is sent again. Reads have numbers of their own, so as not to use those up.
 * 3. After a lost connection, everything that may be sent again stands before everything that was never sent, in the old
 *    order: a write never overtakes an older one, and a read never shows a later write.
 */
export class RequestQueue {
  readonly #unanswered = new Fifo<PendingRequest>()
  #waiting = new Fifo<PendingRequest>()
  readonly #requestsMax: number
  #unansweredWrites = 0
  #lastWriteId = 0
  #lastOtherId = otherIdFirst + 1

  constructor(requestsMax: number) {
    this.#requestsMax = requestsMax
  }

  get length(): number {
    return this.#unanswered.length + this.#waiting.length
  }

  /** False when the queue is full: the request was not taken. */
  add(request: PendingRequest): boolean {
    if (this.length >= this.#requestsMax) return false
    this.#waiting.push(request)
    return true
  }

  /** Takes one more than the limit: the request that closes the session. */
  addLast(request: PendingRequest): void {
    this.#waiting.push(request)
  }

  /**
   * The next request to send, with its id written into its frame; null when none may be sent now.
   *
   * @param writesMax how many writes may be unanswered at a time. A write beyond that holds back all behind it, for a
   *   later read must see it.
   */
  takeNext(writesMax: number): PendingRequest | null {
    const request = this.#waiting.peek()
    if (request === undefined) return null
    if (request.isWrite && this.#unansweredWrites >= writesMax) return null
    if (request.xid === 0) {
      request.xid = request.isWrite ? this.#nextWriteId() : this.#nextOtherId()
      request.frame.writeInt32BE(request.xid, xidOffset)
    }
    if (request.isWrite) this.#unansweredWrites++
    this.#waiting.shift()
    this.#unanswered.push(request)
    return request
  }

  /** The request that a reply with this xid answers; null when it is not the one whose turn it is. */
  answered(xid: number): PendingRequest | null {
    const request = this.#unanswered.peek()
    if (request === undefined || request.xid !== xid) return null
    this.#unanswered.shift()
    if (request.isWrite) this.#unansweredWrites--
    return request
  }

  /**
   * The connection is gone. What may be sent again goes back to the front.
   *
   * A read may not that has a write behind it on its way: the write may be done, and the read would show it. Bad timeline:
   * (1) a client asks for a node, and sets it to 5 without waiting; (2) its server dies when both are done and neither is
   * answered; (3) another server answers the read anew, with 5, and the set with what is remembered of it.
   *
   * @param resendWrites the server recognises a write that it has seen before
   * @returns the writes whose fate is unknown and that must not be sent again, and those reads; they are no longer in the queue
   */
  connectionLost(resendWrites: boolean): PendingRequest[] {
    const lost: PendingRequest[] = []
    const waiting = new Fifo<PendingRequest>()
    // After two losses in a row, some that were sent before can still stand among those that wait.
    const all = [...this.#unanswered.drain(), ...this.#waiting.drain()]
    const lastSentWrite = all.findLastIndex((request) => request.isWrite && request.xid !== 0)
    all.forEach((request, i) => {
      const mayRepeat = request.isWrite ? resendWrites || request.xid === 0 : i > lastSentWrite
      if (mayRepeat) waiting.push(request)
      else lost.push(request)
    })
    this.#waiting = waiting
    this.#unansweredWrites = 0
    return lost
  }

  /** Takes everything out, oldest first. */
  clear(): PendingRequest[] {
    const all = [...this.#unanswered.drain(), ...this.#waiting.drain()]
    this.#unansweredWrites = 0
    return all
  }

  /** A new session begins, which counts its writes from 1. Nothing may be unanswered. */
  restartIds(): void {
    assert(this.#unanswered.length === 0, 'requests of one session are not answered in the next')
    this.#lastWriteId = 0
    for (const request of this.#waiting.drain()) {
      request.xid = 0
      this.#waiting.push(request)
    }
  }

  #nextWriteId(): number {
    this.#lastWriteId = this.#lastWriteId === writeIdMax ? 1 : this.#lastWriteId + 1
    return this.#lastWriteId
  }

  #nextOtherId(): number {
    this.#lastOtherId = this.#lastOtherId === otherIdLast ? otherIdFirst : this.#lastOtherId - 1
    return this.#lastOtherId
  }
}
