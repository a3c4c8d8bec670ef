import { onePath, pathOf, versionFlag } from '../argument-shapes.ts'
import type { Command, CommandContext } from '../command.ts'
import { UsageError } from '../command.ts'
import { createdPath, createFlags, createOptions, createUsage } from '../create-options.ts'
import { dataFields } from '../output.ts'
import { statFields } from '../stat-text.ts'

/** "-" stands for standard input, byte for byte. */
async function dataArgument(context: CommandContext, text: string | undefined): Promise<Buffer | null> {
  if (text === undefined) return null
  return text === '-' && !context.interactive ? context.readStdin() : Buffer.from(text)
}

const create: Command = {
  ...onePath,
  name: 'create',
  usage: `${createUsage} [-p] <path> [data]`,
  summary: 'create a znode',
  examples: [
    'create /app',
    'create -e -s /app/worker- "host 1"',
    'create -p /a/b/c hello',
    'create --ttl 60000 /app/cache',
    'create --container /app/locks',
    'create --acl world:anyone:r,auth::rwcda /app/config',
  ],
  flags: {
    ...createFlags,
    parents: { type: 'boolean', short: 'p', help: 'create missing parents too' },
  },
  positionalsMax: 2,
  async run(context, args, out) {
    const [typed = '', text] = args.positionals
    const path = createdPath(context.currentPath, typed, args.has('sequential'))
    const options = createOptions(args)
    const data = await dataArgument(context, text)
    const created = args.has('parents')
      ? await context.client.createRecursive(path, data, options)
      : await context.client.create(path, data, options)
    out.result({ text: created, json: { path: created } })
  },
}

const get: Command = {
  ...onePath,
  name: 'get',
  usage: '<path>',
  summary: 'print the data of a znode',
  examples: ['get /app', 'get --json /app'],
  flags: {},
  async run(context, args, out) {
    const path = pathOf(context, args)
    const { data, stat } = await context.client.get(path)
    if (out.json) {
      out.result({ text: '', json: { path, ...dataFields(data), stat: statFields(stat) } })
    } else out.data(data ?? Buffer.alloc(0))
  },
}

const set: Command = {
  ...onePath,
  name: 'set',
  usage: '[-v version] <path> <data>',
  summary: 'replace the data of a znode',
  examples: ['set /app "two words"', 'set -v 3 /app new'],
  flags: versionFlag,
  positionalsMin: 2,
  positionalsMax: 2,
  async run(context, args, out) {
    const path = pathOf(context, args)
    const data = await dataArgument(context, args.positionals[1])
    const stat = await context.client.set(path, data, { version: args.count('version') })
    out.result({ text: '', json: { path, stat: statFields(stat) } })
  },
}

const remove: Command = {
  ...onePath,
  name: 'delete',
  usage: '[-v version] <path>',
  summary: 'delete a znode without children',
  examples: ['delete /app/old', 'delete -v 3 /app/old'],
  flags: versionFlag,
  async run(context, args, out) {
    const path = pathOf(context, args)
    await context.client.delete(path, { version: args.count('version') })
    out.result({ text: '', json: { path, deleted: 1 } })
  },
}

const deleteAll: Command = {
  ...onePath,
  name: 'deleteall',
  usage: '<path>',
  summary: 'delete a znode and everything below it',
  examples: ['deleteall /app'],
  flags: {},
  async run(context, args, out) {
    const path = pathOf(context, args)
    if (path === '/') throw new UsageError('deleteall: "/" itself cannot be deleted: name what is below it')
    const deleted = await context.client.deleteRecursive(path)
    out.result({ text: '', json: { path, deleted } })
  },
}

/** Commands that make, read, change and remove one znode. */
export const nodeCommands: readonly Command[] = [create, get, set, remove, deleteAll]
