import type { Connection, Listener } from '../runtime/network.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { Timer } from '../runtime/timers.ts'
import { ClientConnection } from './client-connection.ts'
import type { ClientServices } from './client-services.ts'
import { limits } from './limits.ts'

/** Where clients come in: takes connections, counts them, and drops those that bring no session. */
export class ClientPort {
  readonly #runtime: Runtime
  readonly #services: ClientServices
  readonly #connections = new Set<ClientConnection>()
  readonly #countOf = new Map<string, number>()
  #listener: Listener | null = null
  #sweeper: Timer | null = null
  #stopped = false

  constructor(runtime: Runtime, services: ClientServices) {
    this.#runtime = runtime
    this.#services = services
  }

  /** In the order in which they came. */
  get connections(): ReadonlySet<ClientConnection> {
    return this.#connections
  }

  /** 0 before `start`. */
  get port(): number {
    return this.#listener?.address.port ?? 0
  }

  /** Rejects with the listen error. */
  async start(): Promise<void> {
    const { clientHost: host, clientPort: port } = this.#services.config
    this.#listener = await this.#runtime.network.listen({ host, port }, (socket) => this.#take(socket))
    const sweepMs = Math.min(limits.sweepMs, this.#services.config.sessionlessCnxnTimeoutMs)
    this.#sweeper = this.#runtime.timers.every(sweepMs, () => this.#sweep(sweepMs))
  }

  /** Ends all connections, once what was answered has left, and takes no more. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#sweeper?.cancel()
    this.endAll()
    await this.#listener?.close()
  }

  endAll(): void {
    for (const connection of [...this.#connections]) connection.end()
  }

  /** The connection's socket is gone. */
  forget(connection: ClientConnection): void {
    if (!this.#connections.delete(connection)) return
    this.#services.metrics.connectionsClosed++
    const host = connection.remoteHost
    const count = (this.#countOf.get(host) ?? 0) - 1
    if (count > 0) this.#countOf.set(host, count)
    else this.#countOf.delete(host)
  }

  #take(socket: Connection): void {
    const { metrics } = this.#services
    const connection = new ClientConnection(socket, this.#services)
    socket.setHandlers(connection)
    const host = connection.remoteHost
    const count = this.#countOf.get(host) ?? 0
    if (this.#stopped || this.#isOneTooMany(host, count)) {
      metrics.connectionsRejected++
      connection.destroy()
      return
    }
    metrics.connectionsAccepted++
    this.#connections.add(connection)
    this.#countOf.set(host, count + 1)
  }

  #isOneTooMany(host: string, count: number): boolean {
    const { config, limitLog } = this.#services
    const { maxCnxns, maxClientCnxns } = config
    if (maxCnxns > 0 && this.#connections.size >= maxCnxns) {
      limitLog.warn(
        'maxCnxns',
        () =>
          `refused a connection from ${host}: there are ${this.#connections.size} of all clients, maxCnxns is ${maxCnxns}. ` +
          'Spread the clients over more servers, or raise maxCnxns.',
      )
      return true
    }
    if (maxClientCnxns > 0 && count >= maxClientCnxns) {
      limitLog.warn(
        'maxClientCnxns',
        () =>
          `refused a connection from ${host}: it has ${count} already, maxClientCnxns is ${maxClientCnxns}. ` +
          'Share connections in the client, or raise maxClientCnxns.',
      )
      return true
    }
    return false
  }

  /** Time is counted in sweeps: who wakes from a long pause first reads what its clients have sent meanwhile. */
  #sweep(sweepMs: number): void {
    for (const connection of [...this.#connections]) {
      if (connection.stage === 'closed') continue
      connection.age.sweep(sweepMs, connection.arrivedMs)
      // One that is connecting has done its part: it waits for this ensemble, which may be slow.
      if (connection.stage === 'fresh') this.#closeSessionless(connection)
      else if (connection.stage === 'open') this.#closeSilent(connection)
    }
  }

  #closeSessionless(connection: ClientConnection): void {
    const { config, metrics, limitLog } = this.#services
    if (connection.age.totalMs < config.sessionlessCnxnTimeoutMs) return
    metrics.sessionlessClosed++
    limitLog.info(
      'no handshake',
      () =>
        `closing ${connection.describe()}: it has brought no session for ${connection.age.totalMs} ms, ` +
        `nio.sessionlessCnxnTimeout is ${config.sessionlessCnxnTimeoutMs}. A probe should send a four-letter word.`,
    )
    connection.end()
  }

  /** The leader expires the session of who is silent, and the connection goes with it; this is for when it could not. */
  #closeSilent(connection: ClientConnection): void {
    const { silenceStepMs } = limits
    const allowedMs = Math.ceil(connection.timeoutMs / silenceStepMs) * silenceStepMs
    if (connection.age.silentMs > allowedMs && !connection.isPaused) connection.end()
  }
}
