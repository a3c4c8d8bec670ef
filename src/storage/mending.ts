import type { Disk, DiskFile } from '../runtime/disk.ts'
import type { Log } from '../runtime/log.ts'
import { formatZxid, type Zxid } from '../tree/zxid.ts'

/** One thing that a start does to the files before it counts on them. */
export type Mend =
  | { kind: 'remove'; path: string; because: string }
  /** The torn end of a log file goes: the bytes from `from` to `to`, the end of the file. */
  | { kind: 'cut'; path: string; from: number; to: number; lastZxid: Zxid }
  /** The file is made durable, and what stands from `from` to `to` is written once more before that. */
  | { kind: 'sync'; path: string; from: number; to: number }

/** Does to a history folder what was found to be needed, and makes all of it durable. */
export async function mend(
  place: { disk: Disk; folder: string; log: Log },
  mends: readonly Mend[],
): Promise<void> {
  const { disk, folder, log } = place
  for (const what of mends) {
    const { path } = what
    switch (what.kind) {
      case 'remove':
        log.warn('removes a file that cannot be used', { file: path, because: what.because })
        await disk.removeFile(path)
        break
      case 'cut':
        log.info('cut the torn end of the log off', {
          file: path,
          from: what.from,
          to: what.to,
          lastZxid: formatZxid(what.lastZxid),
        })
        await withFile(disk, path, (file) => file.truncate(what.from))
        break
      case 'sync':
        await withFile(disk, path, async (file) => {
          await writeAgain(file, what.from, what.to)
          await file.sync()
        })
        break
    }
  }
  await disk.syncFolder(folder)
}

/**
 * Writes what is there once more, for the sync that follows. Without this a sync could report success for nothing:
 *   1. a group is written, and its sync fails: the system drops the pages from its list, but not from its cache;
 *   2. the process dies before it has cut the group off;
 *   3. the next one reads the group whole, syncs the file, which does nothing, and acknowledges it;
 *   4. the power fails, and the group is gone.
 */
async function writeAgain(file: DiskFile, from: number, to: number): Promise<void> {
  if (to > from) await file.write([await file.read(from, to - from)], from)
}

async function withFile<T>(disk: Disk, path: string, use: (file: DiskFile) => Promise<T>): Promise<T> {
  const file = await disk.open(path, { create: false })
  try {
    return await use(file)
  } finally {
    await file.close()
  }
}
