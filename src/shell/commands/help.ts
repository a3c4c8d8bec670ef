import type { Command, CommandShape } from '../command.ts'
import { UsageError, usageLine } from '../command.ts'

/** Tells about the commands in `commands`, itself included. */
export function helpCommand(commands: () => readonly Command[]): Command {
  return {
    name: 'help',
    usage: '[command]',
    summary: 'tell what the commands do',
    examples: ['help', 'help create'],
    flags: {},
    positionalsMin: 0,
    positionalsMax: 1,
    pathArguments: [],
    commandArguments: [0],
    needsServer: false,
    async run(_context, args, out) {
      const name = args.positionals[0]?.toLowerCase()
      if (name === undefined) {
        for (const command of commands()) {
          out.result({
            text: `  ${command.name.padEnd(nameWidth)} ${command.summary}`,
            json: { command: command.name, usage: usageLine(command), summary: command.summary },
          })
        }
        out.note('help <command> tells its arguments, with examples; every command takes --json')
        return
      }
      const command = commands().find((other) => other.name === name || other.aliases?.includes(name))
      if (command === undefined)
        throw new UsageError(`help: there is no command "${name}"; "help" lists them`)
      out.result({
        text: helpText(command),
        json: {
          command: command.name,
          usage: usageLine(command),
          summary: command.summary,
          examples: command.examples,
        },
      })
    },
  }
}

const nameWidth = 15

function helpText(command: Command): string {
  const lines = [usageLine(command), `  ${command.summary}`, ...flagLines(command)]
  for (const operation of command.operations ?? []) {
    lines.push(`  ${usageLine(operation)}`, ...flagLines(operation).map((line) => `  ${line}`))
  }
  for (const detail of command.details ?? []) lines.push(`  ${detail}`)
  for (const example of command.examples) lines.push(`  example: ${example}`)
  if (command.aliases !== undefined) lines.push(`  also: ${command.aliases.join(', ')}`)
  return lines.join('\n')
}

function flagLines(command: CommandShape): string[] {
  return Object.entries(command.flags).map(([name, { short, help }]) => {
    const forms = short === undefined ? `--${name}` : `-${short}, --${name}`
    return `  ${forms.padEnd(18)} ${help}`
  })
}
