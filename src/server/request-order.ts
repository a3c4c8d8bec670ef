import type { Identities } from '../tree/identities.ts'

/** What was read from the socket at once, as far as requests of it wait. */
class Chunk {
  readonly keptBytes: number

  constructor(keptBytes: number) {
    this.keptBytes = keptBytes
  }
}

class WaitingRequest {
  readonly frame: Buffer
  readonly afterWrites: number
  readonly isWrite: boolean
  readonly isBarrier: boolean
  readonly identities: Identities
  readonly chunk: Chunk

  constructor(
    frame: Buffer,
    afterWrites: number,
    isWrite: boolean,
    isBarrier: boolean,
    identities: Identities,
    chunk: Chunk,
  ) {
    this.frame = frame
    this.afterWrites = afterWrites
    this.isWrite = isWrite
    this.isBarrier = isBarrier
    this.identities = identities
    this.chunk = chunk
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
  /** Of the writes that were sent to the leader and are not answered, those of a multi weighted; kept by `InFlight`. */
  inFlightBytes = 0
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
  #chunkBytes = 0
  /** The one that came last; null as long as nothing of it waits. */
  #chunk: Chunk | null = null

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

  /** Requests that come now are views of a piece of memory of so many bytes. */
  chunkCame(bytes: number): void {
    this.#chunkBytes = bytes
    this.#chunk = null
  }

  writeSeen(): void {
    this.#writesSeen++
  }

  writeDone(): void {
    this.#writesDone++
  }

  /** Behind all writes so far. */
  holdRead(frame: Buffer, isBarrier: boolean, identities: Identities): void {
    this.#hold(new WaitingRequest(frame, this.#writesSeen, false, isBarrier, identities, this.#keep(frame)))
  }

  /** Behind what waits, but not behind the writes that were sent. */
  holdWrite(frame: Buffer, identities: Identities): void {
    this.#heldWrites++
    this.#hold(new WaitingRequest(frame, 0, true, true, identities, this.#keep(frame)))
  }

  /** The next request whose turn has come; undefined when it has to wait for a write, or nothing waits. */
  peek(): WaitingRequest | undefined {
    const head = this.#waiting[this.#head]
    return head !== undefined && head.afterWrites <= this.#writesDone ? head : undefined
  }

  /** A read waits although its turn has come: should another write take effect before it is answered, it would show it. */
  get isReadOverdue(): boolean {
    const head = this.#waiting[this.#head]
    return head !== undefined && !head.isWrite && head.afterWrites <= this.#writesDone
  }

  /** Such a read cannot wait any longer, for a write that came behind it is on its way. */
  get isReadUrgent(): boolean {
    const head = this.#waiting[this.#head]
    return this.isReadOverdue && head !== undefined && this.#writesSeen - this.#heldWrites > head.afterWrites
  }

  /** Takes what `peek` showed. */
  shift(): void {
    const head = this.#waiting[this.#head]
    if (head === undefined) return
    if (head.isBarrier) this.#barriers--
    if (head.isWrite) this.#heldWrites--
    this.#head++
    // Requests of one chunk stand behind each other.
    const { chunk } = head
    if (this.#waiting[this.#head]?.chunk !== chunk) {
      this.#count(-chunk.keptBytes)
      if (this.#chunk === chunk) this.#chunk = null
    }
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
    this.#chunk = null
    this.#barriers = 0
    this.#heldWrites = 0
  }

  #hold(request: WaitingRequest): void {
    this.#waiting.push(request)
    if (request.isBarrier) this.#barriers++
  }

  /** Of a chunk's frames only the first can have begun before it: then it was put together in memory of its own. */
  #keep(frame: Buffer): Chunk {
    if (this.#chunk === null) {
      const { byteLength } = frame.buffer
      this.#chunk = new Chunk(byteLength === this.#chunkBytes ? byteLength : byteLength + this.#chunkBytes)
      this.#count(this.#chunk.keptBytes)
    }
    return this.#chunk
  }

  #count(bytes: number): void {
    this.#waitingBytes += bytes
    this.#all.total += bytes
  }
}
