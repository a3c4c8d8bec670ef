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
    this.#sweeper = this.#runtime.timers.every(limits.sweepMs, () => this.#sweep())
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
    const { config, metrics, log } = this.#services
    const connection = new ClientConnection(socket, this.#services)
    socket.setHandlers(connection)
    const host = connection.remoteHost
    const count = this.#countOf.get(host) ?? 0
    if (this.#stopped || (config.maxClientCnxns > 0 && count >= config.maxClientCnxns)) {
      metrics.connectionsRejected++
      if (!this.#stopped) {
        log.warn(
          `refused a connection from ${host}: it has ${count} already, maxClientCnxns is ${config.maxClientCnxns}. ` +
            'Share connections in the client, or raise maxClientCnxns.',
        )
      }
      connection.destroy()
      return
    }
    metrics.connectionsAccepted++
    this.#connections.add(connection)
    this.#countOf.set(host, count + 1)
  }

  #sweep(): void {
    const nowMs = this.#runtime.clock.monotonicMs()
    for (const connection of [...this.#connections]) {
      if (connection.sessionId !== 0 || connection.stage === 'closed') continue
      if (nowMs - connection.openedAtMs < limits.sessionlessMs) continue
      this.#services.metrics.sessionlessClosed++
      connection.end()
    }
  }
}
