import { aclHelp, aclText, parseAcls } from '../acl-text.ts'
import { noArguments, onePath, pathOf, versionFlag } from '../argument-shapes.ts'
import type { Command } from '../command.ts'
import { statFields } from '../stat-text.ts'

const addAuth: Command = {
  name: 'addauth',
  usage: '<scheme> <credential>',
  summary: 'prove an identity to the servers, for the rest of this session',
  details: [
    'A single command from the command line wants the option --auth of zk-shell instead.',
    'What is typed here is not kept in the history.',
  ],
  examples: ['addauth digest user:password'],
  flags: {},
  positionalsMin: 2,
  positionalsMax: 2,
  pathArguments: [],
  choices: { 0: ['digest'] },
  needsServer: true,
  async run(context, args, out) {
    const [scheme = '', credential = ''] = args.positionals
    await context.client.addAuth(scheme, credential)
    out.result({ text: '', json: { scheme, accepted: true } })
  },
}

const whoAmI: Command = {
  ...noArguments,
  name: 'whoami',
  summary: 'print whom the server takes this session for, as scheme:user',
  examples: ['whoami'],
  needsServer: true,
  async run(context, _args, out) {
    for (const { scheme, user } of await context.client.whoAmI()) {
      out.result({ text: `${scheme}:${user}`, json: { scheme, user } })
    }
  },
}

const getAcl: Command = {
  ...onePath,
  name: 'getacl',
  usage: '<path>',
  summary: 'print the access control list of a znode',
  examples: ['getacl /app'],
  flags: {},
  async run(context, args, out) {
    const path = pathOf(context, args)
    const { acl, stat } = await context.client.getAcl(path)
    for (const entry of acl) {
      const { scheme, id, perms } = entry
      out.result({ text: aclText(entry), json: { path, scheme, id, perms, aversion: stat.aversion } })
    }
  },
}

const setAcl: Command = {
  ...onePath,
  name: 'setacl',
  usage: '[-v version] <path> <acl>',
  summary: 'replace the access control list of a znode',
  details: [
    `The list is written ${aclHelp}.`,
    'auth::rwcda stands for the identities of this session (see addauth). Znodes below keep theirs.',
  ],
  examples: ['setacl /app world:anyone:r,auth::rwcda', 'setacl -v 0 /app ip:10.0.0.0/8:rw'],
  flags: {
    version: { ...versionFlag.version, help: 'only when its list has this version (stat: aclVersion)' },
  },
  positionalsMin: 2,
  positionalsMax: 2,
  async run(context, args, out) {
    const path = pathOf(context, args)
    const acl = parseAcls(args.positionals[1] ?? '')
    const stat = await context.client.setAcl(path, acl, { version: args.count('version') })
    out.result({ text: '', json: { path, stat: statFields(stat) } })
  },
}

/** Commands about who may do what. */
export const accessCommands: readonly Command[] = [addAuth, whoAmI, getAcl, setAcl]
