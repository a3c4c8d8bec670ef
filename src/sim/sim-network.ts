import { CodedError } from '../runtime/coded-error.ts'
import type { Address, Connection, Listener, Network } from '../runtime/network.ts'
import type { Timer } from '../runtime/timers.ts'
import { SimEvent } from './event-queue.ts'
import { SimConnection } from './sim-connection.ts'
import type { SimHost } from './sim-host.ts'
import type { SimProcess } from './sim-process.ts'

/** Names under which a host finds itself. */
const ownNames = new Set(['127.0.0.1', 'localhost'])

/** The network as one process sees it. A host's address is its name. */
export class SimNetwork implements Network {
  readonly #process: SimProcess

  constructor(process: SimProcess) {
    this.#process = process
  }

  listen(address: Address, onConnection: (connection: Connection) => void): Promise<Listener> {
    const process = this.#process
    const fabric = process.host.world.network
    if (!process.alive) return new Promise(() => {})
    const where = `${address.host}:${address.port}`
    if (address.host !== process.host.name && !ownNames.has(address.host)) {
      return Promise.reject(
        new CodedError('EADDRNOTAVAIL', `cannot listen on ${where}: not an address of here`),
      )
    }
    const port = address.port === 0 ? fabric.freePort() : address.port
    if (fabric.listener(process.host, port) !== undefined) {
      return Promise.reject(new CodedError('EADDRINUSE', `cannot listen on ${where}: it is taken`))
    }
    const listener = new SimListener(process, { host: address.host, port }, onConnection)
    fabric.addListener(listener)
    process.host.note('listen', '', port)
    return Promise.resolve(listener)
  }

  connect(address: Address, timeoutMs: number): Promise<Connection> {
    const process = this.#process
    return new Promise((resolve, reject) => {
      if (process.alive) new Connecting(process, address, timeoutMs, resolve, reject).start()
    })
  }
}

export class SimListener implements Listener {
  readonly process: SimProcess
  readonly address: Address
  readonly onConnection: (connection: Connection) => void

  constructor(process: SimProcess, address: Address, onConnection: (connection: Connection) => void) {
    this.process = process
    this.address = address
    this.onConnection = onConnection
  }

  close(): Promise<void> {
    this.process.host.world.network.removeListener(this)
    return Promise.resolve()
  }
}

/** A connection being made: there, the other system's answer, and back. Programs see only the result. */
class Connecting {
  readonly #process: SimProcess
  readonly #address: Address
  readonly #timeoutMs: number
  readonly #resolve: (connection: Connection) => void
  readonly #reject: (error: Error) => void
  #settled = false
  #timeout: Timer | undefined

  constructor(
    process: SimProcess,
    address: Address,
    timeoutMs: number,
    resolve: (connection: Connection) => void,
    reject: (error: Error) => void,
  ) {
    this.#process = process
    this.#address = address
    this.#timeoutMs = timeoutMs
    this.#resolve = resolve
    this.#reject = reject
  }

  start(): void {
    const from = this.#process.host
    const world = from.world
    const { host: name, port } = this.#address
    const to = ownNames.has(name) ? from : world.findHost(name)
    this.#timeout = this.#process.timers.after(this.#timeoutMs, () =>
      this.#fail(
        new CodedError('ETIMEDOUT', `connecting to ${name}:${port} took more than ${this.#timeoutMs} ms`),
      ),
    )
    if (to === undefined) {
      this.#answer(0, () => this.#fail(new CodedError('ENOTFOUND', `no host is named ${name}`)))
      return
    }
    const thereUs = world.network.delayUs(from, to)
    const cut = world.network.cutBetween(from, to)
    if (cut === 'reset') {
      this.#answer(thereUs, () => this.#fail(new CodedError('EHOSTUNREACH', `no way to ${name}:${port}`)))
    } else if (cut === null) world.scheduleIn(new Step(null, () => this.#reach(to)), thereUs)
  }

  /** At the other host, in its system: the program there need not be running just now. */
  #reach(to: SimHost): void {
    const from = this.#process.host
    const fabric = from.world.network
    if (!this.#process.alive || fabric.cutBetween(to, from) === 'blackhole') return
    const backUs = fabric.delayUs(to, from)
    const { host: name, port } = this.#address
    const listener = fabric.listener(to, port)
    if (listener === undefined || fabric.cutBetween(to, from) === 'reset') {
      this.#answer(backUs, () => this.#fail(new CodedError('ECONNREFUSED', `${name}:${port} refused`)))
      return
    }
    const far = new SimConnection(listener.process, { host: from.name, port: fabric.freePort() }, from)
    const near = new SimConnection(this.#process, this.#address, to)
    far.peer = near
    near.peer = far
    const accept = new Step(listener.process, () => {
      to.note('accept', from.name, port)
      if (fabric.listener(to, port) === listener) listener.onConnection(far)
      else far.destroy()
    })
    from.world.scheduleIn(accept, 0)
    const connected = new Step(this.#process, () => this.#succeed(near))
    from.world.scheduleIn(connected, backUs)
    // Neither side's first bytes may come before the connection itself.
    near.lastArrivalUs = accept.atUs
    far.lastArrivalUs = connected.atUs
  }

  #answer(inUs: number, call: () => void): void {
    this.#process.host.world.scheduleIn(new Step(this.#process, call), inUs)
  }

  #succeed(connection: SimConnection): void {
    if (this.#settled) {
      connection.destroy()
      return
    }
    this.#settled = true
    this.#timeout?.cancel()
    this.#process.host.note('connected', this.#address.host, this.#address.port)
    this.#resolve(connection)
  }

  #fail(error: Error): void {
    if (this.#settled) return
    this.#settled = true
    this.#timeout?.cancel()
    this.#reject(error)
  }
}

class Step extends SimEvent {
  readonly #call: () => void

  constructor(process: SimProcess | null, call: () => void) {
    super(process)
    this.#call = call
  }

  fire(): void {
    this.#call()
  }
}
