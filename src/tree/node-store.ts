import { BrokenInvariant } from '../runtime/assert.ts'
import { copyRange, copyWords } from '../runtime/copy-range.ts'
import { LastView } from '../runtime/last-view.ts'
import type { JuteWriter } from '../wire/jute-writer.ts'
import { ByteHeap, type ChunkAddress } from './byte-heap.ts'
import { copyHashed, hashView } from './digest.ts'
import { Field, Flag, NodeTable } from './node-table.ts'
import type { Znode } from './znode.ts'

/** Node's own decoders without the encoding look-up. */
interface Decoder {
  latin1Slice(start: number, end: number): string
  utf8Slice(start: number, end: number): string
}

/** Where path and data of a node stood when they were kept. */
export interface KeptContent {
  readonly node: Znode
  readonly chunk: ChunkAddress
  readonly pathLength: number
  /** -1 for null. */
  readonly dataLength: number
}

/** So much of a path is compared before the runtime is called for the rest. */
const tailBytes = 256

/** What nodes are made of: a record each, and a chunk with the path and behind it the data. */
export class NodeStore {
  readonly records = new NodeTable()
  readonly #heap = new ByteHeap()
  readonly #paths = new LastView()
  readonly #sources = new LastView()
  /** What the data of the node that was added last add to the digest, as `hashData` tells. */
  addedHash = 0

