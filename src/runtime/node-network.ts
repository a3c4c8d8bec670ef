import { createServer, connect as netConnect, type Server, type Socket } from 'node:net'
import { CodedError } from './coded-error.ts'
import type { Log } from './log.ts'
import type { Address, Connection, Listener, Network } from './network.ts'
import { NodeConnection } from './node-connection.ts'
import type { TurnEnd } from './turn-end.ts'

/** Connections that the system may hold ready before they are taken; the kernel caps it at its own limit. */
const backlogConnections = 1024

/** See NodeConnection: it ends a socket itself, after what waits for the end of the turn. */
const socketOptions = { noDelay: true, allowHalfOpen: true }

/** TCP of this machine. */
export class NodeNetwork implements Network {
  readonly #turnEnd: TurnEnd
  readonly #log: Log

  constructor(turnEnd: TurnEnd, log: Log) {
    this.#turnEnd = turnEnd
    this.#log = log
  }

  listen(address: Address, onConnection: (connection: Connection) => void): Promise<Listener> {
    return new Promise((resolve, reject) => {
      if (address.host === '') {
        // Node would bind every interface.
        reject(new CodedError('EINVAL', `cannot listen on port ${address.port}: the host is empty`))
        return
      }
      const server = createServer({ ...socketOptions, pauseOnConnect: true }, (socket) => {
        onConnection(new NodeConnection(socket, remoteOf(socket), this.#turnEnd))
      })
      server.once('error', reject)
      // As in ZooKeeper this stands for every address, also those of IPv6. Without a host, Node takes what the machine has.
      const host = address.host === '0.0.0.0' ? {} : { host: address.host }
      server.listen({ ...host, port: address.port, backlog: backlogConnections, exclusive: true }, () => {
        server.off('error', reject)
        // Failing to take one connection (out of file handles) must not stop the program.
        server.on('error', (error) => this.#log.warn('could not take a connection', { error: error.message }))
        resolve(new NodeListener(server, address.host))
      })
    })
  }

  connect(address: Address, timeoutMs: number): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const socket = netConnect({ ...socketOptions, host: address.host, port: address.port })
      const fail = (error: Error): void => {
        clearTimeout(timeout)
        socket.destroy()
        reject(error)
      }
      const timeout = setTimeout(() => {
        const where = `${address.host}:${address.port}`
        fail(new CodedError('ETIMEDOUT', `connecting to ${where} took more than ${timeoutMs} ms`))
      }, timeoutMs)
      socket.once('error', fail)
      socket.once('connect', () => {
        clearTimeout(timeout)
        socket.off('error', fail)
        resolve(new NodeConnection(socket, address, this.#turnEnd))
      })
    })
  }
}

class NodeListener implements Listener {
  readonly address: Address
  readonly #server: Server

  constructor(server: Server, host: string) {
    const bound = server.address()
    this.#server = server
    this.address = { host, port: typeof bound === 'object' && bound !== null ? bound.port : 0 }
  }

  close(): Promise<void> {
    // Not waiting for Node's own callback: it comes only when the last taken connection has gone as well. The port itself
    // is free as soon as close() returns.
    this.#server.close()
    return new Promise((resolve) => setImmediate(resolve))
  }
}

function remoteOf(socket: Socket): Address {
  const host = socket.remoteAddress ?? ''
  return { host: host.startsWith('::ffff:') ? host.slice(7) : host, port: socket.remotePort ?? 0 }
}
