/** Longer lines are cut, so that a child that never ends its line cannot fill the memory. */
const lineBytesMax = 64 * 1024

/** Turns output as it comes, in any pieces, into whole lines. */
export class LineSplitter {
  readonly #onLine: (line: string) => void
  #rest: Buffer = Buffer.alloc(0)

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine
  }

  push(bytes: Buffer): void {
    let from = 0
    for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, from)) {
      this.#emit(bytes.subarray(from, at))
      from = at + 1
    }
    this.#rest = Buffer.concat([this.#rest, bytes.subarray(from)])
    if (this.#rest.length > lineBytesMax) this.end()
  }

  /** What stands behind the last line break, if anything. */
  end(): void {
    if (this.#rest.length > 0) this.#emit(Buffer.alloc(0))
  }

  #emit(last: Buffer): void {
    // Joined as bytes: a piece may end in the middle of a character.
    const line = this.#rest.length === 0 ? last : Buffer.concat([this.#rest, last])
    this.#rest = Buffer.alloc(0)
    this.#onLine(line.toString('utf8').replace(/\r$/, ''))
  }
}
