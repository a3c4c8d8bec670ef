import { assert } from '../runtime/assert.ts'
import type { Timers } from '../runtime/timers.ts'
import type { Identities } from '../tree/identities.ts'
import { encodeRequest, makeVoid, RequestEnvelope, requestBytes, requestNumber } from '../tree/request.ts'
import { JuteWriter } from '../wire/jute-writer.ts'
import { OpCode } from '../wire/opcodes.ts'
import type { ClientConnection } from './client-connection.ts'
import { limits } from './limits.ts'

/** The requests of one turn, as they were sent. */
interface Batch {
  readonly lastNumber: number
  readonly bytes: Buffer
}

const emptyBody = Buffer.alloc(0)
/** Above this, a batch keeps the buffer it was gathered in; below, it is copied into one of its size. */
const copiedBytesMax = 64 * 1024

/**
 * The writes that this server sent to the leader and has no answer for. They are numbered without gaps and answered in
 * that order; the number, and this start of the process (the incarnation), travel with each, so that after a change of leader the
 * replicated state tells which of them are done. The rest is sent again, in the same order under the same numbers.
 *
 * Bounded by `requestsMax` and `limits.inFlightBytesMax`: when full, connections wait for room and are not read from.
 */
export class InFlight {
  /** Of the request that `answer` was last called for. */
  answeredConnection: ClientConnection | null = null
  answeredXid = 0
  answeredOpcode = 0
  answeredStartedMs = 0

  readonly #requestsMax: number
  readonly #timers: Timers
  readonly #sendRequests: (requests: Buffer) => void
  readonly #envelope = new RequestEnvelope()
  readonly #gathered = new JuteWriter(4096)
  readonly #flush = (): void => this.flush()
  #serving = false

  // A ring: the request numbered n is at n modulo the capacity.
  #capacity = 1024
  #connections: (ClientConnection | null)[] = new Array(1024).fill(null)
  #xids = new Int32Array(1024)
  #opcodes = new Int32Array(1024)
  #startedMs = new Float64Array(1024)
  #weights = new Int32Array(1024)
  #firstNumber = 1
  #nextNumber = 1

  #batches: Batch[] = []
  #bytes = 0
  #waitingForRoom: ClientConnection[] = []

  constructor(options: {
    requestsMax: number
    timers: Timers
    /** To the leader; only called between `resume` and `suspend`. */
    sendRequests: (requests: Buffer) => void
  }) {
    this.#requestsMax = options.requestsMax
    this.#timers = options.timers
    this.#sendRequests = options.sendRequests
  }

  /** This start of the process, among all starts of this server; 0 until it is first known where the history stands. */
  get incarnation(): number {
    return this.#envelope.incarnation
  }

