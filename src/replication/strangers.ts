import type { Connection } from '../runtime/network.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { handshakeTimeoutMs, strangersMax } from './limits.ts'
import { closedByOtherSide, NetworkLink } from './link.ts'
import type { Hello, ReplicationMessage } from './messages.ts'

/**
 * Connections that were taken on a peer or leader port and have not said who they are. They get little room, little time,
 * and nothing but a hello is understood from them.
 */
export class Strangers {
  readonly #runtime: Runtime
  readonly #onHello: (link: NetworkLink, hello: Hello) => void
  readonly #links = new Set<NetworkLink>()
  #refused = 0

  /** `onHello` admits the link or closes it. */
  constructor(runtime: Runtime, onHello: (link: NetworkLink, hello: Hello) => void) {
    this.#runtime = runtime
    this.#onHello = onHello
  }

  /** How many were closed because they were too many, too slow, or did not speak this protocol. */
  get refused(): number {
    return this.#refused
  }

  take(connection: Connection): void {
    if (this.#links.size >= strangersMax) {
      this.#refused++
      connection.setHandlers({ onData: () => {}, onClose: () => {} })
      connection.destroy()
      return
    }
    let known = false
    const { clock, timers, log } = this.#runtime
    const timer = timers.after(handshakeTimeoutMs, () => link.close('it did not say who it is in time'))
    const link = new NetworkLink(connection, () => clock.monotonicMs(), {
      onMessage: (message: ReplicationMessage) => {
        if (message.type !== 'hello') {
          link.close(`it began with ${message.type} instead of hello`)
          return
        }
        known = true
        timer.cancel()
        this.#links.delete(link)
        this.#onHello(link, message)
      },
      onClose: (reason) => {
        timer.cancel()
        this.#links.delete(link)
        if (known) return
        this.#refused++
        // One that goes by itself, as a server does that starts anew, is nothing to worry about.
        const level = reason === closedByOtherSide ? 'debug' : 'warn'
        log[level]('dropped a connection', { from: connection.remote.host, reason })
      },
    })
    this.#links.add(link)
  }

  closeAll(): void {
    for (const link of [...this.#links]) link.close('this server stops')
  }
}
