import { crc32 } from 'node:zlib'
import type { Disk } from '../runtime/disk.ts'
import { epochMax, formatZxid, type Zxid } from '../tree/zxid.ts'
import { building, historyNumber, stateFileName } from './file-names.ts'
import { damaged, errorCode, newerFormat, type StorageError } from './storage-error.ts'

/** What a server has promised and where its history stands: the file `state`, JSON with a checksum line, for people too. */
export interface StateFile {
  serverId: number
  /** Chosen when the ensemble was founded; null while this server belongs to none. */
  ensembleId: string | null
  /** The founding of that ensemble is known to have been completed by a quorum. */
  founded: boolean
  promisedEpoch: number
  promisedTo: number | null
  currentEpoch: number
  /** The history held, committed and durable, at least this when the file was written: a shorter one has lost something. */
  committedZxid: Zxid
  /** Name of the folder that holds the history. */
  history: string
}

export const stateFormatVersion = 2

const expected = 'a state file with the checksum of its content in the last line'

/**
 * Replaces the file at once: after a crash the old or the new one is there, whole. Durable when resolved.
 * The rename comes only behind the sync of the new file, or a power failure could leave an empty one under the name.
 */
export async function writeStateFile(disk: Disk, folder: string, state: StateFile): Promise<void> {
  const path = `${folder}/${stateFileName}`
  const file = await disk.open(building(path), { create: true })
  try {
    await file.truncate(0)
    await file.write([encodeStateFile(state)], 0)
    await file.sync()
  } finally {
    await file.close()
  }
  await disk.rename(building(path), path)
  await disk.syncFolder(folder)
}

/** null when there is none. */
export async function readStateFile(disk: Disk, folder: string): Promise<StateFile | null> {
  const path = `${folder}/${stateFileName}`
  let bytes: Buffer
  try {
    bytes = await disk.readFile(path)
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null
    throw error
  }
  return decodeStateFile(bytes, path)
}

export function encodeStateFile(state: StateFile): Buffer {
  const { committedZxid, ...rest } = state
  const fields = { formatVersion: stateFormatVersion, ...rest, committedZxid: formatZxid(committedZxid) }
  const json = `${JSON.stringify(fields, null, 2)}\n`
  return Buffer.from(`${json}crc32 ${checksum(json)}\n`)
}

export function decodeStateFile(bytes: Buffer, path: string): StateFile {
  const text = bytes.toString('latin1')
  const split = text.lastIndexOf('crc32 ')
  if (split < 0) throw damaged({ path, offset: bytes.length, found: 'no checksum line', expected })
  const line = `crc32 ${checksum(bytes.subarray(0, split))}\n`
  if (text.slice(split) !== line)
    throw damaged({
      path,
      offset: split,
      found: JSON.stringify(text.slice(split, split + 20)),
      expected: JSON.stringify(line),
    })
  const fields: unknown = JSON.parse(bytes.toString('utf8', 0, split))
  if (typeof fields !== 'object' || fields === null)
    throw damaged({ path, offset: 0, found: typeof fields, expected })
  return checkFields(fields as Record<string, unknown>, path)
}

function checkFields(fields: Record<string, unknown>, path: string): StateFile {
  const {
    formatVersion,
    serverId,
    ensembleId,
    founded,
    promisedEpoch,
    promisedTo,
    currentEpoch,
    committedZxid,
    history,
  } = fields
  if (!isWhole(formatVersion, 1, Number.MAX_SAFE_INTEGER))
    throw wrongField(path, 'formatVersion', formatVersion)
  if (formatVersion > stateFormatVersion) throw newerFormat(path, formatVersion, stateFormatVersion)
  if (!isWhole(serverId, 0, Number.MAX_SAFE_INTEGER)) throw wrongField(path, 'serverId', serverId)
  if (ensembleId !== null && typeof ensembleId !== 'string') throw wrongField(path, 'ensembleId', ensembleId)
  if (typeof founded !== 'boolean' || (founded && ensembleId === null))
    throw wrongField(path, 'founded', founded)
  if (!isWhole(promisedEpoch, 0, epochMax)) throw wrongField(path, 'promisedEpoch', promisedEpoch)
  if (promisedTo !== null && !isWhole(promisedTo, 0, Number.MAX_SAFE_INTEGER))
    throw wrongField(path, 'promisedTo', promisedTo)
  if (!isWhole(currentEpoch, 0, promisedEpoch)) throw wrongField(path, 'currentEpoch', currentEpoch)
  if (typeof committedZxid !== 'string' || !/^0x[0-9a-f]{1,14}$/.test(committedZxid))
    throw wrongField(path, 'committedZxid', committedZxid)
  if (typeof history !== 'string' || historyNumber(history) === null)
    throw wrongField(path, 'history', history)
  return {
    serverId,
    ensembleId,
    founded,
    promisedEpoch,
    promisedTo,
    currentEpoch,
    committedZxid: Number.parseInt(committedZxid, 16),
    history,
  }
}

const checksum = (json: string | Buffer): string => crc32(json).toString(16).padStart(8, '0')

function isWhole(value: unknown, min: number, max: number): value is number {
  return Number.isSafeInteger(value) && Number(value) >= min && Number(value) <= max
}

const wrongField = (path: string, name: string, value: unknown): StorageError =>
  damaged({ path, offset: 0, found: `${name} ${JSON.stringify(value)}`, expected: `a possible ${name}` })
