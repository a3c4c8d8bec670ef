/**
 * Views of buffers, to read words. Many records in a row stand in one buffer, and to make a view takes longer than to read what
 * a record holds.
 */
export class LastView {
  #bytes: Buffer
  #view: DataView

  constructor() {
    this.#bytes = Buffer.alloc(0)
    this.#view = viewOf(this.#bytes)
  }

  of(bytes: Buffer): DataView {
    if (bytes !== this.#bytes) {
      this.#bytes = bytes
      this.#view = viewOf(bytes)
    }
    return this.#view
  }
}

const viewOf = (bytes: Buffer): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
