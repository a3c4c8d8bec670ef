import type { Disk } from '../runtime/disk.ts'
import { epochOf } from '../tree/zxid.ts'
import { historyName, historyNumber, isBuilding, stateFileName } from './file-names.ts'
import { HistoryFolder, type HistoryOptions } from './history-folder.ts'
import type { HistoryLoading } from './history-loading.ts'
import { type FoundHistory, findHistory } from './recovery.ts'
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

/** What a server's folder holds. */
export interface FoundFolder {
  file: StateFile
  history: FoundHistory
  /** Names in it that nothing refers to: what was being built when a process died, and histories that were replaced. */
  leftovers: string[]
}

/**
 * What the folder holds beside this state file; only reads. Rejects with WRONG_SERVER, DAMAGED, NEWER_FORMAT or
 * OLDER_FORMAT. `serverId`: null for whichever it belongs to.
 */
export async function findServerFolder(
  place: { disk: Disk; folder: string },
  serverId: number | null,
  file: StateFile,
  loading: HistoryLoading | null,
): Promise<FoundFolder> {
  const { disk, folder } = place
  const statePath = `${folder}/${stateFileName}`
  if (serverId !== null && file.serverId !== serverId)
    throw new StorageError(
      'WRONG_SERVER',
      `${statePath}: ${folder} belongs to server ${file.serverId}, expected server ${serverId}. ` +
        'Way out: start the server with its own id, or give it its own data directory.',
    )
  const names = await disk.list(folder)
  if (!names.includes(file.history))
    throw damaged({ path: statePath, found: `no folder ${file.history}`, expected: 'it to be there' })
  const historyFolder = `${folder}/${file.history}`
  const history = await findHistory({ disk, folder: historyFolder }, loading)
  const end = history.segments.at(-1)
  const last = end?.last ?? history.snapshots.at(-1) ?? 0
  if (last < file.committedZxid)
    throw damaged({
      path: end?.path ?? historyFolder,
      ...(end === undefined ? {} : { offset: end.bytes }),
      found: `a history that ends at ${named(last)}`,
      expected: `it to hold ${named(file.committedZxid)}, which was durable once`,
    })
  // A promise is durable before anything of its epoch is appended. So this state is older than the history: whoever
  // went on from it could promise an epoch again that it has promised to another leader.
  if (epochOf(last) > file.promisedEpoch)
    throw damaged({
      path: statePath,
      found: `promised epoch ${file.promisedEpoch}`,
      expected: `${epochOf(last)} or more, for the history holds ${named(last)}`,
    })
  history.commit = Math.max(history.commit, file.committedZxid)
  const leftovers = names.filter(
    (name) => isBuilding(name) || (historyNumber(name) !== null && name !== file.history),
  )
  return { file, history, leftovers }
}

/** Opens the history that the state file names, and then clears away what a crash left. */
export async function openServerFolder(
  options: HistoryOptions,
  serverId: number,
  loading: HistoryLoading | null,
): Promise<{ file: StateFile; history: HistoryFolder }> {
  const { disk, folder } = options
  const file = (await readStateFile(disk, folder)) ?? (await foundFolder(options, serverId))
  const found = await findServerFolder(options, serverId, file, loading)
  const isReplaced = (name: string): boolean =>
    (historyNumber(name) ?? Infinity) < (historyNumber(file.history) ?? 0)
  // What was half built may be what fills the disk: it goes before anything is written.
  for (const name of found.leftovers) if (!isReplaced(name)) await remove(disk, folder, name)
  // A process that died between the rename and its sync has left a state that could still be taken back; and where that
  // sync failed, the next one could report success for nothing. Written once more, it is durable before it counts.
  await writeStateFile(disk, folder, file)
  // Not earlier: a power failure could take the state back to one that names a history from before.
  for (const name of found.leftovers) if (isReplaced(name)) await remove(disk, folder, name)
  const history = await HistoryFolder.take({ ...options, folder: `${folder}/${file.history}` }, found.history)
  return { file, history }
}

function remove(disk: Disk, folder: string, leftover: string): Promise<void> {
  const path = `${folder}/${leftover}`
  return isBuilding(leftover) ? disk.removeFile(path) : disk.removeFolder(path)
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
  // Before the state file, which a later start takes for a sign that all of this is done: were the process to die in between, the
  // names above would never be made durable, and a power failure would take the whole folder with what was acknowledged since.
  await syncAbove(disk, folder)
  await writeStateFile(disk, folder, file)
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