  begin(incarnation: number): void {
    assert(this.#envelope.incarnation === 0 && incarnation > 0, 'a process has one incarnation')
    this.#envelope.incarnation = incarnation
  }

  get count(): number {
    return this.#nextNumber - this.#firstNumber
  }

  get bytes(): number {
    return this.#bytes + this.#gathered.length
  }

  get full(): boolean {
    return this.count >= this.#requestsMax || this.bytes >= limits.inFlightBytesMax
  }

  /**
   * Takes a write on its way. The body is `source` from `start` to `end`.
   */
  send(
    connection: ClientConnection,
    opcode: number,
    xid: number,
    startedMs: number,
    identities: Identities,
    source: Buffer,
    start: number,
    end: number,
  ): void {
    assert(this.#envelope.incarnation > 0, 'requests are numbered only once the history is known')
    if (this.#gathered.length === 0) this.#timers.endOfTurn(this.#flush)
    if (this.count === this.#capacity) this.#grow()
    const number = this.#nextNumber++
    const at = number & (this.#capacity - 1)
    this.#connections[at] = connection
    this.#xids[at] = xid
    this.#opcodes[at] = opcode
    this.#startedMs[at] = startedMs
    const weight = opcode === OpCode.multi ? (end - start) * limits.multiBytesWeight : end - start
    this.#weights[at] = weight
    connection.order.inFlightBytes += weight
    const envelope = this.#envelope
    envelope.number = number
    envelope.sessionId = connection.sessionId
    envelope.attachment = connection.attachment
    envelope.requestId = xid
    envelope.opcode = opcode
    envelope.identities = identities
    encodeRequest(this.#gathered, envelope, source, start, end)
    if (this.#gathered.length >= limits.batchBytesMax) this.flush()
  }

  /** Sends what a turn has gathered. */
  flush(): void {
    const batch = this.#endBatch()
    if (batch !== null && this.#serving) this.#sendRequests(batch)
  }

  /**
   * There is a leader, and what it has done is answered: sends all else, again or for the first time. What a closed
   * connection asked for only keeps its number. The bad timeline without that: 1. a client sends x=1 to a server that is cut
   * off; 2. it gives that connection up, and sets x=2 elsewhere; 3. the server finds a leader, minutes later, and sets x=1.
   */
  resume(): void {
    this.#endBatch()
    this.#serving = true
    this.#batches = this.#batches.map((batch) => this.#withoutAbandoned(batch))
    for (const batch of [...this.#batches]) this.#sendRequests(batch.bytes)
  }

  /** The same, with the requests of closed connections made void; but who says goodbye and hangs up means it. */
  #withoutAbandoned(batch: Batch): Batch {
    let bytes: Buffer | null = null
    for (let at = 0; at < batch.bytes.length; at += requestBytes(batch.bytes, at)) {
      const number = requestNumber(batch.bytes, at)
      const slot = number & (this.#capacity - 1)
      if (number < this.#firstNumber || this.#connections[slot]?.stage !== 'closed') continue
      if (this.#opcodes[slot] === OpCode.closeSession) continue
      // A copy: the one before may still be on its way.
      bytes ??= Buffer.from(batch.bytes)
      makeVoid(bytes, at)
    }
    return bytes === null ? batch : { lastNumber: batch.lastNumber, bytes }
  }

  /** There is no leader: what comes waits. */
  suspend(): void {
    this.#serving = false
  }

  /** The first request without an answer; above every number sent when there is none. */
  get firstNumber(): number {
    return this.#firstNumber
  }

  /** Request `number` is answered: it is taken out, and shows in the `answered` fields. */
  answer(number: number): void {
    assert(
      number === this.#firstNumber && number < this.#nextNumber,
      () => `found the answer to request ${number}, expected ${this.#firstNumber} of ${this.#nextNumber - 1}`,
    )
    const at = number & (this.#capacity - 1)
    const connection = this.#connections[at] ?? null
    if (connection !== null) connection.order.inFlightBytes -= this.#weights[at] as number
    this.answeredConnection = connection
    this.answeredXid = this.#xids[at] as number
    this.answeredOpcode = this.#opcodes[at] as number
    this.answeredStartedMs = this.#startedMs[at] as number
    this.#connections[at] = null
    this.#firstNumber++
    const batch = this.#batches[0]
    if (batch !== undefined && number === batch.lastNumber) {
      this.#batches.shift()
      this.#bytes -= batch.bytes.length
    }
  }

  /** The connection is told, by `openRoom`, when half of what is in flight is done. */
  waitForRoom(connection: ClientConnection): void {
    this.#waitingForRoom.push(connection)
  }

  /** Lets those go on that wait for room, if there is some. */
  giveRoom(): void {
    if (this.#waitingForRoom.length === 0) return
    if (this.count > this.#requestsMax / 2 || this.#bytes > limits.inFlightBytesMax / 2) return
    const waiting = this.#waitingForRoom
    this.#waitingForRoom = []
    for (const connection of waiting) connection.openRoom()
  }

  #endBatch(): Buffer | null {
    const gathered = this.#gathered
    if (gathered.length === 0) return null
    let bytes: Buffer
    if (gathered.length <= copiedBytesMax) {
      bytes = Buffer.from(gathered.view())
      gathered.reset()
    } else {
      bytes = gathered.take()
    }
    this.#batches.push({ lastNumber: this.#nextNumber - 1, bytes })
    this.#bytes += bytes.length
    return bytes
  }

  #grow(): void {
    const capacity = this.#capacity * 2
    const connections: (ClientConnection | null)[] = new Array(capacity).fill(null)
    const xids = new Int32Array(capacity)
    const opcodes = new Int32Array(capacity)
    const startedMs = new Float64Array(capacity)
    const weights = new Int32Array(capacity)
    for (let number = this.#firstNumber; number < this.#nextNumber; number++) {
      const from = number & (this.#capacity - 1)
      const to = number & (capacity - 1)
      connections[to] = this.#connections[from] ?? null
      xids[to] = this.#xids[from] as number
      opcodes[to] = this.#opcodes[from] as number
      startedMs[to] = this.#startedMs[from] as number
      weights[to] = this.#weights[from] as number
    }
    this.#capacity = capacity
    this.#connections = connections
    this.#xids = xids
    this.#opcodes = opcodes
    this.#startedMs = startedMs
    this.#weights = weights
  }
}

/** The closeSession requests by which a leader ends expired sessions: unnumbered, nobody waits for the answer. */
export function encodeExpiries(sessionIds: readonly number[]): Buffer {
  const writer = new JuteWriter(64 * sessionIds.length)
  const envelope = new RequestEnvelope()
  envelope.opcode = OpCode.closeSession
  for (const id of sessionIds) {
    envelope.sessionId = id
    encodeRequest(writer, envelope, emptyBody, 0, 0)
  }
  return writer.take()
}
