import type { Disk, DiskFile } from '../../src/runtime/disk.ts'

/** Whole numbers from 0 to below the bound, from a seed. */
export type Draw = (bound: number) => number

export function drawFrom(seed: number): Draw {
  let s = (seed * 2654435761 + 1) >>> 0
  return (bound) => {
    s = (Math.imul(s, 1664525) + 1013904223) >>> 0
    return Math.floor((s / 2 ** 32) * bound)
  }
}

interface Inode {
  /** As processes see it. */
  now: Buffer
  /** As a power failure leaves it at worst. */
  safe: Buffer
}

type Entries = Map<string, Inode | 'folder'>
interface FolderChange {
  folder: string
  make: (entries: Entries) => void
}

const sectorBytes = 64

/** What the crashed process sees of its disk. */
export class PowerLost extends Error {}

/**
 * A disk that forgets like a real one. What was written and not synced survives a power failure sector by sector as
 * chance has it; creations, renames and removals whose folder was not synced survive one by one as chance has it.
 */
export class MemoryDisk implements Disk {
  #now: Entries = new Map()
  #safe: Entries = new Map()
  #changes: FolderChange[] = []
  #locks = new Set<string>()
  #dead = false
  /** Counts operations that change something. */
  steps = 0
  counts = { write: 0, sync: 0, syncFolder: 0, rename: 0, remove: 0, truncate: 0 }
  bytesRead = 0
  /** Syncs of paths with this in them wait for `release`. */
  held: { path: string; release: Promise<void> } | null = null
  /** The power fails at this step. */
  crashAtStep = Number.POSITIVE_INFINITY
  /** Whether the step at which it fails takes effect. */
  crashTakesEffect = true
  /** May throw, for the operation named, to play a broken or full disk. */
  fault: (operation: string, path: string) => void = () => {}

  static from(files: ReadonlyMap<string, Buffer>): MemoryDisk {
    const disk = new MemoryDisk()
    for (const [path, bytes] of files) {
      const parts = path.split('/')
      for (let i = 1; i < parts.length; i++) disk.#now.set(parts.slice(0, i).join('/'), 'folder')
      disk.#now.set(path, { now: Buffer.from(bytes), safe: Buffer.from(bytes) })
    }
    disk.#safe = new Map(disk.#now)
    return disk
  }

  /** All files as processes see them. */
  files(): Map<string, Buffer> {
    const files = new Map<string, Buffer>()
    for (const [path, inode] of this.#now) if (inode !== 'folder') files.set(path, Buffer.from(inode.now))
    return files
  }

  /** The process dies; the system and its caches live on. */
  kill(): MemoryDisk {
    this.#dead = true
    const disk = new MemoryDisk()
    disk.#now = this.#now
    disk.#safe = this.#safe
    disk.#changes = this.#changes
    return disk
  }

  /** The disk after a power failure. */
  afterPowerLoss(draw: Draw): MemoryDisk {
    this.#dead = true
    const entries: Entries = new Map(this.#safe)
    const mood = draw(4)
    for (const change of this.#changes) if (mood === 0 || (mood > 1 && draw(2) === 0)) change.make(entries)
    const disk = new MemoryDisk()
    const seen = new Map<Inode, Inode>()
    for (const [path, inode] of entries) {
      const folder = path.slice(0, Math.max(0, path.lastIndexOf('/')))
      if (folder !== '' && entries.get(folder) !== 'folder') continue
      if (inode === 'folder') disk.#now.set(path, inode)
      else {
        let left = seen.get(inode)
        if (left === undefined) {
          const bytes = survive(inode, draw)
          left = { now: bytes, safe: Buffer.from(bytes) }
          seen.set(inode, left)
        }
        disk.#now.set(path, left)
      }
    }
    disk.#safe = new Map(disk.#now)
    return disk
  }

  async open(path: string, options: { create: boolean }): Promise<DiskFile> {
    await this.#read()
    let inode = this.#now.get(path)
    if (inode === undefined) {
      if (!options.create) throw failure('ENOENT', `no such file ${path}`)
      const made: Inode = { now: Buffer.alloc(0), safe: Buffer.alloc(0) }
      this.#step('create', path, () => this.#change(path, (entries) => entries.set(path, made)))
      inode = made
    }
    if (inode === 'folder') throw failure('EISDIR', `${path} is a folder`)
    return this.#file(path, inode)
  }

  async readFile(path: string): Promise<Buffer> {
    await this.#read()
    const inode = this.#now.get(path)
    if (inode === undefined || inode === 'folder') throw failure('ENOENT', `no such file ${path}`)
    return Buffer.from(inode.now)
  }

  async list(folder: string): Promise<string[]> {
    await this.#read()
    const names: string[] = []
    for (const path of this.#now.keys())
      if (path.startsWith(`${folder}/`) && !path.slice(folder.length + 1).includes('/'))
        names.push(path.slice(folder.length + 1))
    return names.sort()
  }

  async makeFolder(path: string): Promise<void> {
    await this.#read()
    const parts = path.split('/')
    for (let i = 1; i <= parts.length; i++) {
      const folder = parts.slice(0, i).join('/')
      if (this.#now.has(folder)) continue
      this.#step('makeFolder', folder, () => this.#change(folder, (entries) => entries.set(folder, 'folder')))
    }
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#read()
    const inode = this.#now.get(from)
    if (inode === undefined) throw failure('ENOENT', `no such file ${from}`)
    this.#step('rename', from, () => {
      this.counts.rename += 1
      this.#change(to, (entries) => {
        entries.delete(from)
        entries.set(to, inode)
      })
    })
  }

  async removeFile(path: string): Promise<void> {
    await this.#read()
    if (!this.#now.has(path)) throw failure('ENOENT', `no such file ${path}`)
    this.#step('remove', path, () => {
      this.counts.remove += 1
      this.#change(path, (entries) => entries.delete(path))
    })
  }

