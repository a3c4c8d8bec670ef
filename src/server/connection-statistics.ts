import { Summary } from './metrics.ts'

/** What is counted of one connection, for the words `cons` and `stat`. Written on the hot path: plain fields. */
export class ConnectionStatistics {
  packetsReceived = 0
  packetsSent = 0
  lastOpcode = 0
  /** Of the last reply whose xid is a client's own count; -1 before the first. */
  lastXid = -1
  /** Of the last reply; -1 before the first. */
  lastZxid = -1
  lastReplyMs = 0
  lastLatencyMs = 0
  /** Answered from this server's own state, in no time worth measuring. */
  #promptReplies = 0
  readonly #waitedMs = new Summary()

  answeredPromptly(opcode: number, nowMs: number): void {
    this.lastOpcode = opcode
    this.lastReplyMs = nowMs
    this.lastLatencyMs = 0
    this.#promptReplies++
  }

  answered(opcode: number, nowMs: number, latencyMs: number): void {
    this.lastOpcode = opcode
    this.lastReplyMs = nowMs
    this.lastLatencyMs = latencyMs
    this.#waitedMs.record(latencyMs)
  }

  get latencyMsMin(): number {
    return this.#promptReplies > 0 ? 0 : this.#waitedMs.min
  }

  get latencyMsMax(): number {
    return this.#waitedMs.max
  }

  get latencyMsAverage(): number {
    const count = this.#waitedMs.count + this.#promptReplies
    return count === 0 ? 0 : this.#waitedMs.sum / count
  }

  reset(): void {
    this.packetsReceived = 0
    this.packetsSent = 0
    this.lastOpcode = 0
    this.lastXid = -1
    this.lastZxid = -1
    this.lastReplyMs = 0
    this.lastLatencyMs = 0
    this.#promptReplies = 0
    this.#waitedMs.reset()
  }
}
