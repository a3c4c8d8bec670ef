/** A file's content: grows, can be written anywhere, and holes read as zeros. */
export class DiskBytes {
  /** The lowest position that was written since somebody who follows the writes has set this to infinity. */
  writtenFrom = Number.POSITIVE_INFINITY
  #bytes = Buffer.alloc(0)
  #length = 0

  get length(): number {
    return this.#length
  }

  write(position: number, piece: Uint8Array): void {
    const end = position + piece.length
    this.#reserve(end)
    this.#noteWrite(Math.min(position, this.#length))
    if (position > this.#length) this.#bytes.fill(0, this.#length, position)
    this.#bytes.set(piece, position)
    this.#length = Math.max(this.#length, end)
  }

  truncate(size: number): void {
    this.#reserve(size)
    this.#noteWrite(Math.min(size, this.#length))
    if (size > this.#length) this.#bytes.fill(0, this.#length, size)
    this.#length = size
  }

  /** A copy, in `lent` where that is long enough; shorter at the end of the content. */
  read(position: number, length: number, lent?: Buffer): Buffer {
    const found = this.#bytes.subarray(
      position,
      Math.max(position, Math.min(this.#length, position + length)),
    )
    if (lent === undefined || lent.length < length) return Buffer.from(found)
    found.copy(lent)
    return lent.subarray(0, found.length)
  }

  /** Not a copy: valid until the next change. */
  view(): Buffer {
    return this.#bytes.subarray(0, this.#length)
  }

  become(other: DiskBytes): void {
    this.truncate(0)
    this.write(0, other.#bytes.subarray(0, other.#length))
  }

  flipBit(position: number, bit: number): void {
    if (position < this.#length) this.#bytes[position] = (this.#bytes[position] ?? 0) ^ (1 << bit)
  }

  #noteWrite(from: number): void {
    if (from < this.writtenFrom) this.writtenFrom = from
  }

  #reserve(bytes: number): void {
    if (bytes <= this.#bytes.length) return
    const larger = Buffer.alloc(Math.max(bytes, this.#bytes.length * 2, 256))
    larger.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = larger
  }
}
