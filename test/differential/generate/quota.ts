import type { SeededRandom } from '../../../src/runtime/seeded-random.ts'
import { home, type Request } from '../program.ts'
import { weighted } from './arguments.ts'
import { request } from './request.ts'

const open = [{ perms: 31, scheme: 'world', id: 'anyone' }]
const root = '/zookeeper/quota'

const texts = [
  'count=4,bytes=-1',
  'count=-1,bytes=30',
  'count=-1,bytes=-1=;byteHardLimit=-1;countHardLimit=4',
  'count=-1,bytes=-1=;byteHardLimit=25;countHardLimit=-1',
  'count=2,bytes=10=;byteHardLimit=40;countHardLimit=6',
  'count=-1,bytes=-1=;byteHardLimit=0;countHardLimit=0',
  'count=-1,bytes=-1',
] as const

/** Everything that sets up a quota on a node, one request each, as the command line tools do. */
export function quotaSetup(random: SeededRandom, onHome: boolean): Request[] {
  const below = onHome ? [home] : [home, `${home}/${random.pick(['a', 'b'])}`]
  const path = `${root}${below.at(-1)}`
  const create = (at: string, bytes: string | null): Request =>
    request('create', { text: at }, { bytes }, { acl: open }, { int: 0 })
  return [
    ...below.map((node) => create(root + node, null)),
    create(`${path}/zookeeper_limits`, random.pick(texts)),
    create(`${path}/zookeeper_stats`, 'count=0,bytes=0'),
  ]
}

/** Looks at the usage, or changes the quota, or ends it. */
export function quotaRequest(random: SeededRandom, mayWatch: boolean): Request {
  const path = `${root}${random.pick([home, `${home}/a`, `${home}/b`])}`
  const limits = { text: `${path}/zookeeper_limits` }
  const stats = { text: `${path}/zookeeper_stats` }
  return weighted<() => Request>(random, [
    [8, () => request('getData', stats, { bool: mayWatch ? random.below(2) : 0 })],
    [2, () => request('getData', limits, { bool: mayWatch ? random.below(2) : 0 })],
    [3, () => request('setData', limits, { bytes: random.pick(texts) }, { int: -1 })],
    [1, () => request('delete', limits, { int: -1 })],
    [1, () => request('create', limits, { bytes: random.pick(texts) }, { acl: open }, { int: 0 })],
    [1, () => request('delete', stats, { int: -1 })],
    [1, () => request('create', stats, { bytes: 'count=0,bytes=0' }, { acl: open }, { int: 0 })],
    [2, () => request('exists', stats, { bool: mayWatch ? 1 : 0 })],
  ])()
}
