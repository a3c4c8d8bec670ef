import { ErrorCode, ZkError } from '../../client/index.ts'
import { noArguments, optionalPath } from '../argument-shapes.ts'
import type { Command } from '../command.ts'
import { resolvePath } from '../znode-path.ts'

const cd: Command = {
  ...optionalPath,
  name: 'cd',
  usage: '[path]',
  summary: 'change the current path; without a path, to "/"',
  examples: ['cd /app', 'cd ..'],
  flags: {},
  async run(context, args) {
    const path = resolvePath(context.currentPath, args.positionals[0] ?? '/')
    if ((await context.client.exists(path)) === null) throw new ZkError(ErrorCode.noNode, path)
    context.currentPath = path
  },
}

const pwd: Command = {
  ...noArguments,
  name: 'pwd',
  summary: 'print the current path',
  examples: ['pwd'],
  needsServer: false,
  async run(context, _args, out) {
    out.result({ text: context.currentPath, json: { path: context.currentPath } })
  },
}

/** Commands for going about in the tree. */
export const movingCommands: readonly Command[] = [cd, pwd]
