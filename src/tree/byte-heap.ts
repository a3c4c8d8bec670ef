import { BrokenInvariant } from '../runtime/assert.ts'

/** Where a chunk stands: the number of its page, and its place there in units. 0 is none. */
export type ChunkAddress = number

const unitBytes = 16
const pageBytes = 256 * 1024
const unitBits = 14
const pagesMax = 2 ** 18
/** Larger chunks have a page of their own, as large as they are. */
const sharedBytesMax = 32 * 1024
/** Up to here the classes are one unit apart, above it an eighth of a power of two. */
const fineBytesMax = 1024
const fineClasses = fineBytesMax / unitBytes
const classCount = fineClasses + 41
const ownPage = -1

/** A piece of memory that holds chunks of one size. */
class Page {
  readonly number: number
  readonly bytes: Buffer
  readonly view: DataView
  readonly sizeClass: number
  readonly capacity: number
  used = 0
  /** Unit of the first chunk that was given back, plus one; each holds that of the next in its first bytes. 0 for none. */
  free = 0
  /** From this byte on, nothing was ever handed out. */
  fresh = 0
  /** Whether it stands among those of its class that have room. */
  listed = false

  constructor(number: number, size: number, sizeClass: number, capacity: number) {
    this.number = number
    // The system provides what is written to, and only then.
    this.bytes = Buffer.allocUnsafeSlow(size)
    this.view = new DataView(this.bytes.buffer)
    this.sizeClass = sizeClass
    this.capacity = capacity
  }

  get hasRoom(): boolean {
    return this.free !== 0 || this.fresh + this.capacity <= this.bytes.length
  }

  take(): number {
    this.used++
    if (this.free !== 0) {
      const at = (this.free - 1) * unitBytes
      this.free = (this.bytes[at] as number) | ((this.bytes[at + 1] as number) << 8)
      return at
    }
    const at = this.fresh
    this.fresh += this.capacity
    return at
  }

  give(at: number): void {
    this.used--
    this.bytes[at] = this.free
    this.bytes[at + 1] = this.free >>> 8
    this.free = at / unitBytes + 1
  }
}

/**
 * Memory for many small pieces of bytes, outside of what the garbage collector looks through: a million buffers would take
 * it longer than clients may wait, and each would cost as much again as its bytes. Chunks of about one size share pages,
 * so that what is given back fits the next one; a page whose chunks are all given back is let go.
 */
export class ByteHeap {
  /** Number 0 is never used, so that no address is 0. */
  readonly #pages: (Page | null)[] = [null]
  readonly #freeNumbers: number[] = []
  readonly #withRoom: Page[][] = Array.from({ length: classCount }, () => [])

  allocate(size: number): ChunkAddress {
    if (size > sharedBytesMax) return (this.#newPage(size, ownPage, size).number << unitBits) >>> 0
    const sizeClass = classOf(size)
    const pages = this.#withRoom[sizeClass] as Page[]
    let page = pages.at(-1)
    if (page === undefined) {
      page = this.#newPage(pageBytes, sizeClass, capacityOf(size))
      page.listed = true
      pages.push(page)
    }
    const at = page.take()
    if (!page.hasRoom) {
      page.listed = false
      pages.pop()
    }
    return ((page.number << unitBits) | (at / unitBytes)) >>> 0
  }

  release(address: ChunkAddress): void {
    const page = this.#page(address)
    if (page.sizeClass === ownPage) {
      this.#drop(page)
      return
    }
    page.give(this.offset(address))
    const pages = this.#withRoom[page.sizeClass] as Page[]
    if (!page.listed) {
      page.listed = true
      pages.push(page)
    } else if (page.used === 0 && pages.length > 1) {
      // Not the last one: a chunk that comes and goes would make and drop a page each time.
      pages.splice(pages.indexOf(page), 1)
      this.#drop(page)
    }
  }

  /** What the chunk stands in, from `offset` on. */
  bytes(address: ChunkAddress): Buffer {
    return this.#page(address).bytes
  }

  /** The same, to read words. */
  view(address: ChunkAddress): DataView {
    return this.#page(address).view
  }

  offset(address: ChunkAddress): number {
    return (address & ((1 << unitBits) - 1)) * unitBytes
  }

  /** How much the chunk may hold: as much as was asked for, or somewhat more. */
  capacity(address: ChunkAddress): number {
    return this.#page(address).capacity
  }

  /** Bytes of all pages. */
  get size(): number {
    let size = 0
    for (const page of this.#pages) size += page?.bytes.length ?? 0
    return size
  }

  #page(address: ChunkAddress): Page {
    return this.#pages[address >>> unitBits] as Page
  }

  #newPage(size: number, sizeClass: number, capacity: number): Page {
    const number = this.#freeNumbers.pop() ?? this.#pages.length
    if (number >= pagesMax) throw new BrokenInvariant('the tree holds more data than can be addressed')
    const page = new Page(number, size, sizeClass, capacity)
    this.#pages[number] = page
    return page
  }

  #drop(page: Page): void {
    this.#pages[page.number] = null
    this.#freeNumbers.push(page.number)
  }
}

/** Of sizes from 1 to `sharedBytesMax`. */
function classOf(size: number): number {
  if (size <= fineBytesMax) return (size + unitBytes - 1) >>> 4
  const shift = coarseShift(size)
  return fineClasses + (shift - 7) * 8 + ((size - 1) >>> shift) - 7
}

function capacityOf(size: number): number {
  if (size <= fineBytesMax) return (size + unitBytes - 1) & -unitBytes
  const shift = coarseShift(size)
  return (((size - 1) >>> shift) + 1) << shift
}

/** An eighth of the power of two below the size, as a shift. */
const coarseShift = (size: number): number => 28 - Math.clz32(size - 1)
