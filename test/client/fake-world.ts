import { silentLog } from '../../src/runtime/log.ts'
import type { Address, Connection, ConnectionHandlers } from '../../src/runtime/network.ts'
import type { Random } from '../../src/runtime/random.ts'
import type { Runtime } from '../../src/runtime/runtime.ts'
import type { Timer } from '../../src/runtime/timers.ts'
import { FrameSplitter } from '../../src/wire/frame-splitter.ts'
import { JuteReader } from '../../src/wire/jute-reader.ts'
import { JuteWriter } from '../../src/wire/jute-writer.ts'
import { ConnectRequest, ConnectResponse } from '../../src/wire/records.ts'

/** A small generator, good enough to shuffle with. */
export function seededRandom(seed: number): Random {
  let state = (seed * 2654435761 + 12345) >>> 0
  const next = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state
  }
  return {
    below: (bound) => Math.floor((next() / 2 ** 32) * bound),
    bytes: (count) => Buffer.from(Array.from({ length: count }, () => next() >>> 24)),
  }
}

/** The server's end of one connection. The test plays the server. */
export class ServerEnd {
  hello: ConnectRequest | null = null
  /** Frames behind the hello: xid and opcode, and the body. */
  readonly requests: { xid: number; opcode: number; body: JuteReader }[] = []
  closed = false
  readonly #splitter = new FrameSplitter(1 << 26)
  readonly #world: FakeWorld
  /** The client's. */
  handlers: ConnectionHandlers | null = null

  constructor(world: FakeWorld) {
    this.#world = world
  }

  receive(bytes: Buffer): void {
    this.#splitter.push(bytes, (view) => {
      const reader = new JuteReader(Buffer.from(view))
      if (this.hello === null) this.hello = ConnectRequest.read(reader)
      else this.requests.push({ xid: reader.int(), opcode: reader.int(), body: reader })
    })
  }

  /** Takes the requests that have come in since the last call. */
  take(): { xid: number; opcode: number; body: JuteReader }[] {
    return this.requests.splice(0)
  }

  welcome(fields: Partial<ConnectResponse> = {}): void {
    this.#frame((writer) =>
      ConnectResponse.write(writer, {
        protocolVersion: 0,
        timeoutMs: 9000,
        sessionId: 0x100n,
        password: Buffer.alloc(16, 7),
        readOnly: false,
        exactlyOnceWindow: undefined,
        ...fields,
      }),
    )
  }

  reply(xid: number, zxid: number, err = 0, body: (writer: JuteWriter) => void = () => {}): void {
    this.#frame((writer) => {
      writer.int(xid).long(zxid).int(err)
      body(writer)
    })
  }

  /** Closes the connection, as either side may. */
  close(): void {
    if (this.closed) return
    this.closed = true
    this.#world.later(() => this.handlers?.onClose())
  }

  #frame(write: (writer: JuteWriter) => void): void {
    const writer = new JuteWriter()
    const mark = writer.beginFrame()
    write(writer)
    writer.endFrame(mark)
    const bytes = writer.take()
    this.#world.later(() => {
      if (!this.closed) this.handlers?.onData(bytes)
    })
    this.#world.run()
  }
}

interface Waiting {
  atMs: number
  order: number
  call: (() => void) | null
}

/** Time, network and chance in the hands of the test. Nothing happens but by `run`, `advance` and the server's ends. */
export class FakeWorld {
  nowMs = 1000
  /** Every connection that was made, oldest first. */
  readonly ends: ServerEnd[] = []
  /** Which connection attempts fail. */
  refuses: (address: Address) => boolean = () => false
  #waiting: Waiting[] = []
  #order = 0

  readonly runtime: Runtime = {
    clock: { wallMs: () => this.nowMs, monotonicMs: () => this.nowMs },
    timers: {
      after: (delayMs, call) => this.later(call, delayMs),
      every: () => {
        throw new Error('not used by the client')
      },
      endOfTurn: (call) => void this.later(call),
    },
    random: seededRandom(1),
    network: {
      listen: () => Promise.reject(new Error('not used by the client')),
      connect: (address) =>
        this.refuses(address)
          ? Promise.reject(Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }))
          : Promise.resolve(this.#connection(address)),
    },
    // The client has no files.
    disk: {} as Runtime['disk'],
    log: silentLog,
  }

  later(call: () => void, delayMs = 0): Timer {
    const waiting: Waiting = { atMs: this.nowMs + delayMs, order: this.#order++, call }
    this.#waiting.push(waiting)
    return {
      cancel: () => {
        waiting.call = null
      },
    }
  }

  /** Runs what is due. */
  run(): void {
    for (;;) {
      const due = this.#waiting
        .filter(({ atMs }) => atMs <= this.nowMs)
        .sort((a, b) => a.atMs - b.atMs || a.order - b.order)[0]
      if (due === undefined) return
      this.#waiting = this.#waiting.filter((other) => other !== due)
      due.call?.()
    }
  }

  /** Lets promises settle and runs what is due, until nothing is. */
  async settle(): Promise<void> {
    for (let i = 0; i < 30; i++) {
      this.run()
      await Promise.resolve()
    }
  }

  /** Lets time pass, in steps no longer than the next timer. */
  async advance(ms: number): Promise<void> {
    const endMs = this.nowMs + ms
    await this.settle()
    while (this.nowMs < endMs) {
      const nextMs = Math.min(
        endMs,
        ...this.#waiting.filter(({ call }) => call !== null).map(({ atMs }) => atMs),
      )
      this.nowMs = Math.max(this.nowMs, nextMs)
      await this.settle()
    }
  }

  /** The newest connection. */
  get end(): ServerEnd {
    const last = this.ends.at(-1)
    if (last === undefined) throw new Error('no connection was made')
    return last
  }

  #connection(remote: Address): Connection {
    const end = new ServerEnd(this)
    this.ends.push(end)
    return {
      remote,
      bufferedBytes: 0,
      get closed() {
        return end.closed
      },
      setHandlers: (handlers) => {
        end.handlers = handlers
      },
      write: (bytes) => {
        if (!end.closed) end.receive(Buffer.from(bytes))
        return true
      },
      pause() {},
      resume() {},
      end: () => end.close(),
      destroy: () => end.close(),
    }
  }
}
