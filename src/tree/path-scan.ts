import { finish, hashString, pathHashFactor, pathHashStart } from './digest.ts'

const slash = 0x2f

/** The bytes of the path of a node that is to be: their hash and that of the parent's path, in one pass. */
export class PathScan {
  bytes: Buffer = Buffer.alloc(0)
  start = 0
  end = 0
  hash = 0
  parentHash = 0
  parentEnd = 0
  /** Whether every byte is a character. */
  isAscii = true

  reset(bytes: Buffer, start: number, end: number): void {
    this.bytes = bytes
    this.start = start
    this.end = end
    let h = pathHashStart
    let parentHash = h
    let parentEnd = start
    let seen = 0
    for (let i = start; i < end; i++) {
      const byte = bytes[i] as number
      if (byte === slash) {
        parentHash = h
        parentEnd = i
      }
      seen |= byte
      h = Math.imul(h ^ byte, pathHashFactor)
    }
    this.isAscii = seen < 0x80
    if (!this.isAscii) {
      this.#resetText(bytes.toString('utf8', start, end))
      return
    }
    this.hash = finish(h ^ (end - start))
    // The root's own path is its slash.
    if (parentEnd === start) {
      parentHash = Math.imul(parentHash ^ slash, pathHashFactor)
      parentEnd = start + 1
    }
    this.parentHash = finish(parentHash ^ (parentEnd - start))
    this.parentEnd = parentEnd
  }

  /** Hashes are over the characters, so that they do not depend on how these were written. */
  #resetText(path: string): void {
    this.bytes = Buffer.from(path)
    this.start = 0
    this.end = this.bytes.length
    this.hash = hashString(path)
    const at = Math.max(path.lastIndexOf('/'), 1)
    this.parentHash = hashString(path.substring(0, at))
    this.parentEnd = Buffer.byteLength(path.substring(0, at))
  }
}
