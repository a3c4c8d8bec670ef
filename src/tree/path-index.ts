import { hashAscii } from './digest.ts'
import type { Znode } from './znode.ts'

const slotsMin = 1024
const slotsMax = 2 ** 20

/**
 * Finds nodes by the bytes of a path as they stand in a request, without making a string of them. It is a cache: each
 * slot holds the node that was last found there, and whoever is not found here is looked up by name. Only for paths of
 * ASCII characters; others are never found here.
 */
export class PathIndex {
  #slots: (Znode | null)[] = new Array<Znode | null>(slotsMin).fill(null)

  find(bytes: Buffer, start: number, end: number): Znode | undefined {
    const node = this.#slots[hashAscii(bytes, start, end) & (this.#slots.length - 1)] ?? null
    return node !== null && isPath(node.path, bytes, start, end) ? node : undefined
  }

  /** `nodeCount` decides about the size. */
  remember(node: Znode, nodeCount: number): void {
    if (nodeCount > this.#slots.length && this.#slots.length < slotsMax) {
      // What was remembered is found by name again.
      this.#slots = new Array<Znode | null>(this.#slots.length * 2).fill(null)
    }
    this.#slots[node.pathHash & (this.#slots.length - 1)] = node
  }

  forget(node: Znode): void {
    const slot = node.pathHash & (this.#slots.length - 1)
    if (this.#slots[slot] === node) this.#slots[slot] = null
  }

  clear(): void {
    this.#slots = new Array<Znode | null>(slotsMin).fill(null)
  }
}

function isPath(path: string, bytes: Buffer, start: number, end: number): boolean {
  if (path.length !== end - start) return false
  for (let i = 0; i < path.length; i++) {
    const byte = bytes[start + i] as number
    if (byte !== path.charCodeAt(i) || byte > 0x7f) return false
  }
  return true
}