  /** A new record with this path and these data, which are copied; a length of -1 stands for null. */
  add(
    path: Buffer,
    start: number,
    end: number,
    isAscii: boolean,
    source: Buffer,
    dataAt: number,
    dataLength: number,
  ): Znode {
    const { records } = this
    const heap = this.#heap
    const pathLength = end - start
    const bytes = Math.max(dataLength, 0)
    const address = heap.allocate(pathLength + bytes)
    const target = heap.view(address)
    const at = heap.offset(address)
    copyWords(this.#paths.of(path), start, end, target, at)
    const hash = copyHashed(this.#sources.of(source), dataAt, dataAt + bytes, target, at + pathLength)
    this.addedHash = dataLength < 0 ? -1 : hash
    const node = records.allocate()
    const view = records.view(node)
    const record = records.at(node)
    view.setInt32(record + Field.dataLength, bytes)
    view.setInt32(record + Field.chunk, address)
    view.setInt32(record + Field.pathLength, pathLength)
    view.setInt32(record + Field.flags, (isAscii ? Flag.asciiPath : 0) | (dataLength < 0 ? Flag.noData : 0))
    return node
  }

  remove(node: Znode): void {
    if (!this.#isKept(node)) this.#heap.release(this.#chunk(node))
    this.records.release(node)
  }

  /** Bytes of path and data. */
  contentLength(node: Znode): number {
    return this.records.int(node, Field.pathLength) + this.records.int(node, Field.dataLength)
  }

  /**
   * Path and data stay as they are, whatever becomes of the node, until they are given back: the next data get another chunk.
   * Nothing is copied. A node's content is kept once at a time.
   */
  keep(node: Znode): KeptContent {
    const { records } = this
    if (!records.setFlag(node, Flag.chunkKept)) throw new BrokenInvariant(`${this.path(node)} is kept twice`)
    const hasData = (records.int(node, Field.flags) & Flag.noData) === 0
    return {
      node,
      chunk: this.#chunk(node),
      pathLength: records.int(node, Field.pathLength),
      dataLength: hasData ? records.int(node, Field.dataLength) : -1,
    }
  }

  /** As `writePath` and then `writeData` would have, when it was kept. */
  writeKept(kept: KeptContent, writer: JuteWriter): void {
    const bytes = this.#heap.bytes(kept.chunk)
    const start = this.#heap.offset(kept.chunk)
    const dataAt = start + kept.pathLength
    writer.int(kept.pathLength).rawRange(bytes, start, dataAt).int(kept.dataLength)
    if (kept.dataLength > 0) writer.rawRange(bytes, dataAt, dataAt + kept.dataLength)
  }

  /** Gives the chunk back, unless the node still has it. */
  giveBack(kept: KeptContent): void {
    // A node that has taken over the record has another chunk: this one was never free.
    if (this.#chunk(kept.node) === kept.chunk) this.records.clearFlag(kept.node, Flag.chunkKept)
    else this.#heap.release(kept.chunk)
  }

  path(node: Znode): string {
    const address = this.#chunk(node)
    const start = this.#heap.offset(address)
    const end = start + this.records.int(node, Field.pathLength)
    const bytes = this.#heap.bytes(address) as unknown as Decoder
    return this.#isAscii(node) ? bytes.latin1Slice(start, end) : bytes.utf8Slice(start, end)
  }

  /** Length of the path as ZooKeeper counts it. */
  pathCharacters(node: Znode): number {
    return this.#isAscii(node) ? this.records.int(node, Field.pathLength) : this.path(node).length
  }

  /** The path and, in front of it, its length. */
  writePath(node: Znode, writer: JuteWriter): void {
    const address = this.#chunk(node)
    const start = this.#heap.offset(address)
    const length = this.records.int(node, Field.pathLength)
    writer.int(length).rawRange(this.#heap.bytes(address), start, start + length)
  }

  /** As `writePath`, of the last component. */
  writeName(node: Znode, parent: Znode, writer: JuteWriter): void {
    const address = this.#chunk(node)
    const start = this.#heap.offset(address)
    const end = start + this.records.int(node, Field.pathLength)
    const nameStart = start + this.#nameAt(parent)
    writer.int(end - nameStart).rawRange(this.#heap.bytes(address), nameStart, end)
  }

  name(node: Znode, parent: Znode): string {
    const address = this.#chunk(node)
    const start = this.#heap.offset(address)
    const end = start + this.records.int(node, Field.pathLength)
    return (this.#heap.bytes(address) as unknown as Decoder).utf8Slice(start + this.#nameAt(parent), end)
  }

  hasPath(node: Znode, path: Buffer, start: number, end: number): boolean {
    if (this.records.int(node, Field.pathLength) !== end - start) return false
    const address = this.#chunk(node)
    const bytes = this.#heap.bytes(address)
    const shift = this.#heap.offset(address) - start
    // From the end: siblings differ there.
    const tail = Math.max(end - tailBytes, start)
    for (let i = end - 1; i >= tail; i--) if (path[i] !== bytes[i + shift]) return false
    // Paths may be as long as a request, and a client may choose many that differ at the beginning only, and hash alike.
    return tail === start || bytes.compare(path, start, tail, start + shift, tail + shift) === 0
  }

  haveSamePath(a: Znode, b: Znode): boolean {
    const start = this.pathAt(b)
    return this.hasPath(a, this.pathBytes(b), start, start + this.records.int(b, Field.pathLength))
  }

  /** Whether the first `length` bytes of the node's path are the path of `above`. */
  isPathAbove(above: Znode, node: Znode, length: number): boolean {
    const start = this.pathAt(node)
    return this.hasPath(above, this.pathBytes(node), start, start + length)
  }

  /** What the path stands in, from `pathAt` on. */
  pathBytes(node: Znode): Buffer {
    return this.#heap.bytes(this.#chunk(node))
  }

  pathAt(node: Znode): number {
    return this.#heap.offset(this.#chunk(node))
  }

  hasPathText(node: Znode, path: string): boolean {
    if (!this.#isAscii(node)) return this.path(node) === path
    if (this.records.int(node, Field.pathLength) !== path.length) return false
    const address = this.#chunk(node)
    const bytes = this.#heap.bytes(address)
    const start = this.#heap.offset(address)
    for (let i = path.length - 1; i >= 0; i--) if (path.charCodeAt(i) !== bytes[start + i]) return false
    return true
  }

  /** A VIEW: write it out or copy it at once, the next change may overwrite it. */
  data(node: Znode): Buffer | null {
    if ((this.records.int(node, Field.flags) & Flag.noData) !== 0) return null
    const start = this.#dataAt(node)
    return this.#heap
      .bytes(this.#chunk(node))
      .subarray(start, start + this.records.int(node, Field.dataLength))
  }

  /** The data and, in front of them, their length. */
  writeData(node: Znode, writer: JuteWriter): void {
    if ((this.records.int(node, Field.flags) & Flag.noData) !== 0) {
      writer.int(-1)
      return
    }
    const length = this.records.int(node, Field.dataLength)
    const start = this.#dataAt(node)
    writer.int(length).rawRange(this.#heap.bytes(this.#chunk(node)), start, start + length)
  }

  /** What the data add to the digest. */
  hashData(node: Znode): number {
    const { records } = this
    if ((records.int(node, Field.flags) & Flag.noData) !== 0) return -1
    const start = this.#dataAt(node)
    const view = this.#heap.view(this.#chunk(node))
    return hashView(view, start, start + records.int(node, Field.dataLength))
  }

  /** Copies the data from `source`; a length of -1 stands for null. */
  setData(node: Znode, source: Buffer, at: number, length: number): void {
    const { records } = this
    const flags = records.int(node, Field.flags)
    const bytes = Math.max(length, 0)
    records.setInt(node, Field.flags, length < 0 ? flags | Flag.noData : flags & ~Flag.noData)
    if (this.#isKept(node)) this.#move(node, bytes)
    else if (records.int(node, Field.dataLength) !== bytes) this.#makeRoom(node, bytes)
    records.setInt(node, Field.dataLength, bytes)
    copyRange(source, at, at + bytes, this.#heap.bytes(this.#chunk(node)), this.#dataAt(node))
  }

  /** Moves to another chunk where this one is too small, or more than twice as large as it need be. */
  #makeRoom(node: Znode, dataLength: number): void {
    const before = this.#chunk(node)
    const needed = this.records.int(node, Field.pathLength) + dataLength
    const capacity = this.#heap.capacity(before)
    if (needed <= capacity && needed * 2 >= capacity) return
    this.#move(node, dataLength)
    this.#heap.release(before)
  }

  /** To another chunk, with the path, and with room for so many data. Who calls it sees to the chunk before. */
  #move(node: Znode, dataLength: number): void {
    const { records } = this
    const heap = this.#heap
    const before = this.#chunk(node)
    const pathLength = records.int(node, Field.pathLength)
    const address = heap.allocate(pathLength + dataLength)
    const start = heap.offset(before)
    copyRange(heap.bytes(before), start, start + pathLength, heap.bytes(address), heap.offset(address))
    records.setInt(node, Field.chunk, address)
    records.clearFlag(node, Flag.chunkKept)
  }

  #isKept(node: Znode): boolean {
    return (this.records.int(node, Field.flags) & Flag.chunkKept) !== 0
  }

  #chunk(node: Znode): number {
    return this.records.int(node, Field.chunk) >>> 0
  }

  #dataAt(node: Znode): number {
    return this.#heap.offset(this.#chunk(node)) + this.records.int(node, Field.pathLength)
  }

  /** Where the names of its children begin in their paths: the root's own path ends with the slash. */
  #nameAt(parent: Znode): number {
    const length = this.records.int(parent, Field.pathLength)
    return length === 1 ? 1 : length + 1
  }

  #isAscii(node: Znode): boolean {
    return (this.records.int(node, Field.flags) & Flag.asciiPath) !== 0
  }
}
