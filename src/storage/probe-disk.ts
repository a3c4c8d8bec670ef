import type { Disk } from '../runtime/disk.ts'
import { building } from './file-names.ts'
import { ioFailed } from './storage-error.ts'

const pieceBytes = 1024 * 1024

/**
 * Finds out whether a disk takes and keeps this much more: writes it, makes it durable, and takes it away again. Rejects with a
 * StorageError IO. A name that is left of it goes at the next start.
 */
export async function probeDisk(disk: Disk, folder: string, bytes: number): Promise<void> {
  try {
    await writeAndRemove(disk, folder, bytes)
  } catch (cause) {
    throw ioFailed(`writing ${bytes} bytes to ${folder}, to see whether the disk can be used again,`, cause)
  }
}

async function writeAndRemove(disk: Disk, folder: string, bytes: number): Promise<void> {
  const path = building(`${folder}/room`)
  await disk.makeFolder(folder)
  const file = await disk.open(path, { create: true })
  try {
    // Not zeros, which a disk that compresses would keep for nothing.
    const piece = Buffer.alloc(Math.min(bytes, pieceBytes), 'Is there room? ')
    for (let at = 0; at < bytes; at += piece.length) {
      await file.write([piece.subarray(0, Math.min(piece.length, bytes - at))], at)
    }
    await file.sync()
  } finally {
    await file.close()
    await disk.removeFile(path)
  }
  await disk.syncFolder(folder)
}
