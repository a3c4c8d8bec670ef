import type { Disk } from '../runtime/disk.ts'
import { historyName, historyNumber, isBuilding, stateFileName } from './file-names.ts'
import { HistoryFolder, type HistoryOptions } from './history-folder.ts'
import { readStateFile, type StateFile, writeStateFile } from './state-file.ts'
import { damaged, errorCode, ioFailed, named, StorageError } from './storage-error.ts'

/** Keeps other processes out. Rejects with LOCKED, naming the holder. */
export async function lockServerFolder(disk: Disk, folder: string): Promise<() => Promise<void>> {
  try {
    return await disk.lockFolder(folder)
  } catch (cause) {
    const code = errorCode(cause)
    if (code !== undefined && diskTrouble.has(code)) throw ioFailed(`locking ${folder}`, cause)
    const holder = cause instanceof Error ? cause.message : String(cause)
    throw new StorageError('LOCKED', holder, { cause })
  }
}

/** Where ZooKeeper keeps its snapshots and logs. */
const zookeeperFolderName = 'version-2'

const diskTrouble: ReadonlySet<string> = new Set([
  'EACCES',
  'EIO',
  'ENOENT',
  'ENOSPC',
  'ENOTDIR',
  'EPERM',
  'EROFS',
])

/** Reads the state file, clears away what a crash left, and opens the history that the state names. */
export async function openServerFolder(
  options: HistoryOptions,
  serverId: number,
): Promise<{ file: StateFile; found: HistoryFolder }> {
  const { disk, folder } = options
  const file = (await readStateFile(disk, folder)) ?? (await foundFolder(options, serverId))
  if (file.serverId !== serverId)
    throw new StorageError(
      'WRONG_SERVER',
      `${folder} belongs to server ${file.serverId}, expected server ${serverId}. ` +
        'Way out: start the server with its own id, or give it its own data directory.',
    )
  const names = await disk.list(folder)
  for (const name of names) {
    if (isBuilding(name)) await disk.removeFile(`${folder}/${name}`)
    else if (historyNumber(name) !== null && name !== file.history)
      await disk.removeFolder(`${folder}/${name}`)
  }
  if (!names.includes(file.history))
    throw damaged({
      path: `${folder}/${stateFileName}`,
      found: `no folder ${file.history}`,
      expected: 'it to be there',
    })
  // A process that died between a rename and its sync has left a state that could still be taken back.
  await disk.syncFolder(folder)
  const found = await HistoryFolder.open({ ...options, folder: `${folder}/${file.history}` })
  if (found.lastZxid < file.committedZxid)
    throw damaged({
      path: `${folder}/${file.history}`,
      found: `a history that ends at ${named(found.lastZxid)}`,
      expected: `it to hold ${named(file.committedZxid)}, which was durable once`,
    })
  found.noteCommit(file.committedZxid)
  return { file, found }
}

/**
 * Begins an empty history. The state file comes last, so a crash in between leaves only an empty history folder; one with
 * something in it and no state file has lost its promises, and must not begin anew.
 */
async function foundFolder({ disk, folder, log }: HistoryOptions, serverId: number): Promise<StateFile> {
  const names = await disk.list(folder)
  for (const name of names)
    if (historyNumber(name) !== null && (await disk.list(`${folder}/${name}`)).length > 0)
      throw damaged({
        path: `${folder}/${stateFileName}`,
        found: `no such file beside ${name}`,
        expected: 'it to be there',
      })
  const file: StateFile = {
    serverId,
    ensembleId: null,
    founded: false,
    promisedEpoch: 0,
    promisedTo: null,
    currentEpoch: 0,
    committedZxid: 0,
    history: historyName(1),
  }
  await disk.makeFolder(`${folder}/${file.history}`)
  await disk.syncFolder(folder)
  await writeStateFile(disk, folder, file)
  await syncAbove(disk, folder)
  if (names.includes(zookeeperFolderName)) {
    log.warn(
      `found data of Apache ZooKeeper in ${folder}/${zookeeperFolderName}: it is not read, this server begins with nothing. ` +
        'To bring it over, copy it with a client from a running ZooKeeper.',
    )
  }
  return file
}

/**
 * Makes the folder itself survive, and those above that may have been made with it. One that this process may not even
 * look into was not made by it.
 */
async function syncAbove(disk: Disk, folder: string): Promise<void> {
  const parts = folder.split('/')
  for (let i = parts.length - 1; i >= 0; i--) {
    const above = parts.slice(0, i).join('/')
    try {
      await disk.syncFolder(above !== '' ? above : folder.startsWith('/') ? '/' : '.')
    } catch (error) {
      const code = errorCode(error)
      if (code !== 'EACCES' && code !== 'EPERM' && code !== 'ENOENT') throw error
    }
  }
}