  async removeFolder(path: string): Promise<void> {
    await this.#read()
    for (const name of [...this.#now.keys()])
      if (name === path || name.startsWith(`${path}/`))
        this.#step('remove', name, () => this.#change(name, (entries) => entries.delete(name)))
  }

  async syncFolder(path: string): Promise<void> {
    await this.#read()
    this.#step('syncFolder', path, () => {
      this.counts.syncFolder += 1
      const others: FolderChange[] = []
      for (const change of this.#changes)
        if (change.folder === (path === '.' ? '' : path)) change.make(this.#safe)
        else others.push(change)
      this.#changes = others
    })
  }

  async usedBytes(path: string): Promise<number> {
    await this.#read()
    let bytes = 0
    for (const [name, inode] of this.#now)
      if (inode !== 'folder' && (name === path || name.startsWith(`${path}/`))) bytes += inode.now.length
    return bytes
  }

  async lockFolder(path: string): Promise<() => Promise<void>> {
    await this.#read()
    if (this.#locks.has(path)) throw new Error(`process 4711 has ${path}`)
    this.#locks.add(path)
    return async () => {
      this.#locks.delete(path)
    }
  }

  #file(path: string, inode: Inode): DiskFile {
    const file: DiskFile = {
      writeDurably: async (pieces, position) => {
        await file.write(pieces, position)
        await file.sync()
      },
      write: async (pieces, position) => {
        await this.#read()
        const bytes = Buffer.concat(pieces)
        this.#step('write', path, () => {
          this.counts.write += 1
          if (position + bytes.length > inode.now.length)
            inode.now = Buffer.concat([inode.now, Buffer.alloc(position + bytes.length - inode.now.length)])
          bytes.copy(inode.now, position)
        })
      },
      sync: async () => {
        await this.#read()
        if (this.held !== null && path.includes(this.held.path)) await this.held.release
        this.#step('sync', path, () => {
          this.counts.sync += 1
          inode.safe = Buffer.from(inode.now)
        })
      },
      read: async (position, length, lent) => {
        await this.#read()
        const found = inode.now.subarray(position, position + length)
        this.bytesRead += found.length
        if (lent === undefined || lent.length < length) return Buffer.from(found)
        found.copy(lent)
        return lent.subarray(0, found.length)
      },
      size: async () => {
        await this.#read()
        return inode.now.length
      },
      truncate: async (size) => {
        await this.#read()
        this.#step('truncate', path, () => {
          this.counts.truncate += 1
          const cut = Buffer.alloc(size)
          inode.now.copy(cut)
          inode.now = cut
        })
      },
      close: () => this.#read(),
    }
    return file
  }

  #change(path: string, make: (entries: Entries) => void): void {
    make(this.#now)
    this.#changes.push({ folder: path.slice(0, Math.max(0, path.lastIndexOf('/'))), make })
  }

  async #read(): Promise<void> {
    await Promise.resolve()
    if (this.#dead) throw new PowerLost('the power is off')
  }

  #step(operation: string, path: string, effect: () => void): void {
    if (this.#dead) throw new PowerLost('the power is off')
    this.fault(operation, path)
    this.steps += 1
    if (this.steps < this.crashAtStep) return effect()
    if (this.crashTakesEffect) effect()
    this.#dead = true
    throw new PowerLost('the power is off')
  }
}

/**
 * Each sector that was touched since the last sync is the old or the new one. The length is the old or the new one as a
 * whole, as the journal of a file system has it: bytes that a lost truncation should have cut off are the old ones.
 */
function survive(inode: Inode, draw: Draw): Buffer {
  const mood = draw(4)
  if (mood === 0) return Buffer.from(inode.safe)
  if (mood === 1) return Buffer.from(inode.now)
  const size = draw(2) === 0 ? inode.safe.length : inode.now.length
  const bytes = Buffer.alloc(size)
  inode.safe.copy(bytes)
  for (let at = 0; at < Math.min(size, inode.now.length); at += sectorBytes)
    if (draw(2) === 0) inode.now.copy(bytes, at, at, Math.min(size, inode.now.length, at + sectorBytes))
  return bytes
}

export function failure(code: string, message: string): Error {
  return Object.assign(new Error(`${code}: ${message}`), { code })
}
