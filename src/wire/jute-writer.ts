import { assert, BrokenInvariant } from '../runtime/assert.ts'
import { copyRange } from '../runtime/copy-range.ts'

const span32 = 2 ** 32
/** Up to here a loop over the characters beats a call into the runtime. */
const shortStringMax = 48

/**
 * Writes ZooKeeper's serialisation ("jute": big-endian, no tags, no padding) into one flat buffer that grows by itself.
 * Every method appends; those that return `this` can be chained.
 */
export class JuteWriter {
  #bytes: Buffer
  #length = 0

  constructor(initialBytes = 1024) {
    // Not from the shared pool: `take` hands the whole buffer over.
    this.#bytes = Buffer.allocUnsafeSlow(Math.max(initialBytes, 16))
  }

  /** The buffer that is written to, of which the first `length` bytes count. Another one after the next write, perhaps. */
  get bytes(): Buffer {
    return this.#bytes
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#length
  }

  /** The low 32 bits of `v`. */
  int(v: number): this {
    const at = this.#claim(4)
    const bytes = this.#bytes
    bytes[at] = v >>> 24
    bytes[at + 1] = v >>> 16
    bytes[at + 2] = v >>> 8
    bytes[at + 3] = v
    return this
  }

  /** A 64-bit integer; `v` is a safe integer of either sign. */
  long(v: number): this {
    // Not `assert`: its message would be a closure on the hottest path there is.
    if (!Number.isSafeInteger(v)) throw new BrokenInvariant(`${v} is not an exact integer`)
    const at = this.#claim(8)
    const bytes = this.#bytes
    const high = Math.floor(v / span32)
    bytes[at] = high >>> 24
    bytes[at + 1] = high >>> 16
    bytes[at + 2] = high >>> 8
    bytes[at + 3] = high
    // `>>>` takes the value modulo 2^32, for negative numbers too: two's complement.
    const low = v >>> 0
    bytes[at + 4] = low >>> 24
    bytes[at + 5] = low >>> 16
    bytes[at + 6] = low >>> 8
    bytes[at + 7] = low
    return this
  }

  /** A 64-bit integer that may use all 64 bits; higher ones are cut off. */
  bigint(v: bigint): this {
    const at = this.#claim(8)
    this.#bytes.writeBigInt64BE(BigInt.asIntN(64, v), at)
    return this
  }

  bool(v: boolean): this {
    const at = this.#claim(1)
    this.#bytes[at] = v ? 1 : 0
    return this
  }

  /** Length and bytes; null and empty differ. */
  buffer(v: Uint8Array | null): this {
    if (v === null) return this.int(-1)
    this.int(v.length)
    return this.raw(v)
  }

  /** Byte length and UTF-8. Lone surrogates become U+FFFD. */
  string(v: string | null): this {
    if (v === null) return this.int(-1)
    const count = v.length
    // A UTF-16 unit takes at most three bytes.
    const at = this.#claim(4 + count * 3)
    const bytes = this.#bytes
    let written = 0
    if (count <= shortStringMax) {
      while (written < count) {
        const unit = v.charCodeAt(written)
        if (unit > 0x7f) break
        bytes[at + 4 + written++] = unit
      }
    }
    if (written < count) written = bytes.write(v, at + 4, 'utf8')
    bytes[at] = written >>> 24
    bytes[at + 1] = written >>> 16
    bytes[at + 2] = written >>> 8
    bytes[at + 3] = written
    this.#length = at + 4 + written
    return this
  }

  /** The bytes alone, without a length. */
  raw(v: Uint8Array): this {
    const at = this.#claim(v.length)
    this.#bytes.set(v, at)
    return this
  }

  /** As `raw`, for part of a buffer, without making a view of it. */
  rawRange(source: Buffer, start: number, end: number): this {
    const count = end - start
    const at = this.#claim(count)
    copyRange(source, start, end, this.#bytes, at)
    return this
  }

  /** Reserves the four bytes of a frame's length; give the returned mark to `endFrame`. */
  beginFrame(): number {
    return this.#claim(4)
  }

  /** Makes everything written since `beginFrame` the frame's payload. */
  endFrame(mark: number): void {
    this.patchInt(mark, this.#length - mark - 4)
  }

  /** Overwrites four bytes that were written before. */
  patchInt(at: number, v: number): void {
    if (at < 0 || at + 4 > this.#length) throw new BrokenInvariant(`patch at ${at} of ${this.#length} bytes`)
    const bytes = this.#bytes
    bytes[at] = v >>> 24
    bytes[at + 1] = v >>> 16
    bytes[at + 2] = v >>> 8
    bytes[at + 3] = v
  }

  /** Forgets everything behind the first `length` bytes. */
  truncate(length: number): void {
    assert(length >= 0 && length <= this.#length, () => `truncate ${this.#length} bytes to ${length}`)
    this.#length = length
  }

  /** What was written, without a copy. Valid until the next write. */
  view(): Buffer {
    return this.#bytes.subarray(0, this.#length)
  }

  /** Hands the written bytes over for good; the writer goes on empty, with a fresh buffer. */
  take(): Buffer {
    const taken = this.#bytes.subarray(0, this.#length)
    this.#bytes = Buffer.allocUnsafeSlow(this.#bytes.length)
    this.#length = 0
    return taken
  }

  /** Starts again from nothing, in the same buffer. */
  reset(): void {
    this.#length = 0
  }

  #claim(count: number): number {
    const at = this.#length
    const end = at + count
    if (end > this.#bytes.length) this.#grow(end)
    this.#length = end
    return at
  }

  #grow(bytesMin: number): void {
    let size = this.#bytes.length
    while (size < bytesMin) size *= 2
    const grown = Buffer.allocUnsafeSlow(size)
    this.#bytes.copy(grown, 0, 0, this.#length)
    this.#bytes = grown
  }
}
