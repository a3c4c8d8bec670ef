import type { Clock } from '../../src/runtime/clock.ts'
import { silentLog } from '../../src/runtime/log.ts'
import type { Connection, ConnectionHandlers, Listener, Network } from '../../src/runtime/network.ts'
import type { Runtime } from '../../src/runtime/runtime.ts'
import { SeededRandom } from '../../src/runtime/seeded-random.ts'
import type { Timer, Timers } from '../../src/runtime/timers.ts'

/** Time that passes only when a test says so, and turns that end only then. */
export class FakeTime implements Clock, Timers {
  #nowMs = 1000
  #wallMs = Date.UTC(2026, 0, 1)
  #timers: { atMs: number; periodMs: number | null; call: () => void; cancelled: boolean }[] = []
  #turnEnd: (() => void)[] = []

  monotonicMs(): number {
    return this.#nowMs
  }

  wallMs(): number {
    return this.#wallMs
  }

  setWallMs(wallMs: number): void {
    this.#wallMs = wallMs
  }

  after(delayMs: number, call: () => void): Timer {
    return this.#add(delayMs, null, call)
  }

  every(periodMs: number, call: () => void): Timer {
    return this.#add(periodMs, periodMs, call)
  }

  endOfTurn(call: () => void): void {
    this.#turnEnd.push(call)
  }

  /** Ends turns until nothing more was put off to the end of one. */
  endTurns(): void {
    while (this.#turnEnd.length > 0) this.endTurn()
  }

  /** Ends one turn: what is put off meanwhile waits for the end of the next. */
  endTurn(): void {
    for (const call of this.#turnEnd.splice(0)) call()
  }

  /** Lets time pass, calling what falls due at its time. */
  pass(ms: number): void {
    const untilMs = this.#nowMs + ms
    for (;;) {
      const next = this.#timers
        .filter((timer) => !timer.cancelled && timer.atMs <= untilMs)
        .sort((a, b) => a.atMs - b.atMs)[0]
      if (next === undefined) break
      this.#nowMs = next.atMs
      if (next.periodMs === null) next.cancelled = true
      else next.atMs += next.periodMs
      next.call()
      this.endTurns()
    }
    this.#nowMs = untilMs
    this.#timers = this.#timers.filter((timer) => !timer.cancelled)
  }

  /** Time passes and nothing is called: the process is frozen. Periodic timers are called once, late, after it. */
  freeze(ms: number): void {
    this.#nowMs += ms
    for (const timer of this.#timers) {
      if (timer.atMs < this.#nowMs) timer.atMs = this.#nowMs
    }
  }

  #add(delayMs: number, periodMs: number | null, call: () => void): Timer {
    const timer = { atMs: this.#nowMs + delayMs, periodMs, call, cancelled: false }
    this.#timers.push(timer)
    return {
      cancel() {
        timer.cancelled = true
      },
    }
  }
}

/** The server's end of a connection; the test holds the other one. */
export class FakeConnection implements Connection {
  readonly remote: { host: string; port: number }
  /** What the test's end does not take. */
  stuck = false
  bufferedBytes = 0
  closed = false
  paused = false
  /** The server has ended or destroyed it. */
  ended: 'orderly' | 'at once' | null = null
  handlers: ConnectionHandlers | null = null
  received: Buffer = Buffer.alloc(0)
  writes = 0

  constructor(remote: { host: string; port: number }) {
    this.remote = remote
  }

  setHandlers(handlers: ConnectionHandlers): void {
    this.handlers = handlers
  }

  write(bytes: Uint8Array): boolean {
    if (this.closed) return false
    this.writes++
    if (this.stuck) this.bufferedBytes += bytes.length
    else this.received = Buffer.concat([this.received, bytes])
    return this.bufferedBytes === 0
  }

  /** The test's end takes everything again; what piled up is thrown away. */
  unstick(): void {
    this.stuck = false
    this.bufferedBytes = 0
    this.handlers?.onDrain?.()
  }

  pause(): void {
    this.paused = true
  }

  resume(): void {
    this.paused = false
  }

  end(): void {
    this.#close('orderly')
  }

  destroy(): void {
    this.#close('at once')
  }

  #close(how: 'orderly' | 'at once'): void {
    if (this.closed) return
    this.closed = true
    this.ended = how
    this.handlers?.onClose()
  }
}

export class FakeNetwork implements Network {
  #onConnection: ((connection: Connection) => void) | null = null
  #nextPort = 40_000

  async listen(
    address: { host: string; port: number },
    onConnection: (connection: Connection) => void,
  ): Promise<Listener> {
    this.#onConnection = onConnection
    return { address, close: async () => {} }
  }

  connect(): Promise<Connection> {
    throw new Error('the server side connects to nobody')
  }

  /** A client comes in. */
  dial(host = '127.0.0.1'): FakeConnection {
    const connection = new FakeConnection({ host, port: this.#nextPort++ })
    this.#onConnection?.(connection)
    return connection
  }
}

export function fakeRuntime(): Runtime & { clock: FakeTime; timers: FakeTime; network: FakeNetwork } {
  const time = new FakeTime()
  return {
    clock: time,
    timers: time,
    random: new SeededRandom('clients'),
    network: new FakeNetwork(),
    disk: { usedBytes: async () => 4096 } as unknown as Runtime['disk'],
    log: silentLog,
  }
}
