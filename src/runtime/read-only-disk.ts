import { constants, open } from 'node:fs'
import { promisify } from 'node:util'
import { CodedError } from './coded-error.ts'
import type { Disk, DiskFile } from './disk.ts'
import { nodeDisk } from './node-disk.ts'
import { NodeDiskFile } from './node-disk-file.ts'

const openAsync = promisify(open)

/** The file system of this machine, to look at: whatever would change anything is refused. */
export const nodeReadOnlyDisk: Disk = {
  open: async (path): Promise<DiskFile> =>
    new ReadOnlyFile(new NodeDiskFile(await openAsync(path, constants.O_RDONLY)), path),
  readFile: nodeDisk.readFile,
  list: nodeDisk.list,
  usedBytes: nodeDisk.usedBytes,
  makeFolder: refuse,
  rename: refuse,
  removeFile: refuse,
  removeFolder: refuse,
  syncFolder: refuse,
  lockFolder: refuse,
}

class ReadOnlyFile implements DiskFile {
  readonly #file: DiskFile
  readonly #path: string

  constructor(file: DiskFile, path: string) {
    this.#file = file
    this.#path = path
  }

  write(): Promise<void> {
    return refuse(this.#path)
  }

  writeDurably(): Promise<void> {
    return refuse(this.#path)
  }

  sync(): Promise<void> {
    return refuse(this.#path)
  }

  truncate(): Promise<void> {
    return refuse(this.#path)
  }

  read(position: number, length: number, lent?: Buffer): Promise<Buffer> {
    return this.#file.read(position, length, lent)
  }

  size(): Promise<number> {
    return this.#file.size()
  }

  close(): Promise<void> {
    return this.#file.close()
  }
}

function refuse(path: string): Promise<never> {
  return Promise.reject(new CodedError('EROFS', `EROFS: ${path} is only looked at`))
}
