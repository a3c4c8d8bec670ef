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

/** What the client side of a server counts. Plain numbers: written on the hot path, read by the four-letter words. */
export class ServerMetrics {
  packetsReceived = 0
  packetsSent = 0
  bytesReceived = 0
  bytesSent = 0
  watchEvents = 0
  /** From the arrival of a request to its reply, in milliseconds. */
  readonly latencyMs = new Summary()

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
  }
}
