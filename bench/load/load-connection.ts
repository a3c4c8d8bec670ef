import { connect, type Socket } from 'node:net'
import { encodeConnect, endOfSession } from './handshake.ts'
import { ReplyChecker } from './reply-checker.ts'
import type { RequestTemplate } from './request-template.ts'
import type { Tally } from './tally.ts'
import type { Flushed, TurnFlush } from './turn-flush.ts'

/** For all connections: what one has received is looked at before the next one reads. It stays in the processor's cache. */
const received = Buffer.allocUnsafeSlow(64 * 1024)
const connectTimeoutMs = 15_000

export interface Requests {
  readonly read: RequestTemplate | null
  readonly write: RequestTemplate | null
  /** How many of a hundred requests read. */
  readonly readPercent: number
  /** How many znodes they draw from; null: each request of all connections has a number of its own. */
  readonly nodes: number | null
}

/**
 * One session that keeps a window of requests in flight. What it sends in one turn lies in one buffer, filled from the templates,
 * and leaves in one write; what it receives comes in one buffer, and is looked at where it lies. Nothing is made for a request.
 */
export class LoadConnection implements Flushed {
  /** Why it ended; null while it works. */
  brokenReason: string | null = null
  readonly #requests: Requests
  readonly #window: number
  readonly #tally: Tally
  readonly #turnFlush: TurnFlush
  readonly #checker = new ReplyChecker()
  readonly #out: Buffer
  /** Of requests of one kind: `#views[n]` shows the first n of them, which stand ready but for xid and number. */
  readonly #views: readonly Buffer[] | null
  readonly #reads: Uint8Array
  readonly #sentMs: Float64Array
  readonly #written = (): void => {
    if (!this.#writing) return
    this.#writing = false
    this.#queueFlush()
  }
  #socket: Socket | null = null
  #greeted: ((sessionGiven: boolean) => void) | null = null
  #oldest = 0
  #inFlight = 0
  #xid = 0
  #random: number
  #queued = false
  #writing = false
  #stopped = false

  constructor(requests: Requests, window: number, tally: Tally, turnFlush: TurnFlush, seed: number) {
    this.#turnFlush = turnFlush
    this.#requests = requests
    this.#window = window
    this.#tally = tally
    this.#reads = new Uint8Array(window)
    this.#sentMs = new Float64Array(window)
    this.#random = Math.imul(seed + 1, 0x9e3779b1) | 1
    const { read, write } = requests
    const frameBytesMax = Math.max(read?.frame.length ?? 0, write?.frame.length ?? 0)
    this.#out = Buffer.alloc(frameBytesMax * window)
    this.#views = read === null || write === null ? this.#layOut(frameBytesMax) : null
  }

  get errors(): number {
    return this.#checker.errors
  }

  get idle(): boolean {
    return this.#inFlight === 0 || this.brokenReason !== null
  }

  /** Resolves with a session. */
  async open(host: string, port: number): Promise<void> {
    const given = new Promise<boolean>((resolve) => {
      this.#greeted = resolve
    })
    const onread = { buffer: received, callback: (count: number) => this.#onBytes(received, count) }
    const socket = connect({ host, port, noDelay: true, onread })
    this.#socket = socket
    const timeout = setTimeout(() => socket.destroy(new Error('no session in time')), connectTimeoutMs)
    socket.on('error', (error) => this.#break(error.message))
    socket.on('close', () => this.#break('the server closed the connection'))
    socket.write(encodeConnect())
    const sessionGiven = await given
    clearTimeout(timeout)
    if (sessionGiven) return
    throw new Error(`${host}:${port} gave no session: ${this.brokenReason ?? 'it was refused'}`)
  }

  /** Fills the window for the first time. */
  begin(): void {
    this.#queueFlush()
  }

  /** Sends no more requests. */
  stop(): void {
    this.#stopped = true
  }

  /** Ends the session, so that it does not expire in the midst of what comes next. */
  close(): void {
    if (this.brokenReason === null) this.#socket?.end(endOfSession())
    this.brokenReason ??= 'closed'
  }

  #layOut(frameBytes: number): Buffer[] {
    const frame = (this.#requests.read ?? this.#requests.write)?.frame
    const views: Buffer[] = []
    for (let i = 0; i <= this.#window; i++) {
      if (i < this.#window) frame?.copy(this.#out, i * frameBytes)
      views.push(this.#out.subarray(0, i * frameBytes))
    }
    return views
  }

  /** Returns whether to go on reading. */
  #onBytes(bytes: Buffer, count: number): boolean {
    if (this.#greeted !== null) {
      // Both programs answer with one frame, far smaller than a segment; a timeout of 0 refuses the session.
      this.#greeted(count >= 12 && bytes.readInt32BE(8) > 0)
      this.#greeted = null
      return true
    }
    if (this.brokenReason !== null) return true
    const nowMs = performance.now()
    let answered = 0
    try {
      answered = this.#checker.take(bytes, count, this.#xid)
    } catch (error) {
      this.#break(String(error))
      this.#socket?.destroy()
      return false
    }
    this.#record(answered, nowMs)
    this.#queueFlush()
    return true
  }

  #record(answered: number, nowMs: number): void {
    const tally = this.#tally
    const window = this.#window
    let slot = this.#oldest
    for (let i = 0; i < answered; i++) {
      tally.add(this.#reads[slot] === 1, this.#sentMs[slot] as number, nowMs)
      if (++slot === window) slot = 0
    }
    this.#oldest = slot
    this.#inFlight -= answered
  }

  #queueFlush(): void {
    if (this.#queued || this.#writing) return
    this.#queued = true
    this.#turnFlush.add(this)
  }

  /** Fills the window. For the TurnFlush. */
  flush(nowMs: number): void {
    this.#queued = false
    if (this.#stopped || this.brokenReason !== null) return
    let ownNumber = this.#tally.asked
    const count = this.#tally.mayAsk(this.#window - this.#inFlight)
    if (count === 0) return
    const { read, write, readPercent, nodes } = this.#requests
    const out = this.#out
    let slot = (this.#oldest + this.#inFlight) % this.#window
    let at = 0
    for (let i = 0; i < count; i++) {
      const reads = write === null || (read !== null && this.#draw(100) < readPercent)
      const template = (reads ? read : write) as RequestTemplate
      if (this.#views === null) out.set(template.frame, at)
      template.patch(out, at, ++this.#xid, nodes === null ? ownNumber++ : this.#draw(nodes))
      at += template.frame.length
      this.#reads[slot] = reads ? 1 : 0
      this.#sentMs[slot] = nowMs
      if (++slot === this.#window) slot = 0
    }
    this.#inFlight += count
    this.#send(this.#views?.[count] ?? out.subarray(0, at))
  }

  /** The buffer belongs to the socket until all of it has left: nothing more is sent meanwhile. */
  #send(view: Buffer): void {
    const socket = this.#socket as Socket
    socket.write(view, this.#written)
    this.#writing = socket.writableLength > 0
  }

  /** From 0 up to `below`: xorshift, of 32 bits. */
  #draw(below: number): number {
    let drawn = this.#random
    drawn ^= drawn << 13
    drawn ^= drawn >>> 17
    drawn ^= drawn << 5
    this.#random = drawn
    return (drawn >>> 0) % below
  }

  #break(reason: string): void {
    this.brokenReason ??= reason
    this.#greeted?.(false)
    this.#greeted = null
  }
}
