import { DecodeError } from './decode-error.ts'

const span32 = 2 ** 32
const noBytes = Buffer.alloc(0)

/** Node's own decoder without the encoding look-up: strings are read for every request. */
interface Utf8Source {
  utf8Slice(start: number, end: number): string
}

/** The 64-bit integer at `at`, where there are eight bytes: exact within 53 bits, else rounded. */
export function longAt(bytes: Buffer, at: number): number {
  const high =
    ((bytes[at] as number) << 24) |
    ((bytes[at + 1] as number) << 16) |
    ((bytes[at + 2] as number) << 8) |
    (bytes[at + 3] as number)
  const low =
    ((bytes[at + 4] as number) << 24) |
    ((bytes[at + 5] as number) << 16) |
    ((bytes[at + 6] as number) << 8) |
    (bytes[at + 7] as number)
  return high * span32 + (low >>> 0)
}

/**
 * Reads ZooKeeper's serialisation from one contiguous range. Every read is checked against the end of the range; bad
 * input throws a DecodeError and nothing else.
 */
export class JuteReader {
  #bytes: Buffer
  #position: number
  #end: number

  constructor(bytes: Buffer = noBytes, start = 0, end = bytes.length) {
    this.#bytes = bytes
    this.#position = start
    this.#end = end
  }

  /** Goes on with other bytes. */
  reset(bytes: Buffer, start = 0, end = bytes.length): this {
    this.#bytes = bytes
    this.#position = start
    this.#end = end
    return this
  }

  /** Where the next read starts, in `bytes`. */
  get position(): number {
    return this.#position
  }

  /** Bytes left. */
  get remaining(): number {
    return this.#end - this.#position
  }

  get bytes(): Buffer {
    return this.#bytes
  }

  int(): number {
    const at = this.#take(4)
    const bytes = this.#bytes
    return (
      ((bytes[at] as number) << 24) |
      ((bytes[at + 1] as number) << 16) |
      ((bytes[at + 2] as number) << 8) |
      (bytes[at + 3] as number)
    )
  }

  /** A 64-bit integer: exact within 53 bits, else rounded. */
  long(): number {
    return longAt(this.#bytes, this.#take(8))
  }

  bigint(): bigint {
    return this.#bytes.readBigInt64BE(this.#take(8))
  }

  /** Any byte but zero is true. */
  bool(): boolean {
    return this.#bytes[this.#take(1)] !== 0
  }

  /** A VIEW of the bytes; who keeps it must copy. */
  buffer(): Buffer | null {
    const count = this.lengthPrefix()
    if (count < 0) return null
    const at = this.#take(count)
    return this.#bytes.subarray(at, at + count)
  }

  /** Bytes that are not UTF-8 become U+FFFD, as in ZooKeeper. */
  string(): string | null {
    const count = this.lengthPrefix()
    if (count < 0) return null
    const at = this.#take(count)
    return (this.#bytes as unknown as Utf8Source).utf8Slice(at, at + count)
  }

  /** A string that must not be null. */
  text(): string {
    const value = this.string()
    if (value === null) throw new DecodeError('found a null string, expected text')
    return value
  }

  vector<T>(read: (reader: JuteReader) => T): T[] | null {
    const count = this.vectorLength()
    if (count < 0) return null
    const items: T[] = []
    for (let i = 0; i < count; i++) items.push(read(this))
    return items
  }

  /**
   * The element count of a vector; -1 stands for null. Every element takes at least one byte, so a count above the
   * bytes left is refused before anything is made for it.
   */
  vectorLength(): number {
    return this.lengthPrefix()
  }

  /** The length of a string or buffer, checked against the bytes left; -1 stands for null. */
  lengthPrefix(): number {
    const count = this.int()
    if (count < -1 || count > this.#end - this.#position) {
      throw new DecodeError(`found length ${count}, expected -1 to ${this.#end - this.#position}`)
    }
    return count
  }

  skip(count: number): void {
    this.#take(count)
  }

  #take(count: number): number {
    const at = this.#position
    const next = at + count
    if (next > this.#end) {
      throw new DecodeError(`found ${this.#end - at} bytes, expected at least ${count}`)
    }
    this.#position = next
    return at
  }
}
