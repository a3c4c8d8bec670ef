import { CodedError } from '../runtime/coded-error.ts'
import type { SeededRandom } from '../runtime/seeded-random.ts'
import { type DiskNode, FileNode, FolderNode, type Survival } from './disk-node.ts'

/** A name given, taken away, or moved in one step. */
interface NameChange {
  readonly folder: FolderNode
  readonly name: string
  /** Null: the name is taken away. */
  readonly node: DiskNode | null
  /** Where the node was before, when it was moved. */
  readonly from: { readonly folder: FolderNode; readonly name: string } | null
}

/**
 * A host's disk, as it survives crashes. Nothing waits here; SimDisk adds the time that operations take.
 *
 * It promises what POSIX does and no more: a file's content is safe once the file was synced, its name once the folder was.
 * When the power goes, each change beyond that survives or not on its own, and a write may be torn at any byte.
 */
export class DiskImage {
  /** Fault: writes beyond this many bytes in all fail with ENOSPC, having written what fits. */
  capacityBytes = Number.POSITIVE_INFINITY
  /** Called before the platter loses or changes what it holds: by a fault, not by its owner's doing. */
  beforeDamage: (() => void) | null = null
  readonly #random: SeededRandom
  #root = new FolderNode()
  #nameChanges: NameChange[] = []
  #failingSyncs = 0
  #failingWrites = 0
  #errorsGiven = 0

  constructor(random: SeededRandom) {
    this.#random = random
  }

  /** How many operations have failed through faults so far. */
  get errorsGiven(): number {
    return this.#errorsGiven
  }

  /** Fault: the next `count` syncs, of files or folders, fail with EIO; what they should have covered stays in doubt. */
  failSyncs(count: number): void {
    this.#failingSyncs = count
  }

  /** Fault: the next `count` writes fail with EIO after some of their bytes. */
  failWrites(count: number): void {
    this.#failingWrites = count
  }

  /** Fault: one bit of a file turns over, on the platter as well. Harmless beyond the file's end. */
  flipBit(path: string, position: number, bit = 0): void {
    this.beforeDamage?.()
    const file = this.file(path)
    file.current.flipBit(position, bit)
    file.durable.flipBit(position, bit)
  }

