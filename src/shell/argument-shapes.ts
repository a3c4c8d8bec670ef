import type { CommandArguments, CommandContext } from './command.ts'
import { resolvePath } from './znode-path.ts'

/** The arguments that many commands have in common, to be spread into a command. */

export const onePath = {
  positionalsMin: 1,
  positionalsMax: 1,
  pathArguments: [0],
  needsServer: true,
} as const

/** Without it, the current path is meant. */
export const optionalPath = { ...onePath, positionalsMin: 0 } as const

export const noArguments = {
  usage: '',
  flags: {},
  positionalsMin: 0,
  positionalsMax: 0,
  pathArguments: [],
} as const

/** The znode that the first argument means; the current one when there is none. */
export function pathOf(context: CommandContext, args: CommandArguments): string {
  return resolvePath(context.currentPath, args.positionals[0] ?? '.')
}

/** For changes that are to happen only when nobody else made one before. */
export const versionFlag = {
  version: { type: 'string', short: 'v', countMin: 0, help: 'only when the znode has this version' },
} as const
