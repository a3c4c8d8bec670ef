import type { Zxid } from './zxid.ts'

/** Something that proposals in flight have changed. */
export interface Touched {
  /** The newest proposal that touched it. */
  lastZxid: Zxid
}

const compactAt = 1024

/**
 * First in, first out: which proposal touched what. When a proposal is applied, what no later one touched is let go, so
 * each proposal costs what it touched and nothing else.
 */
export class TouchQueue<T extends Touched> {
  #items: T[] = []
  #zxids: Zxid[] = []
  #head = 0

  /** What `rollback` goes back to. */
  get mark(): number {
    return this.#items.length
  }

  get size(): number {
    return this.#items.length - this.#head
  }

  push(item: T, zxid: Zxid): void {
    item.lastZxid = zxid
    this.#items.push(item)
    this.#zxids.push(zxid)
  }

  /** Forgets what was pushed since `mark` was read; nothing may have been dropped in between. */
  rollback(mark: number): void {
    this.#items.length = mark
    this.#zxids.length = mark
  }

  /** Lets everything go that only proposals up to `zxid` touched. */
  dropThrough(zxid: Zxid, letGo: (item: T) => void): void {
    while (this.#head < this.#items.length && (this.#zxids[this.#head] as Zxid) <= zxid) {
      const item = this.#items[this.#head] as T
      if (item.lastZxid === this.#zxids[this.#head]) letGo(item)
      this.#head++
    }
    if (this.#head === this.#items.length) {
      this.#items.length = 0
      this.#zxids.length = 0
      this.#head = 0
    } else if (this.#head >= compactAt && this.#head * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#head)
      this.#zxids = this.#zxids.slice(this.#head)
      this.#head = 0
    }
  }
}
