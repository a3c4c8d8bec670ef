import { formatAddress } from '../../client/index.ts'
import { noArguments, optionalPath, pathOf } from '../argument-shapes.ts'
import type { Command } from '../command.ts'
import { hex } from '../output.ts'

const sync: Command = {
  ...optionalPath,
  name: 'sync',
  usage: '[path]',
  summary: 'wait until this server has caught up with the leader',
  examples: ['sync'],
  flags: {},
  async run(context, args, out) {
    const path = pathOf(context, args)
    await context.client.sync(path)
    out.result({ text: '', json: { path, synced: true } })
  },
}

const session: Command = {
  ...noArguments,
  name: 'session',
  summary: 'print the session: server, id, timeout',
  examples: ['session'],
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
  ...noArguments,
  name: 'quit',
  aliases: ['exit'],
  summary: 'end the session and leave',
  examples: ['quit'],
  needsServer: false,
  async run(context) {
    context.quit()
  },
}

/** Commands about the session itself. */
export const sessionCommands: readonly Command[] = [sync, session, quit]
