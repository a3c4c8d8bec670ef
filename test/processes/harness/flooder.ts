import { connect, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import { connectFrame, frame, int, text } from './raw-client.ts'

const opcode = { get: 4, set: 5, getChildren: 8, multi: 14 } as const
const anyVersion = int(-1)
const notWatched = Buffer.from([0])

/** A client that sends the same requests over and over, as fast as the server takes them, and looks at no answer. */
export class Flooder {
  readonly #socket: Socket
  closed = false
  receivedBytes = 0

  constructor(port: number, requests: Buffer) {
    const socket = connect(port, '127.0.0.1')
    this.#socket = socket
    onTestFinished(() => {
      socket.destroy()
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      this.closed = true
    })
    socket.on('data', (bytes) => {
      this.receivedBytes += bytes.length
    })
    socket.write(connectFrame(30_000))
    const pour = (): void => {
      while (!this.closed && socket.write(requests));
    }
    socket.on('drain', pour)
    pour()
  }

  stop(): void {
    this.#socket.destroy()
  }
}

export const floods = {
  gets: (path: string) => repeated(1000, frame(int(1), int(opcode.get), text(path), notWatched)),
  sets: (path: string, data: string, count: number) =>
    repeated(count, frame(int(1), int(opcode.set), text(path), text(data), anyVersion)),
  getsOfChildren: (path: string) =>
    repeated(10, frame(int(1), int(opcode.getChildren), text(path), notWatched)),
  /** One transaction of so many sets. */
  multi: (path: string, count: number) => {
    const set = Buffer.concat([
      int(opcode.set),
      Buffer.from([0]),
      anyVersion,
      text(path),
      text('m'),
      anyVersion,
    ])
    const end = Buffer.concat([int(-1), Buffer.from([1]), int(-1)])
    return frame(int(1), int(opcode.multi), repeated(count, set), end)
  },
}

function repeated(count: number, bytes: Buffer): Buffer {
  return Buffer.concat(Array.from({ length: count }, () => bytes))
}
