import { DecodeError } from './decode-error.ts'

const headerBytes = 4
const partialBytesInitial = 4096

/** A frame's length is zero, negative or above the limit. Nothing behind it can be made sense of: close. */
export class FrameError extends DecodeError {
  override name = 'FrameError'
  readonly found: number
  readonly frameBytesMax: number

  constructor(found: number, frameBytesMax: number) {
    super(`found a frame of ${found} bytes, expected 1 to ${frameBytesMax}`)
    this.found = found
    this.frameBytesMax = frameBytesMax
  }
}

/**
 * Cuts a byte stream into frames: a 32-bit length, then that many bytes. The length is checked before anything is
 * buffered, and what is buffered grows with what really came, so a peer cannot make us reserve what it only announced.
 */
export class FrameSplitter {
  readonly #frameBytesMax: number
  /** The beginning of a frame whose end has not come yet, length included. */
  #partial: Buffer = Buffer.alloc(0)
  #partialBytes = 0
  #stopped = false

  /** `frameBytesMax`: the longest payload to accept, 1 or more. */
  constructor(frameBytesMax: number) {
    this.#frameBytesMax = frameBytesMax
  }

  /** Bytes that wait for the rest of their frame. */
  get pendingBytes(): number {
    return this.#partialBytes
  }

  /**
   * Calls `onFrame` with the payload of every frame that is now whole, in order. The payload is a view, valid until
   * the call returns, unless the chunk's owner says more. Throws FrameError for an impossible length; frames before it
   * have been delivered.
   */
  push(chunk: Buffer, onFrame: (frame: Buffer) => void): void {
    this.pushRanges(chunk, (bytes, start, end) => onFrame(bytes.subarray(start, end)))
  }

  /** As `push`, telling where a frame stands: for many small ones, a view of each costs more than to read it. */
  pushRanges(chunk: Buffer, onFrame: (bytes: Buffer, start: number, end: number) => void): void {
    let at = this.#partialBytes > 0 ? this.#complete(chunk, onFrame) : 0
    while (!this.#stopped && chunk.length - at >= headerBytes) {
      const start = at + headerBytes
      const end = start + this.#checked(chunk.readInt32BE(at))
      if (end > chunk.length) break
      at = end
      onFrame(chunk, start, end)
    }
    if (!this.#stopped && at < chunk.length) this.#keep(chunk, at, chunk.length)
  }

  /** Delivers nothing more: for an owner that closes its connection while frames are being delivered. */
  stop(): void {
    this.#stopped = true
    this.#partial = Buffer.alloc(0)
    this.#partialBytes = 0
  }

  /** Feeds the kept beginning; returns how much of the chunk it took. */
  #complete(chunk: Buffer, onFrame: (bytes: Buffer, start: number, end: number) => void): number {
    let at = 0
    if (this.#partialBytes < headerBytes) {
      at = Math.min(headerBytes - this.#partialBytes, chunk.length)
      this.#keep(chunk, 0, at)
      if (this.#partialBytes < headerBytes) return at
    }
    const length = this.#checked(this.#partial.readInt32BE(0))
    const missing = headerBytes + length - this.#partialBytes
    const end = Math.min(at + missing, chunk.length)
    this.#keep(chunk, at, end)
    if (this.#partialBytes < headerBytes + length) return end
    const partial = this.#partial
    // The frame keeps the buffer; the next partial one gets its own.
    this.#partial = Buffer.alloc(0)
    this.#partialBytes = 0
    onFrame(partial, headerBytes, headerBytes + length)
    return end
  }

  #keep(chunk: Buffer, start: number, end: number): void {
    const needed = this.#partialBytes + end - start
    if (needed > this.#partial.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.#partial.length * 2, partialBytesInitial))
      this.#partial.copy(grown, 0, 0, this.#partialBytes)
      this.#partial = grown
    }
    chunk.copy(this.#partial, this.#partialBytes, start, end)
    this.#partialBytes = needed
  }

  #checked(length: number): number {
    if (length <= 0 || length > this.#frameBytesMax) throw new FrameError(length, this.#frameBytesMax)
    return length
  }
}
