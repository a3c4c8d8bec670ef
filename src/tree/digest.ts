import { crc32 } from 'node:zlib'
import { copyWords } from '../runtime/copy-range.ts'

/** One round of MurmurHash3 (Austin Appleby, public domain): 32-bit integers only, so that it is cheap. */
export function mix(hash: number, value: number): number {
  let k = Math.imul(value, 0xcc9e2d51)
  k = (k << 15) | (k >>> 17)
  let h = hash ^ Math.imul(k, 0x1b873593)
  h = (h << 13) | (h >>> 19)
  return (Math.imul(h, 5) + 0xe6546b64) | 0
}

/** Mixes in a safe integer of up to 53 bits. */
export function mixLong(hash: number, value: number): number {
  return mix(mix(hash, value | 0), Math.floor(value / 2 ** 32) | 0)
}

/** Spreads every bit of the hash over all of it. */
export function finish(hash: number): number {
  let h = hash ^ (hash >>> 16)
  h = Math.imul(h, 0x85ebca6b)
  h ^= h >>> 13
  h = Math.imul(h, 0xc2b2ae35)
  return h ^ (h >>> 16)
}

/** FNV-1a (Fowler, Noll, Vo, public domain), before `finish`. */
export const pathHashStart = 0x811c9dc5 | 0
export const pathHashFactor = 0x01000193

/** Equal to `hashAscii` of the text's bytes, where they are ASCII. */
export function hashString(text: string): number {
  let h = pathHashStart
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), pathHashFactor)
  return finish(h ^ text.length)
}

export function hashAscii(bytes: Buffer, start: number, end: number): number {
  let h = pathHashStart
  for (let i = start; i < end; i++) h = Math.imul(h ^ (bytes[i] as number), pathHashFactor)
  return finish(h ^ (end - start))
}

/** Up to here a loop beats a call into the runtime. */
const shortBytesMax = 512

export function hashBytes(bytes: Buffer, start: number, end: number): number {
  return hashView(new DataView(bytes.buffer, bytes.byteOffset, bytes.length), start, end)
}

/** As `hashBytes`, where there is a view already. */
export function hashView(view: DataView, start: number, end: number): number {
  if (end - start > shortBytesMax)
    return crc32(new Uint8Array(view.buffer, view.byteOffset + start, end - start)) | 0
  let h = end - start
  let at = start
  for (; at + 4 <= end; at += 4) h = mix(h, view.getInt32(at, true))
  for (; at < end; at++) h = mix(h, view.getUint8(at))
  return finish(h)
}

/** Copies as `copyWords`, and returns `hashView` of it: while one word is mixed in, the processor copies others. */
export function copyHashed(
  source: DataView,
  start: number,
  end: number,
  target: DataView,
  at: number,
): number {
  if (end - start > shortBytesMax) {
    copyWords(source, start, end, target, at)
    return hashView(target, at, at + end - start)
  }
  let h = end - start
  let from = start
  let to = at
  for (; from + 4 <= end; from += 4, to += 4) {
    const word = source.getInt32(from, true)
    target.setInt32(to, word, true)
    h = mix(h, word)
  }
  for (; from < end; from++, to++) {
    const byte = source.getUint8(from)
    target.setUint8(to, byte)
    h = mix(h, byte)
  }
  return finish(h)
}

/**
 * The state's digest: two 32-bit sums over hashes of its parts. A sum does not depend on the order of the parts and is
 * kept up to date by taking a part's old hash out and putting the new one in.
 */
export class StateDigest {
  #a = 0
  #b = 0

  add(a: number, b: number): void {
    this.#a = (this.#a + a) | 0
    this.#b = (this.#b + b) | 0
  }

  subtract(a: number, b: number): void {
    this.#a = (this.#a - a) | 0
    this.#b = (this.#b - b) | 0
  }

  reset(): void {
    this.#a = 0
    this.#b = 0
  }

  /** Sixteen hexadecimal digits. */
  toString(): string {
    return hex(this.#a) + hex(this.#b)
  }
}

function hex(value: number): string {
  return (value >>> 0).toString(16).padStart(8, '0')
}