  /** Paths of all files that are on the platter under the names that programs see, sorted. */
  durableFiles(): string[] {
    const paths: string[] = []
    collectFiles(this.#root, '', paths)
    return paths.sort()
  }

  /** What the platter holds of a file, whatever programs see. */
  durableContentOf(path: string): Buffer {
    const { durable } = this.file(path)
    return durable.read(0, durable.length)
  }

  /** What the platter holds under this path, by the names on the platter. */
  onPlatter(path: string): DiskNode | undefined {
    let node: DiskNode = this.#root
    for (const name of partsOf(path)) {
      const next: DiskNode | undefined = node.kind === 'folder' ? node.durable.get(name) : undefined
      if (next === undefined) return undefined
      node = next
    }
    return node
  }

  /** Everything is gone: a new disk. */
  wipe(): void {
    this.beforeDamage?.()
    this.#root = new FolderNode()
    this.#nameChanges = []
  }

  losePower(): void {
    const survival: Survival = (['all', 'none', 'each', 'each'] as const)[this.#random.below(4)] ?? 'each'
    for (const change of this.#nameChanges) {
      if (survival === 'all' || (survival === 'each' && this.#random.chance(1, 2))) applyDurably(change)
    }
    this.#nameChanges = []
    this.#root.losePower(survival, this.#random)
  }

  openFile(path: string, create: boolean): FileNode {
    const { folder, name } = this.#placeOf(path)
    const found = folder.current.get(name)
    if (found?.kind === 'folder') throw failure('EISDIR', 'is a folder', path)
    if (found !== undefined) return found
    if (!create) throw failure('ENOENT', 'no such file', path)
    const file = new FileNode()
    this.#change({ folder, name, node: file, from: null })
    return file
  }

  /** The file at this path. */
  file(path: string): FileNode {
    return this.openFile(path, false)
  }

  /** What a program would read there; for tests. */
  contentOf(path: string): Buffer {
    const { current } = this.file(path)
    return current.read(0, current.length)
  }

  write(file: FileNode, pieces: readonly Uint8Array[], position: number): void {
    let room = Number.POSITIVE_INFINITY
    if (this.capacityBytes !== Number.POSITIVE_INFINITY) {
      const free = Math.max(0, this.capacityBytes - sizeOf(this.#root))
      room = free + Math.max(0, file.current.length - position)
    }
    let wanted = 0
    for (const piece of pieces) wanted += piece.length
    const fails = this.#failingWrites > 0
    if (fails) {
      this.#failingWrites--
      room = Math.min(room, this.#random.below(wanted + 1))
    }
    let at = position
    for (const piece of pieces) {
      const fitting = piece.length <= room ? piece : piece.subarray(0, room)
      if (fitting.length > 0) file.write(at, fitting)
      at += fitting.length
      room -= fitting.length
    }
    if (!fails && at - position === wanted) return
    this.#errorsGiven++
    if (fails) throw new CodedError('EIO', 'EIO: the disk failed to write')
    throw new CodedError('ENOSPC', 'ENOSPC: no space left on the disk')
  }

  sync(file: FileNode, changeCount: number): void {
    if (this.#takeSyncFailure()) {
      file.failSync(changeCount, this.#random)
      throw new CodedError('EIO', 'EIO: the disk failed to sync')
    }
    file.sync(changeCount)
  }

  list(path: string): string[] {
    const node = this.#find(path)
    if (node === undefined) return []
    if (node.kind === 'file') throw failure('ENOTDIR', 'is a file, not a folder', path)
    return [...node.current.keys()].sort()
  }

  makeFolder(path: string): void {
    let folder = this.#root
    for (const name of partsOf(path)) {
      const found = folder.current.get(name)
      if (found?.kind === 'file') throw failure('EEXIST', 'a file is in the way', path)
      const next = found ?? new FolderNode()
      if (found === undefined) this.#change({ folder, name, node: next, from: null })
      folder = next
    }
  }

  rename(fromPath: string, toPath: string): void {
    const from = this.#placeOf(fromPath)
    const to = this.#placeOf(toPath)
    const node = from.folder.current.get(from.name)
    if (node === undefined) throw failure('ENOENT', 'no such file or folder', fromPath)
    const replaced = to.folder.current.get(to.name)
    if (replaced === node) return
    if (replaced?.kind === 'folder') {
      if (node.kind === 'file') throw failure('EISDIR', 'is a folder', toPath)
      if (replaced.current.size > 0) throw failure('ENOTEMPTY', 'the folder is not empty', toPath)
    } else if (replaced !== undefined && node.kind === 'folder') {
      throw failure('ENOTDIR', 'is a file, not a folder', toPath)
    }
    this.#change({ folder: to.folder, name: to.name, node, from })
  }

  removeFile(path: string): void {
    const { folder, name } = this.#placeOf(path)
    const node = folder.current.get(name)
    if (node === undefined) throw failure('ENOENT', 'no such file', path)
    if (node.kind === 'folder') throw failure('EISDIR', 'is a folder', path)
    this.#change({ folder, name, node: null, from: null })
  }

  /** One name after the other, the innermost first: a crash may leave any of them. */
  removeFolder(path: string): void {
    const node = this.#find(path)
    if (node === undefined) return
    if (node.kind === 'folder') {
      for (const name of [...node.current.keys()]) this.removeFolder(`${path}/${name}`)
    }
    const place = this.#placeOf(path)
    this.#change({ ...place, node: null, from: null })
  }

  syncFolder(path: string): void {
    const folder = this.#find(path)
    if (folder === undefined) throw failure('ENOENT', 'no such folder', path)
    if (this.#takeSyncFailure()) throw new CodedError('EIO', 'EIO: the disk failed to sync')
    const others: NameChange[] = []
    for (const change of this.#nameChanges) {
      if (change.folder === folder) applyDurably(change)
      else others.push(change)
    }
    this.#nameChanges = others
  }

  usedBytes(path: string): number {
    const node = this.#find(path)
    return node === undefined ? 0 : sizeOf(node)
  }

  #takeSyncFailure(): boolean {
    if (this.#failingSyncs === 0) return false
    this.#failingSyncs--
    this.#errorsGiven++
    return true
  }

  #change(change: NameChange): void {
    if (change.node === null) change.folder.current.delete(change.name)
    else change.folder.current.set(change.name, change.node)
    change.from?.folder.current.delete(change.from.name)
    this.#nameChanges.push(change)
  }

  #find(path: string): DiskNode | undefined {
    let node: DiskNode = this.#root
    for (const name of partsOf(path)) {
      const next: DiskNode | undefined = node.kind === 'folder' ? node.current.get(name) : undefined
      if (next === undefined) return undefined
      node = next
    }
    return node
  }

  #placeOf(path: string): { folder: FolderNode; name: string } {
    const parts = partsOf(path)
    const name = parts.pop()
    if (name === undefined) throw failure('EISDIR', 'is the root folder', path)
    const folder = this.#find(parts.join('/'))
    if (folder === undefined) throw failure('ENOENT', 'no such folder', path)
    if (folder.kind === 'file') throw failure('ENOTDIR', 'lies in a file, not in a folder', path)
    return { folder, name }
  }
}

function applyDurably(change: NameChange): void {
  const { folder, name, node, from } = change
  if (node === null) folder.durable.delete(name)
  else folder.durable.set(name, node)
  if (from !== null && from.folder.durable.get(from.name) === node) from.folder.durable.delete(from.name)
}

function collectFiles(folder: FolderNode, prefix: string, paths: string[]): void {
  for (const [name, node] of folder.current) {
    if (folder.durable.get(name) !== node) continue
    if (node.kind === 'file') paths.push(`${prefix}/${name}`)
    else collectFiles(node, `${prefix}/${name}`, paths)
  }
}

function partsOf(path: string): string[] {
  return path.split('/').filter((part) => part !== '' && part !== '.')
}

function sizeOf(node: DiskNode): number {
  if (node.kind === 'file') return node.current.length
  let bytes = 0
  for (const child of node.current.values()) bytes += sizeOf(child)
  return bytes
}

function failure(code: string, what: string, path: string): CodedError {
  return new CodedError(code, `${code}: ${what}: ${path}`)
}
