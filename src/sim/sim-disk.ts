import { crc32 } from 'node:zlib'
import { CodedError } from '../runtime/coded-error.ts'
import type { Disk, DiskFile } from '../runtime/disk.ts'
import type { FileNode } from './disk-node.ts'
import { SimEvent } from './event-queue.ts'
import type { SimProcess } from './sim-process.ts'

/** How long operations take, in microseconds. */
export interface DiskLatency {
  /** Everything but a sync. */
  opMinUs: number
  opMaxUs: number
  syncMinUs: number
  syncMaxUs: number
}

export const defaultDiskLatency: DiskLatency = {
  opMinUs: 20,
  opMaxUs: 200,
  syncMinUs: 200,
  syncMaxUs: 3_000,
}

/**
 * The disk as one process sees it. An operation takes effect when it is asked for and answers later, so a crash in between
 * leaves an effect that nobody was told of; a sync makes things durable only when it answers.
 */
export class SimDisk implements Disk {
  readonly #process: SimProcess
  readonly #locked = new Set<string>()

  constructor(process: SimProcess) {
    this.#process = process
  }

  open(path: string, options: { create: boolean }): Promise<DiskFile> {
    return this.operate('open', path, () => {
      return new SimDiskFile(this, this.#image.openFile(path, options.create), path)
    })
  }

  readFile(path: string): Promise<Buffer> {
    return this.operate('read', path, () => this.#image.contentOf(path))
  }

  list(folder: string): Promise<string[]> {
    return this.operate('list', folder, () => this.#image.list(folder))
  }

  makeFolder(path: string): Promise<void> {
    return this.operate('make folder', path, () => this.#image.makeFolder(path))
  }

  rename(from: string, to: string): Promise<void> {
    return this.operate('rename', `${from} ${to}`, () => this.#image.rename(from, to))
  }

  removeFile(path: string): Promise<void> {
    return this.operate('remove', path, () => this.#image.removeFile(path))
  }

  removeFolder(path: string): Promise<void> {
    return this.operate('remove folder', path, () => this.#image.removeFolder(path))
  }

  syncFolder(path: string): Promise<void> {
    return this.synchronize(path, () => this.#image.syncFolder(path))
  }

  usedBytes(path: string): Promise<number> {
    return this.operate('count', path, () => this.#image.usedBytes(path))
  }

  lockFolder(path: string): Promise<() => Promise<void>> {
    return this.operate('lock', path, () => {
      this.#image.makeFolder(path)
      if (this.#locked.has(path)) {
        throw new CodedError('ELOCKED', `${path} is in use by this process; stop that one first`)
      }
      this.#locked.add(path)
      return async () => {
        this.#locked.delete(path)
      }
    })
  }

  write(file: FileNode, path: string, pieces: readonly Uint8Array[], position: number): Promise<void> {
    let bytes = 0
    let crc = 0
    for (const piece of pieces) {
      bytes += piece.length
      crc = crc32(piece, crc)
    }
    return this.operate('write', path, () => this.#image.write(file, pieces, position), bytes, crc)
  }

  sync(file: FileNode, path: string): Promise<void> {
    const changeCount = file.changeCount
    return this.synchronize(path, () => this.#image.sync(file, changeCount))
  }

  /** Does it now and answers later. */
  operate<T>(what: string, path: string, work: () => T, a = 0, b = 0): Promise<T> {
    const process = this.#process
    if (!process.alive) return new Promise(() => {})
    process.host.note(what, path, a, b)
    const { opMinUs, opMaxUs } = process.host.world.diskLatency
    let answer: (resolve: (value: T) => void, reject: (error: unknown) => void) => void
    try {
      const value = work()
      answer = (resolve) => resolve(value)
    } catch (error) {
      answer = (_, reject) => reject(error)
    }
    process.reachAwaitPoint()
    return this.#later(opMinUs, opMaxUs, answer)
  }

  /** Does it when it answers. */
  synchronize(path: string, work: () => void): Promise<void> {
    const process = this.#process
    const { syncMinUs, syncMaxUs } = process.host.world.diskLatency
    return this.#later<void>(syncMinUs, syncMaxUs, (resolve, reject) => {
      process.reachAwaitPoint()
      if (!process.alive) return
      process.host.note('synced', path)
      let failure: unknown = null
      try {
        work()
      } catch (error) {
        failure = error
      }
      process.reachAwaitPoint()
      if (!process.alive) return
      if (failure === null) resolve()
      else reject(failure)
    })
  }

  #later<T>(
    minUs: number,
    maxUs: number,
    answer: (resolve: (value: T) => void, reject: (error: unknown) => void) => void,
  ): Promise<T> {
    const { host } = this.#process
    return new Promise((resolve, reject) => {
      if (!this.#process.alive) return
      const answering = new AnswerEvent(this.#process, () => answer(resolve, reject))
      host.world.scheduleIn(answering, host.diskRandom.between(minUs, maxUs) * host.diskSlowness)
    })
  }

  get #image() {
    return this.#process.host.disk
  }
}

class SimDiskFile implements DiskFile {
  readonly #disk: SimDisk
  readonly #file: FileNode
  readonly #path: string
  #open = true

  constructor(disk: SimDisk, file: FileNode, path: string) {
    this.#disk = disk
    this.#file = file
    this.#path = path
  }

  write(pieces: readonly Uint8Array[], position: number): Promise<void> {
    if (!this.#open) return Promise.reject(this.#closedError())
    return this.#disk.write(this.#file, this.#path, pieces, position)
  }

  async writeDurably(pieces: readonly Uint8Array[], position: number): Promise<void> {
    await this.write(pieces, position)
    await this.sync()
  }

  sync(): Promise<void> {
    if (!this.#open) return Promise.reject(this.#closedError())
    return this.#disk.sync(this.#file, this.#path)
  }

  read(position: number, length: number, lent?: Buffer): Promise<Buffer> {
    return this.#operate('read', () => this.#file.current.read(position, length, lent))
  }

  size(): Promise<number> {
    return this.#operate('size', () => this.#file.current.length)
  }

  truncate(size: number): Promise<void> {
    return this.#operate('truncate', () => this.#file.truncate(size), size)
  }

  close(): Promise<void> {
    return this.#operate('close file', () => {
      this.#open = false
    })
  }

  #operate<T>(what: string, work: () => T, a = 0): Promise<T> {
    if (!this.#open) return Promise.reject(this.#closedError())
    return this.#disk.operate(what, this.#path, work, a)
  }

  #closedError(): CodedError {
    return new CodedError('EBADF', `EBADF: the file is closed: ${this.#path}`)
  }
}

class AnswerEvent extends SimEvent {
  readonly #call: () => void

  constructor(process: SimProcess, call: () => void) {
    super(process)
    this.#call = call
  }

  fire(): void {
    this.#call()
  }
}
