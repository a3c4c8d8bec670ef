import type { Command } from '../command.ts'
import { listingCommands } from './listing.ts'
import { movingCommands } from './moving.ts'
import { nodeCommands } from './nodes.ts'
import { helpCommand, sessionCommands } from './session.ts'
import { watchingCommands } from './watching.ts'

/** All commands, in the order in which `help` lists them. */
export const commands: readonly Command[] = [
  ...nodeCommands,
  ...listingCommands,
  ...movingCommands,
  ...watchingCommands,
  ...sessionCommands,
  helpCommand(() => commands),
]

const byName = new Map(commands.map((command) => [command.name, command]))

export function findCommand(name: string): Command | undefined {
  return byName.get(name)
}
