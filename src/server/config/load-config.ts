import { dirname, resolve } from 'node:path'
import type { Disk } from '../../runtime/disk.ts'
import { ConfigError, type Place } from './config-error.ts'
import { serverIdMax, serverIdMin } from './draft.ts'
import { type ParsedConfig, parseConfig, pointersOf } from './parse-config.ts'

/**
 * Reads a configuration file with the files it points to: `dataDir/myid` when no id is given, and the dynamic file of a
 * zoo.cfg. Throws ConfigError.
 */
export async function loadConfig(
  disk: Disk,
  file: string,
  options: { serverId?: number | 'first' } = {},
): Promise<ParsedConfig> {
  const text = await readText(disk, file, { file, line: null }, 'a configuration file that can be read')
  const { dataDir, dynamicConfigFile } = pointersOf(text, file)
  const folder = dirname(file)
  const dynamicPath = dynamicConfigFile === null ? null : resolve(folder, dynamicConfigFile.value)
  const dynamicText =
    dynamicConfigFile === null || dynamicPath === null
      ? null
      : await readText(
          disk,
          dynamicPath,
          dynamicConfigFile.place,
          'a dynamic configuration file that can be read',
        )
  const serverId =
    options.serverId ?? (dataDir === null ? null : await readMyId(disk, resolve(folder, dataDir, 'myid')))
  return parseConfig(text, file, {
    ...(serverId === null ? {} : { serverId }),
    ...(dynamicText === null || dynamicPath === null
      ? {}
      : { dynamic: { text: dynamicText, file: dynamicPath } }),
  })
}

async function readText(disk: Disk, path: string, place: Place, expected: string): Promise<string> {
  try {
    return (await disk.readFile(path)).toString('utf8')
  } catch (error) {
    const found = codeOf(error) === 'ENOENT' ? `no file ${path}` : `${path} unreadable (${codeOf(error)})`
    throw new ConfigError([{ ...place, found, expected }])
  }
}

/** The id in a file `myid`; null when there is none. */
async function readMyId(disk: Disk, path: string): Promise<number | null> {
  let text: string
  try {
    text = (await disk.readFile(path)).toString('utf8').trim()
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return null
    throw new ConfigError([
      { file: path, line: null, found: `it unreadable (${codeOf(error)})`, expected: 'a server id' },
    ])
  }
  const id = /^\d{1,3}$/.test(text) ? Number(text) : -1
  if (id >= serverIdMin && id <= serverIdMax) return id
  throw new ConfigError([
    {
      file: path,
      line: 1,
      found: `"${text}"`,
      expected: `only the server's id, a whole number from ${serverIdMin} to ${serverIdMax}`,
    },
  ])
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error)
}
