import fs from 'node:fs'
import path from 'node:path'
import type { Disk, DiskFile } from './disk.ts'
import { lockFolder } from './node-folder-lock.ts'

class NodeFile implements DiskFile {
  readonly #fd: number

  constructor(fd: number) {
    this.#fd = fd
  }

  write(pieces: readonly Uint8Array[], position: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const wanted = pieces.reduce((sum, piece) => sum + piece.length, 0)
      fs.writev(this.#fd, pieces, position, (error, written) => {
        if (error !== null) reject(error)
        else if (written === wanted) resolve()
        // A full disk shows itself as a short write first; the rest tells why.
        else this.write([Buffer.concat(pieces).subarray(written)], position + written).then(resolve, reject)
      })
    })
  }

  sync(): Promise<void> {
    return call((done) => fs.fdatasync(this.#fd, done))
  }

  read(position: number, length: number): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const buffer = Buffer.allocUnsafe(length)
      const readOn = (at: number): void => {
        fs.read(this.#fd, buffer, at, length - at, position + at, (error, count) => {
          if (error !== null) reject(error)
          else if (count === 0 || at + count === length) resolve(buffer.subarray(0, at + count))
          else readOn(at + count)
        })
      }
      readOn(0)
    })
  }

  size(): Promise<number> {
    return new Promise((resolve, reject) => {
      fs.fstat(this.#fd, (error, stats) => (error === null ? resolve(stats.size) : reject(error)))
    })
  }

  truncate(size: number): Promise<void> {
    return call((done) => fs.ftruncate(this.#fd, size, done))
  }

  close(): Promise<void> {
    return call((done) => fs.close(this.#fd, done))
  }
}

function call(work: (done: (error: Error | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    work((error) => (error === null || error === undefined ? resolve() : reject(error)))
  })
}

function orWhenMissing<T>(value: T): (error: NodeJS.ErrnoException) => T {
  return (error) => {
    if (error.code === 'ENOENT') return value
    throw error
  }
}

export const nodeDisk: Disk = {
  open(file, { create }): Promise<DiskFile> {
    const flags = create ? fs.constants.O_RDWR | fs.constants.O_CREAT : fs.constants.O_RDWR
    return new Promise((resolve, reject) => {
      fs.open(file, flags, 0o640, (error, fd) => (error === null ? resolve(new NodeFile(fd)) : reject(error)))
    })
  },

  readFile: (file) => fs.promises.readFile(file),

  list: (folder) => fs.promises.readdir(folder).then((names) => names.sort(), orWhenMissing<string[]>([])),

  makeFolder: async (folder) => {
    await fs.promises.mkdir(folder, { recursive: true })
  },

  rename: (from, to) => fs.promises.rename(from, to),
  removeFile: (file) => fs.promises.unlink(file),
  removeFolder: (folder) => fs.promises.rm(folder, { recursive: true, force: true }),

  async syncFolder(folder): Promise<void> {
    const handle = await fs.promises.open(folder, 'r')
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
  },

  async usedBytes(folder): Promise<number> {
    const names = await fs.promises
      .readdir(folder, { recursive: true, withFileTypes: true })
      .catch(orWhenMissing<fs.Dirent[]>([]))
    let bytes = 0
    for (const name of names) {
      if (!name.isFile()) continue
      const stats = await fs.promises.stat(path.join(name.parentPath, name.name)).catch(orWhenMissing(null))
      bytes += stats?.size ?? 0
    }
    return bytes
  },

  lockFolder,
}
