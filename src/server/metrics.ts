import { OpCode } from '../wire/opcodes.ts'
import { LatencyHistogram } from './latency-histogram.ts'

/** Smallest, largest and mean of what was recorded since the last reset. */
export class Summary {
  #count = 0
  #sum = 0
  #min = 0
  #max = 0

  record(value: number): void {
    if (this.#count === 0 || value < this.#min) this.#min = value
    if (value > this.#max) this.#max = value
    this.#sum += value
    this.#count++
  }

  get count(): number {
    return this.#count
  }

  get sum(): number {
    return this.#sum
  }

  get min(): number {
    return this.#min
  }

  get max(): number {
    return this.#max
  }

  get average(): number {
    return this.#count === 0 ? 0 : this.#sum / this.#count
  }

  reset(): void {
    this.#count = 0
    this.#sum = 0
    this.#min = 0
    this.#max = 0
  }
}

/** Opcodes, and negative ones, as indices. */
const opcodeMask = 0xff

/** How many requests of each kind were answered. */
class OperationCounts {
  readonly #counts = new Float64Array(opcodeMask + 1)

  add(opcode: number): void {
    const index = opcode & opcodeMask
    this.#counts[index] = (this.#counts[index] as number) + 1
  }

  of(...opcodes: number[]): number {
    return opcodes.reduce((sum, opcode) => sum + (this.#counts[opcode & opcodeMask] as number), 0)
  }

  /** Of the kinds that there are: numbers that a client made up share their places. */
  get total(): number {
    return this.of(...new Set(Object.values(OpCode).filter((opcode) => opcode !== OpCode.error)))
  }
}

/** What the client side of a server counts. Plain numbers: written on the hot path, read by the four-letter words. */
export class ServerMetrics {
  packetsReceived = 0
  packetsSent = 0
  bytesReceived = 0
  bytesSent = 0
  watchEvents = 0
  /** From the arrival of a request to its reply, in milliseconds. */
  readonly latencyMs = new Summary()
  /** Of writes alone. */
  readonly updateLatencyMs = new Summary()
  readonly updateLatencies = new LatencyHistogram()
  readonly operations = new OperationCounts()
  /** Kept for who sets it; nothing is traced. ZooKeeper's default. */
  traceMask = 306n

  connectionsAccepted = 0
  /** Over maxClientCnxns or maxCnxns. */
  connectionsRejected = 0
  connectionsClosed = 0
  sessionlessClosed = 0
  /** Bad lengths, and first frames that are no handshake. */
  malformedFrames = 0
  slowReadersClosed = 0
  /** Their session's client had come in by another connection. */
  movedClosed = 0
  /** Clients that had seen a later zxid than this server. */
  handshakesAhead = 0
  sessionsExpired = 0
  unimplementedRequests = 0
  undecodableRequests = 0
  authFailures = 0
  /** Bytes of replies, per reply frame, as `mntr` names it. */
  readonly responseBytes = new Summary()
  lastResponseBytes = -1

  /** What the word `srst` sets back. */
  resetTraffic(): void {
    this.packetsReceived = 0
    this.packetsSent = 0
    this.latencyMs.reset()
    this.responseBytes.reset()
    this.lastResponseBytes = -1
  }
}
