import type { Command, CommandContext } from '../command.ts'
import { UsageError } from '../command.ts'
import { dataFields } from '../output.ts'
import { statFields } from '../stat-text.ts'
import { resolvePath } from '../znode-path.ts'

const versionFlag = {
  version: { type: 'string', short: 'v', countMin: 0, help: 'only when the znode has this version' },
} as const

/** "-" stands for standard input, byte for byte. */
async function dataArgument(context: CommandContext, text: string | undefined): Promise<Buffer | null> {
  if (text === undefined) return null
  return text === '-' && !context.interactive ? context.readStdin() : Buffer.from(text)
}

const create: Command = {
  name: 'create',
  usage: '[-e] [-s] [-p] <path> [data]',
  summary: 'create a znode',
  examples: ['create /app', 'create -e -s /app/worker- "host 1"', 'create -p /a/b/c hello'],
  flags: {
    ephemeral: { type: 'boolean', short: 'e', help: 'it ends with this session' },
    sequential: { type: 'boolean', short: 's', help: 'append a rising number to the name' },
    parents: { type: 'boolean', short: 'p', help: 'create missing parents too' },
  },
  positionalsMin: 1,
  positionalsMax: 2,
  pathArguments: [0],
  needsServer: true,
  async run(context, args, out) {
    const [typed = '', text] = args.positionals
    const sequential = args.has('sequential')
    let path = resolvePath(context.currentPath, typed)
    if (sequential && typed.endsWith('/') && path !== '/') path += '/'
    const data = await dataArgument(context, text)
    const options = { ephemeral: args.has('ephemeral'), sequential }
    const created = args.has('parents')
      ? await context.client.createRecursive(path, data, options)
      : await context.client.create(path, data, options)
    out.result({ text: created, json: { path: created } })
  },
}

const get: Command = {
  name: 'get',
  usage: '<path>',
  summary: 'print the data of a znode',
  examples: ['get /app', 'get --json /app'],
  flags: {},
  positionalsMin: 1,
  positionalsMax: 1,
  pathArguments: [0],
  needsServer: true,
  async run(context, args, out) {
    const path = resolvePath(context.currentPath, args.positionals[0] ?? '')
    const { data, stat } = await context.client.get(path)
    if (out.json) {
      out.result({ text: '', json: { path, ...dataFields(data), stat: statFields(stat) } })
    } else out.data(data ?? Buffer.alloc(0))
  },
}

const set: Command = {
  name: 'set',
  usage: '[-v version] <path> <data>',
  summary: 'replace the data of a znode',
  examples: ['set /app "two words"', 'set -v 3 /app new'],
  flags: versionFlag,
  positionalsMin: 2,
  positionalsMax: 2,
  pathArguments: [0],
  needsServer: true,
  async run(context, args, out) {
    const path = resolvePath(context.currentPath, args.positionals[0] ?? '')
    const data = await dataArgument(context, args.positionals[1])
    const stat = await context.client.set(path, data, { version: args.count('version') })
    out.result({ text: '', json: { path, stat: statFields(stat) } })
  },
}

const remove: Command = {
  name: 'delete',
  usage: '[-v version] <path>',
  summary: 'delete a znode without children',
  examples: ['delete /app/old', 'delete -v 3 /app/old'],
  flags: versionFlag,
  positionalsMin: 1,
  positionalsMax: 1,
  pathArguments: [0],
  needsServer: true,
  async run(context, args, out) {
    const path = resolvePath(context.currentPath, args.positionals[0] ?? '')
    await context.client.delete(path, { version: args.count('version') })
    out.result({ text: '', json: { path, deleted: 1 } })
  },
}

const deleteAll: Command = {
  name: 'deleteall',
  usage: '<path>',
  summary: 'delete a znode and everything below it',
  examples: ['deleteall /app'],
  flags: {},
  positionalsMin: 1,
  positionalsMax: 1,
  pathArguments: [0],
  needsServer: true,
  async run(context, args, out) {
    const path = resolvePath(context.currentPath, args.positionals[0] ?? '')
    if (path === '/') throw new UsageError('deleteall: "/" itself cannot be deleted: name what is below it')
    const deleted = await context.client.deleteRecursive(path)
    out.result({ text: '', json: { path, deleted } })
  },
}

/** Commands that make, read, change and remove one znode. */
export const nodeCommands: readonly Command[] = [create, get, set, remove, deleteAll]
