import type { Quota, QuotaLimit } from '../../client/index.ts'
import { ErrorCode, ZkError } from '../../client/index.ts'
import { onePath, optionalPath, pathOf } from '../argument-shapes.ts'
import type { Command, Flag } from '../command.ts'
import { UsageError } from '../command.ts'

/** Short flags as in ZooKeeper's own shell: small for soft, capital for hard. */
const limitFlags: readonly (readonly [flag: string, limit: QuotaLimit, short: string, what: string])[] = [
  ['count', 'count', 'n', 'znodes, soft: more is logged'],
  ['bytes', 'bytes', 'b', 'bytes of data, soft: more is logged'],
  ['count-hard', 'countHard', 'N', 'znodes, hard: more is refused'],
  ['bytes-hard', 'bytesHard', 'B', 'bytes of data, hard: more is refused'],
]

function flagsOf(make: (what: string) => Omit<Flag, 'short'>): Readonly<Record<string, Flag>> {
  return Object.fromEntries(limitFlags.map(([flag, , short, what]) => [flag, { ...make(what), short }]))
}

/** One dimension, as in `count 2 of 5 (hard 10)`. */
function dimensionText(quota: Quota, name: 'count' | 'bytes'): string {
  const soft = quota.limits[name]
  const hard = quota.limits[name === 'count' ? 'countHard' : 'bytesHard']
  const used = quota.usage === null ? 'not counted' : quota.usage[name]
  if (soft === null && hard === null) return `${name} ${used}, no limit`
  if (soft === null) return `${name} ${used} of ${hard} (hard)`
  return `${name} ${used} of ${soft}${hard === null ? '' : ` (hard ${hard})`}`
}

const listQuota: Command = {
  ...optionalPath,
  name: 'listquota',
  usage: '[path]',
  summary: 'list the quotas on a znode and below it, with what is used; without a path, all',
  examples: ['listquota', 'listquota /app'],
  flags: {},
  async run(context, args, out) {
    const path = args.positionals[0] === undefined ? '/' : pathOf(context, args)
    const quotas = await context.client.listQuotas(path)
    if (quotas.length === 0 && args.positionals[0] !== undefined) {
      throw new ZkError(ErrorCode.noNode, path, 'there is no quota on this znode or below it')
    }
    for (const quota of quotas) {
      out.result({
        text: `${quota.path}  ${dimensionText(quota, 'count')}; ${dimensionText(quota, 'bytes')}`,
        json: { ...quota },
      })
    }
  },
}

const setQuota: Command = {
  ...onePath,
  name: 'setquota',
  usage: '[-n count] [-b bytes] [-N count] [-B bytes] <path>',
  summary: 'limit the znodes and bytes on a znode and below it',
  details: [
    'Limits that are not given stay. Servers keep to hard limits when their enforceQuota is yes.',
    'A znode inside one with a quota cannot have another.',
  ],
  examples: ['setquota -n 1000 -b 1000000 /app', 'setquota -N 2000 /app'],
  flags: flagsOf((help) => ({ type: 'string', countMin: 0, countMax: Number.MAX_SAFE_INTEGER, help })),
  async run(context, args, out) {
    const path = pathOf(context, args)
    const given = limitFlags.flatMap(([flag, limit]) => {
      const value = args.count(flag)
      return value === undefined ? [] : [[limit, value] as const]
    })
    if (given.length === 0) throw new UsageError(`setquota: no limit given: expected ${setQuota.usage}`)
    const limits = Object.fromEntries(given)
    await context.client.setQuota(path, limits)
    out.result({ text: '', json: { path, limits } })
  },
}

const deleteQuota: Command = {
  ...onePath,
  name: 'delquota',
  usage: '[-n] [-b] [-N] [-B] <path>',
  summary: 'take limits of a quota away; without flags, the whole quota',
  examples: ['delquota /app', 'delquota -b /app'],
  flags: flagsOf((what) => ({ type: 'boolean', help: `only this limit: ${what}` })),
  async run(context, args, out) {
    const path = pathOf(context, args)
    const names = limitFlags.filter(([flag]) => args.has(flag)).map(([, limit]) => limit)
    await context.client.deleteQuota(path, names)
    out.result({ text: '', json: { path, deleted: names.length === 0 ? 'all' : names } })
  },
}

/** Commands about how much may be kept where. */
export const quotaCommands: readonly Command[] = [listQuota, setQuota, deleteQuota]
