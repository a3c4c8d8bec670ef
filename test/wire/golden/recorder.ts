import { connect, createServer, type Server, type Socket } from 'node:net'
import { FrameSplitter } from '../../../src/wire/frame-splitter.ts'
import { opCodeName, SpecialXid } from '../../../src/wire/opcodes.ts'
import type { RecordedFrame } from './recording.ts'

const frameBytesMax = 16 * 1024 * 1024

/** Stands between clients and a server, and writes down every frame that passes. */
export class Recorder {
  readonly frames: RecordedFrame[] = []
  scene = ''
  readonly #pairs = new Set<readonly [Socket, Socket]>()
  readonly #servers: Server[] = []
  #connections = 0
  #refusing = false

  /** Listens on one port, and passes on to another. */
  async listen(port: number, serverPort: number): Promise<void> {
    const server = createServer((client) => this.#accept(client, serverPort))
    this.#servers.push(server)
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  }

  /** Ends all connections, and accepts none. */
  cut(): void {
    this.#refusing = true
    for (const pair of this.#pairs) for (const socket of pair) socket.destroy()
  }

  resume(): void {
    this.#refusing = false
  }

  close(): void {
    this.cut()
    for (const server of this.#servers) server.close()
  }

  #accept(client: Socket, serverPort: number): void {
    if (this.#refusing) {
      client.destroy()
      return
    }
    this.#connections++
    const connection = this.#connections
    const server = connect(serverPort, '127.0.0.1')
    const pair = [client, server] as const
    this.#pairs.add(pair)
    const asked: { xid: number; name: string }[] = []
    let greeted = false
    let answered = false
    const note = (direction: 'request' | 'reply', name: string, frame: Buffer): void => {
      this.frames.push({ connection, direction, name, scene: this.scene, bytes: Buffer.from(frame) })
    }
    const requests = new FrameSplitter(frameBytesMax)
    client.on('data', (chunk) => {
      requests.push(chunk, (frame) => {
        const name = greeted ? opCodeName(frame.readInt32BE(4)).replace(' ', '-') : 'connect'
        if (greeted) asked.push({ xid: frame.readInt32BE(0), name })
        greeted = true
        note('request', name, frame)
      })
      server.write(chunk)
    })
    const replies = new FrameSplitter(frameBytesMax)
    server.on('data', (chunk) => {
      replies.push(chunk, (frame) => {
        const name = answered ? replyName(asked, frame.readInt32BE(0)) : 'connect'
        answered = true
        note('reply', name, frame)
      })
      client.write(chunk)
    })
    for (const [near, far] of [pair, [server, client] as const]) {
      near.on('error', () => {})
      near.on('end', () => far.end())
      near.on('close', () => {
        far.destroy()
        this.#pairs.delete(pair)
      })
    }
  }
}

/** The oldest request with this xid is the one that is answered. */
function replyName(asked: { xid: number; name: string }[], xid: number): string {
  if (xid === SpecialXid.notification) return 'event'
  const at = asked.findIndex((request) => request.xid === xid)
  const [request] = at < 0 ? [] : asked.splice(at, 1)
  if (request === undefined) throw new Error(`a reply with xid ${xid} to no request`)
  return request.name
}
