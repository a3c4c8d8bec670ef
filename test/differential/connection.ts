import { connect, type Socket } from 'node:net'

/** A frame as it arrived, its length taken off. */
export type Frame = Buffer

/** One TCP connection that splits frames, and nothing else. */
export class Connection {
  closed = false
  #frames: Frame[] = []
  #received: Buffer = Buffer.alloc(0)
  #wake: () => void = () => {}
  readonly #socket: Socket

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.setNoDelay(true)
    socket.on('data', (chunk) => this.#onData(chunk))
    socket.on('error', () => {})
    socket.on('close', () => {
      this.closed = true
      this.#wake()
    })
  }

  static dial(port: number): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () => {
        socket.off('error', reject)
        resolve(new Connection(socket))
      })
      socket.once('error', reject)
    })
  }

  /** Once closed, nothing is written any more. */
  write(bytes: Buffer): void {
    if (!this.closed) this.#socket.write(bytes)
  }

  /** Waits until the frames received satisfy, or the connection is closed. False when neither came in time. */
  async until(satisfied: (frames: readonly Frame[]) => boolean, timeoutMs: number): Promise<boolean> {
    const endMs = performance.now() + timeoutMs
    while (!satisfied(this.#frames) && !this.closed) {
      const leftMs = endMs - performance.now()
      if (leftMs <= 0) return false
      await this.#change(leftMs)
    }
    return true
  }

  /** What arrived since the last time. */
  take(): Frame[] {
    const frames = this.#frames
    this.#frames = []
    return frames
  }

  hangUp(): void {
    this.closed = true
    this.#socket.destroy()
  }

  #change(withinMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, withinMs)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  #onData(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk])
    for (;;) {
      const whole = this.#received
      if (whole.length < 4) break
      const end = 4 + whole.readInt32BE()
      if (whole.length < end) break
      this.#frames.push(whole.subarray(4, end))
      this.#received = whole.subarray(end)
    }
    this.#wake()
  }
}
