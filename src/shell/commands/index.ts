import type { Command } from '../command.ts'
import { accessCommands } from './access.ts'
import { fourLetterWordCommands } from './four-letter-words.ts'
import { helpCommand } from './help.ts'
import { listingCommands } from './listing.ts'
import { movingCommands } from './moving.ts'
import { nodeCommands } from './nodes.ts'
import { persistentWatchCommands } from './persistent-watches.ts'
import { quotaCommands } from './quotas.ts'
import { sessionCommands } from './session.ts'
import { transactionCommands } from './transactions.ts'
import { watchingCommands } from './watching.ts'

/** All commands, in the order in which `help` lists them. */
export const commands: readonly Command[] = [
  ...nodeCommands,
  ...transactionCommands,
  ...listingCommands,
  ...movingCommands,
  ...watchingCommands,
  ...persistentWatchCommands,
  ...accessCommands,
  ...quotaCommands,
  ...sessionCommands,
  ...fourLetterWordCommands,
  helpCommand(() => commands),
]

const byName = new Map(
  commands.flatMap((command) => [command.name, ...(command.aliases ?? [])].map((name) => [name, command])),
)

/** Capitals do not matter: people know some of the commands as getAcl or addWatch. */
export function findCommand(name: string): Command | undefined {
  return byName.get(name.toLowerCase())
}
