import type { Disk, DiskFile } from '../../src/runtime/disk.ts'
import type { DiskImage } from '../../src/sim/disk-image.ts'
import type { FileNode } from '../../src/sim/disk-node.ts'

/** The simulator's disk without its sense of time: everything is done at once. */
export class ImageDisk implements Disk {
  readonly image: DiskImage
  /** The process dies before it can cut anything off a file. */
  diesAtTruncate = false

  constructor(image: DiskImage) {
    this.image = image
  }

  async open(path: string, options: { create: boolean }): Promise<DiskFile> {
    return this.#file(this.image.openFile(path, options.create))
  }

  async readFile(path: string): Promise<Buffer> {
    return this.image.contentOf(path)
  }

  async list(folder: string): Promise<string[]> {
    return this.image.list(folder)
  }

  async makeFolder(path: string): Promise<void> {
    this.image.makeFolder(path)
  }

  async rename(from: string, to: string): Promise<void> {
    this.image.rename(from, to)
  }

  async removeFile(path: string): Promise<void> {
    this.image.removeFile(path)
  }

  async removeFolder(path: string): Promise<void> {
    this.image.removeFolder(path)
  }

  async syncFolder(path: string): Promise<void> {
    this.image.syncFolder(path)
  }

  async usedBytes(path: string): Promise<number> {
    return this.image.usedBytes(path)
  }

  async lockFolder(): Promise<() => Promise<void>> {
    return async () => {}
  }

  #file(node: FileNode): DiskFile {
    return {
      write: async (pieces, position) => this.image.write(node, pieces, position),
      writeDurably: async (pieces, position) => {
        this.image.write(node, pieces, position)
        this.image.sync(node, node.changeCount)
      },
      sync: async () => this.image.sync(node, node.changeCount),
      read: async (position, length, lent) => node.current.read(position, length, lent),
      size: async () => node.current.length,
      truncate: async (size) => {
        if (this.diesAtTruncate && node.current.length > size) throw new Error('the process is dead')
        node.truncate(size)
      },
      close: async () => {},
    }
  }
}
