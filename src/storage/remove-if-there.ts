import type { Disk } from '../runtime/disk.ts'
import { errorCode } from './storage-error.ts'

/** A removal that failed may have been made all the same: to try again must not fail for that. */
export async function removeIfThere(disk: Disk, path: string): Promise<void> {
  try {
    await disk.removeFile(path)
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error
  }
}
