import { formatAddress } from '../../client/index.ts'
import type { Command } from '../command.ts'
import { UsageError, usageLine } from '../command.ts'
import { hex } from '../output.ts'
import { resolvePath } from '../znode-path.ts'

const sync: Command = {
  name: 'sync',
  usage: '[path]',
  summary: 'wait until this server has caught up with the leader',
  examples: ['sync'],
  flags: {},
  positionalsMin: 0,
  positionalsMax: 1,
  pathArguments: [0],
  needsServer: true,
  async run(context, args, out) {
    const path = resolvePath(context.currentPath, args.positionals[0] ?? '.')
    await context.client.sync(path)
    out.result({ text: '', json: { path, synced: true } })
  },
}

const session: Command = {
  name: 'session',
  usage: '',
  summary: 'print the session: server, id, timeout',
  examples: [],
  flags: {},
  positionalsMin: 0,
  positionalsMax: 0,
  pathArguments: [],
  needsServer: true,
  async run(context, _args, out) {
    const { client } = context
    const server = client.server === null ? 'none' : formatAddress(client.server)
    out.result({
      text: [
        `server = ${server}`,
        `state = ${client.state}`,
        `session = ${hex(client.sessionId)}`,
        `timeout = ${client.sessionTimeoutMs} ms`,
        `exactly-once writes = ${client.exactlyOnce ? 'yes' : 'no'}`,
      ].join('\n'),
      json: {
        server,
        state: client.state,
        session: client.sessionId,
        timeoutMs: client.sessionTimeoutMs,
        exactlyOnce: client.exactlyOnce,
      },
    })
  },
}

const quit: Command = {
  name: 'quit',
  usage: '',
  summary: 'end the session and leave',
  examples: [],
  flags: {},
  positionalsMin: 0,
  positionalsMax: 0,
  pathArguments: [],
  needsServer: false,
  async run(context) {
    context.quit()
  },
}

/** Tells about the commands in `commands`, itself included. */
export function helpCommand(commands: () => readonly Command[]): Command {
  return {
    name: 'help',
    usage: '[command]',
    summary: 'tell what the commands do',
    examples: ['help create'],
    flags: {},
    positionalsMin: 0,
    positionalsMax: 1,
    pathArguments: [],
    commandArguments: [0],
    needsServer: false,
    async run(_context, args, out) {
      const name = args.positionals[0]
      if (name === undefined) {
        for (const command of commands()) {
          out.result({
            text: `  ${usageLine(command).padEnd(34)} ${command.summary}`,
            json: { command: command.name, usage: usageLine(command), summary: command.summary },
          })
        }
        return
      }
      const command = commands().find((other) => other.name === name)
      if (command === undefined)
        throw new UsageError(`help: there is no command "${name}"; "help" lists them`)
      out.result({
        text: helpText(command),
        json: { command: name, usage: usageLine(command), summary: command.summary },
      })
    },
  }
}

function helpText(command: Command): string {
  const lines = [usageLine(command), `  ${command.summary}`]
  for (const [name, flag] of Object.entries(command.flags)) {
    const forms = flag.short === undefined ? `--${name}` : `-${flag.short}, --${name}`
    lines.push(`  ${forms.padEnd(18)} ${flag.help}`)
  }
  for (const example of command.examples) lines.push(`  example: ${example}`)
  return lines.join('\n')
}

/** Commands about the session itself. */
export const sessionCommands: readonly Command[] = [sync, session, quit]
