import { codeOf } from '../runtime/coded-error.ts'
import type { Disk } from '../runtime/disk.ts'
import { historyNumber, segmentFirst, snapshotZxid, stateFileName } from '../storage/file-names.ts'

/** What stands at a path that was named. */
export type Place =
  /** A server's own folder: the state file and history folders. */
  | { readonly kind: 'server'; readonly path: string }
  /** A history folder: log and snapshots. */
  | { readonly kind: 'history'; readonly path: string }
  | { readonly kind: 'segment' | 'snapshot' | 'state'; readonly path: string }

/** What was named cannot be looked at. The message says what was found and what was expected. */
export class PlaceError extends Error {
  override name = 'PlaceError'
}

const expected =
  'a data directory of a server, a history folder (h-0001), or a file log.*, snapshot.* or state'

/** Finds out what a path is, by its name and its content. Throws PlaceError. */
export async function placeOf(disk: Disk, named: string): Promise<Place> {
  const path = named.length > 1 ? named.replace(/\/+$/, '') : named
  const name = path.slice(path.lastIndexOf('/') + 1)
  if (await isFile(disk, path)) {
    if (segmentFirst(name) !== null) return { kind: 'segment', path }
    if (snapshotZxid(name) !== null) return { kind: 'snapshot', path }
    if (name === stateFileName) return { kind: 'state', path }
    throw new PlaceError(`${path}: found a file of this name, expected ${expected}`)
  }
  const names = await disk.list(path)
  if (names.length === 0) throw new PlaceError(`${path}: found nothing there, expected ${expected}`)
  if (names.includes(stateFileName) || names.some((inside) => historyNumber(inside) !== null))
    return { kind: 'server', path }
  if (names.some((inside) => segmentFirst(inside) !== null || snapshotZxid(inside) !== null))
    return { kind: 'history', path }
  const servers = names.filter((inside) => /^\d+$/.test(inside))
  const hint =
    servers.length === 0
      ? ''
      : `; the folders of servers in it are ${servers.map((id) => `${path}/${id}`).join(', ')}`
  throw new PlaceError(`${path}: found a folder without a state file or history, expected ${expected}${hint}`)
}

async function isFile(disk: Disk, path: string): Promise<boolean> {
  try {
    await disk.list(path)
    return false
  } catch (error) {
    if (codeOf(error) === 'ENOTDIR') return true
    throw error
  }
}

/** The files of a history folder, each kind in the order of the history. */
export async function historyFiles(
  disk: Disk,
  folder: string,
): Promise<{ segments: string[]; snapshots: string[] }> {
  const names = await disk.list(folder)
  const sorted = (zxidOf: (name: string) => number | null): string[] =>
    names
      .map((name) => ({ name, zxid: zxidOf(name) }))
      .filter((entry): entry is { name: string; zxid: number } => entry.zxid !== null)
      .sort((a, b) => a.zxid - b.zxid)
      .map(({ name }) => `${folder}/${name}`)
  return { segments: sorted(segmentFirst), snapshots: sorted(snapshotZxid) }
}
