import type { Client } from '../client/index.ts'
import { parseConnectString } from '../client/index.ts'
import type { CommandContext } from './command.ts'
import type { ShellOptions } from './options.ts'

/** What commands work with, however they are given to the shell. */
export function sharedContext(
  client: Client,
  options: ShellOptions,
): Pick<CommandContext, 'client' | 'servers' | 'timeoutMs' | 'currentPath' | 'watches'> {
  const { servers } = parseConnectString(options.servers)
  return { client, servers, timeoutMs: options.timeoutMs, currentPath: '/', watches: new Set() }
}
