import type { Command, CommandContext } from './command.ts'
import { parseArguments, UsageError } from './command.ts'
import { findCommand } from './commands/index.ts'
import type { Output } from './output.ts'

/** @throws UsageError when there is no such command */
function commandOf(words: readonly string[]): Command {
  const name = words[0] ?? ''
  const command = findCommand(name)
  if (command === undefined) throw new UsageError(`there is no command "${name}": help lists them`)
  return command
}

/**
 * Carries out one command line.
 *
 * @param connect waits for a server; called for commands that need one
 */
export async function runCommand(
  words: readonly string[],
  context: CommandContext,
  out: Output,
  connect: () => Promise<void>,
): Promise<void> {
  const command = commandOf(words)
  const args = parseArguments(command, words.slice(1))
  if (command.needsServer) await connect()
  await command.run(context, args, args.has('json') ? out.withJson() : out)
}
