import { expect, test } from 'vitest'
import { ReplicatedState } from '../../src/tree/replicated-state.ts'
import { OpCode } from '../../src/wire/opcodes.ts'
import { createBody, Harness } from './harness.ts'

const noPause = async (): Promise<void> => {}
const configOf = ({ tree }: ReplicatedState) => {
  const node = tree.find('/zookeeper/config')
  return node === undefined ? null : { text: tree.data(node)?.toString(), version: tree.version(node) }
}

test('membership: servers that show different texts -> equal states, equal snapshots, each its own text', async () => {
  const [bare, one, other] = [new ReplicatedState(), new ReplicatedState(), new ReplicatedState()]
  one.showMembership('server.1=a')
  other.showMembership('server.1=b')
  expect(configOf(bare)).toEqual({ text: '', version: 0 })
  expect(configOf(one)).toEqual({ text: 'server.1=a', version: -1 })
  expect(new Set([bare, one, other].map((state) => state.digest())).size).toBe(1)

  await other.load(one.snapshot(noPause))
  expect(configOf(other)).toEqual({ text: 'server.1=b', version: -1 })
  await bare.load(other.snapshot(noPause))
  expect(configOf(bare)).toEqual({ text: '', version: 0 })
  other.reset()
  expect(configOf(other)).toEqual({ text: 'server.1=b', version: -1 })
  expect(new Set([bare, one, other].map((state) => state.digest())).size).toBe(1)
})

test.each(['', '/zookeeper', '/zookeeper/config'])(
  'membership: a quota counts what there is at and below "%s" -> equal states, whatever the text is',
  (quota) => {
    const h = new Harness()
    h.state.showMembership('server.1=a')
    const other = new ReplicatedState()
    other.showMembership('server.1=somewhere-else')
    const session = h.newSession()
    const create = (path: string): void => {
      const known = h.state.tree.find(path) !== undefined
      if (!known) expect(h.run(OpCode.create, createBody(path), { session }).error).toBe(0)
    }
    create('/zookeeper/quota/zookeeper')
    create(`/zookeeper/quota${quota}`)
    create(`/zookeeper/quota${quota}/zookeeper_limits`)
    create(`/zookeeper/quota${quota}/zookeeper_stats`)
    for (const { zxid, bytes } of h.history) other.apply(zxid, bytes, h.listener)
    expect(other.digest()).toBe(h.state.digest())
  },
)
