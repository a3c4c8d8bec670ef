import net from 'node:net'
import type { Address, Connection, ConnectionHandlers, Listener, Network } from './network.ts'

/** Above this much in this process, `write` returns false. */
const highWaterMarkBytes = 1024 * 1024

class NodeConnection implements Connection {
  readonly remote: Address
  readonly #socket: net.Socket
  #handlers: ConnectionHandlers | null = null
  #closed = false
  #corked = false
  #reason: Error | undefined

  constructor(socket: net.Socket) {
    this.#socket = socket
    this.remote = { host: socket.remoteAddress ?? '', port: socket.remotePort ?? 0 }
    socket.setNoDelay(true)
    socket.on('error', (error) => {
      this.#reason = error
    })
    socket.on('close', () => this.#onClosed())
  }

  get bufferedBytes(): number {
    return this.#socket.writableLength
  }

  get closed(): boolean {
    return this.#closed
  }

  setHandlers(handlers: ConnectionHandlers): void {
    const first = this.#handlers === null
    this.#handlers = handlers
    if (!first) return
    this.#socket.on('data', (bytes) => this.#handlers?.onData(bytes as Buffer))
    this.#socket.on('drain', () => this.#handlers?.onDrain?.())
    if (this.#socket.destroyed) setImmediate(() => this.#onClosed())
  }

  write(bytes: Uint8Array): boolean {
    if (this.#closed || this.#socket.writableEnded) return false
    // What one turn writes leaves in one system call.
    if (!this.#corked) {
      this.#corked = true
      this.#socket.cork()
      process.nextTick(() => {
        this.#corked = false
        this.#socket.uncork()
      })
    }
    return this.#socket.write(bytes)
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  end(): void {
    this.#socket.end()
  }

  destroy(): void {
    this.#socket.destroy()
  }

  #onClosed(): void {
    if (this.#closed) return
    this.#closed = true
    this.#handlers?.onClose(this.#reason)
  }
}

function socketOptions(): net.ServerOpts {
  // Half-open connections serve nobody here: the end of one direction is the end of the connection.
  return { allowHalfOpen: false, noDelay: true, highWaterMark: highWaterMarkBytes }
}

export const nodeNetwork: Network = {
  listen(address, onConnection): Promise<Listener> {
    return new Promise((resolve, reject) => {
      const server = net.createServer(socketOptions(), (socket) => onConnection(new NodeConnection(socket)))
      server.once('error', reject)
      server.listen({ host: address.host, port: address.port }, () => {
        server.off('error', reject)
        const bound = server.address()
        const port = typeof bound === 'object' && bound !== null ? bound.port : address.port
        resolve({
          address: { host: address.host, port },
          close: () => new Promise((closed) => server.close(() => closed())),
        })
      })
    })
  },

  connect(address, timeoutMs): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const socket = net.connect({
        host: address.host,
        port: address.port,
        noDelay: true,
        highWaterMark: highWaterMarkBytes,
      } as net.TcpNetConnectOpts)
      const timer = setTimeout(() => socket.destroy(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs)
      socket.once('error', (error) => {
        clearTimeout(timer)
        reject(error)
      })
      socket.once('connect', () => {
        clearTimeout(timer)
        socket.removeAllListeners('error')
        resolve(new NodeConnection(socket))
      })
    })
  },
}
