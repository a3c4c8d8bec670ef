import type { SeededRandom } from '../runtime/seeded-random.ts'
import { DiskBytes } from './disk-bytes.ts'

/** What becomes of changes that were not synced when the power goes. */
export type Survival = 'all' | 'none' | 'each'

/** What a disk writes whole or not at all. */
const sectorBytes = 512

/** A write, or (bytes null) a truncation to `position`. */
interface Change {
  readonly position: number
  readonly bytes: Buffer | null
}

/** A file: what programs read, what the platter holds, and what makes the difference. */
export class FileNode {
  readonly kind = 'file'
  readonly current = new DiskBytes()
  readonly durable = new DiskBytes()
  #unsynced: Change[] = []
  /** Changes ever made; a sync covers those made before it began. */
  #changeCount = 0

  get changeCount(): number {
    return this.#changeCount
  }

  write(position: number, piece: Uint8Array): void {
    const bytes = Buffer.from(piece)
    this.current.write(position, bytes)
    this.#add({ position, bytes })
  }

  truncate(size: number): void {
    this.current.truncate(size)
    this.#add({ position: size, bytes: null })
  }

  /** The first `changeCount` changes ever made are on the platter now. */
  sync(changeCount: number): void {
    for (const change of this.#takeUpTo(changeCount)) apply(this.durable, change)
  }

  /**
   * The first `changeCount` changes may be there or not, and no later sync will tell: a system that could not write its pages
   * out marks them clean all the same.
   */
  failSync(changeCount: number, random: SeededRandom): void {
    for (const change of this.#takeUpTo(changeCount)) this.#settle(change, 'each', random)
  }

  losePower(survival: Survival, random: SeededRandom): void {
    for (const change of this.#takeUpTo(this.#changeCount)) this.#settle(change, survival, random)
    this.current.become(this.durable)
  }

  #settle(change: Change, survival: Survival, random: SeededRandom): void {
    if (survival === 'all') apply(this.durable, change)
    if (survival !== 'each') return
    const draw = random.below(8)
    if (draw >= 5) apply(this.durable, change)
    else if (draw >= 2 && change.bytes !== null) {
      if (draw === 2) this.#settleSectors(change.position, change.bytes, random)
      else {
        const torn = change.bytes.subarray(0, random.below(change.bytes.length + 1))
        apply(this.durable, { position: change.position, bytes: torn })
      }
    }
  }

  /** The disk had taken some sectors of the write, in an order of its own. */
  #settleSectors(position: number, bytes: Buffer, random: SeededRandom): void {
    for (let from = 0; from < bytes.length; ) {
      const to = Math.min(bytes.length, from + sectorBytes - ((position + from) % sectorBytes))
      if (random.chance(1, 2))
        apply(this.durable, { position: position + from, bytes: bytes.subarray(from, to) })
      from = to
    }
  }

  #add(change: Change): void {
    this.#unsynced.push(change)
    this.#changeCount++
  }

  #takeUpTo(changeCount: number): Change[] {
    const settledBefore = this.#changeCount - this.#unsynced.length
    return this.#unsynced.splice(0, Math.max(0, changeCount - settledBefore))
  }
}

/** A folder: the names that programs see, and those on the platter. */
export class FolderNode {
  readonly kind = 'folder'
  current = new Map<string, DiskNode>()
  durable = new Map<string, DiskNode>()

  /** All that is reachable on the platter is now what programs see. */
  losePower(survival: Survival, random: SeededRandom): void {
    this.current = new Map(this.durable)
    for (const node of this.current.values()) node.losePower(survival, random)
  }
}

export type DiskNode = FileNode | FolderNode

function apply(bytes: DiskBytes, change: Change): void {
  if (change.bytes === null) bytes.truncate(change.position)
  // Nothing torn off a write leaves nothing, not even its hole.
  else if (change.bytes.length > 0) bytes.write(change.position, change.bytes)
}
