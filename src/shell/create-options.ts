import type { CreateOptions } from '../client/index.ts'
import { ttlMsMax } from '../client/index.ts'
import { aclHelp, parseAcls } from './acl-text.ts'
import type { CommandArguments } from './command.ts'
import { resolvePath } from './znode-path.ts'

/** How a znode is to be made; of the command `create`, and of a transaction's. */
export const createFlags = {
  ephemeral: { type: 'boolean', short: 'e', help: 'it ends with this session' },
  sequential: { type: 'boolean', short: 's', help: 'append a rising number to the name' },
  container: { type: 'boolean', short: 'c', help: 'the servers delete it after its last child went' },
  ttl: {
    type: 'string',
    short: 't',
    countMin: 1,
    countMax: ttlMsMax,
    help: 'the servers delete it when unchanged for so many ms, and childless',
  },
  acl: { type: 'string', short: 'a', help: `who may do what: ${aclHelp}` },
} as const

export const createUsage = '[-e] [-s] [-c] [-t ms] [-a acl]'

/** @throws UsageError for an access control list that cannot be read */
export function createOptions(args: CommandArguments): CreateOptions {
  const acl = args.text('acl')
  return {
    ephemeral: args.has('ephemeral'),
    sequential: args.has('sequential'),
    container: args.has('container'),
    ttlMs: args.count('ttl'),
    acl: acl === undefined ? undefined : parseAcls(acl),
  }
}

/** The path of a znode to make. Of a sequential one, the number may be the whole name. */
export function createdPath(currentPath: string, typed: string, sequential: boolean): string {
  const path = resolvePath(currentPath, typed)
  return sequential && typed.endsWith('/') && path !== '/' ? `${path}/` : path
}
