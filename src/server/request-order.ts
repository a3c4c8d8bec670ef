import type { Identities } from '../tree/identities.ts'

class WaitingRequest {
  readonly frame: Buffer
  readonly afterWrites: number
  readonly isWrite: boolean
  readonly isBarrier: boolean
  readonly identities: Identities

  constructor(
    frame: Buffer,
    afterWrites: number,
    isWrite: boolean,
    isBarrier: boolean,
    identities: Identities,
  ) {
    this.frame = frame
    this.afterWrites = afterWrites
    this.isWrite = isWrite
    this.isBarrier = isBarrier
    this.identities = identities
  }
}

/** What the waiting requests of all connections of a server keep in memory. */
export class WaitingBytes {
  total = 0
}

/**
 * Keeps one connection's requests in their order. Writes go to the leader as they come, many at a time; a read waits until
 * every write that came before it is answered, and is then answered before the next write can take effect.
 *
 * What may not be overtaken by later writes while it waits (a sync, a write that found no room) is a barrier.
 */
export class RequestOrder {
  /** Writes that have come. */
  #writesSeen = 0
  /** Writes that are answered. */
  #writesDone = 0
  #waiting: WaitingRequest[] = []
  #head = 0
  #waitingBytes = 0
  readonly #all: WaitingBytes
  #barriers = 0
  #heldWrites = 0

  constructor(all: WaitingBytes) {
    this.#all = all
  }

  /** Requests that have come and are not answered. */
  get outstanding(): number {
    return this.#waiting.length - this.#head - this.#heldWrites + this.#writesSeen - this.#writesDone
  }

  /**
   * Bytes that the waiting requests keep in memory. A request is a view of what was read from the socket with it, so one of
   * twenty bytes may keep 64 kB; they are counted as long as any of them waits.
   */
  get waitingBytes(): number {
    return this.#waitingBytes
  }

  get isWaiting(): boolean {
    return this.#head < this.#waiting.length
  }

  /** Whether a read that comes now may be answered now. */
  get readMayPass(): boolean {
    return this.#writesSeen === this.#writesDone && this.#head === this.#waiting.length
  }

  /** Whether a write that comes now may be sent now. */
  get writeMayPass(): boolean {
    return this.#barriers === 0
  }

  writeSeen(): void {
    this.#writesSeen++
  }

  writeDone(): void {
    this.#writesDone++
  }

  /** Behind all writes so far. */
  holdRead(frame: Buffer, isBarrier: boolean, identities: Identities): void {
    this.#hold(new WaitingRequest(frame, this.#writesSeen, false, isBarrier, identities))
  }

  /** Behind what waits, but not behind the writes that were sent. */
  holdWrite(frame: Buffer, identities: Identities): void {
    this.#heldWrites++
    this.#hold(new WaitingRequest(frame, 0, true, true, identities))
  }

  /** The next request whose turn has come; undefined when it has to wait for a write, or nothing waits. */
  peek(): WaitingRequest | undefined {
    const head = this.#waiting[this.#head]
    return head !== undefined && head.afterWrites <= this.#writesDone ? head : undefined
  }

  /** Takes what `peek` showed. */
  shift(): void {
    const head = this.#waiting[this.#head]
    if (head === undefined) return
    if (head.isBarrier) this.#barriers--
    if (head.isWrite) this.#heldWrites--
    this.#head++
    const { buffer } = head.frame
    if (this.#waiting[this.#head]?.frame.buffer !== buffer) this.#count(-buffer.byteLength)
    if (this.#head === this.#waiting.length) {
      this.#waiting = []
      this.#head = 0
    } else if (this.#head >= 1024 && this.#head * 2 >= this.#waiting.length) {
      this.#waiting = this.#waiting.slice(this.#head)
      this.#head = 0
    }
  }

  /** Forgets what waits. */
  clear(): void {
    this.#waiting = []
    this.#head = 0
    this.#count(-this.#waitingBytes)
    this.#barriers = 0
    this.#heldWrites = 0
  }

  #hold(request: WaitingRequest): void {
    // Requests of one chunk stand behind each other.
    const { buffer } = request.frame
    if (this.#waiting[this.#waiting.length - 1]?.frame.buffer !== buffer) this.#count(buffer.byteLength)
    this.#waiting.push(request)
    if (request.isBarrier) this.#barriers++
  }

  #count(bytes: number): void {
    this.#waitingBytes += bytes
    this.#all.total += bytes
  }
}
