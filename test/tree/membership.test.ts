import { expect, test } from 'vitest'
import { ReplicatedState } from '../../src/tree/replicated-state.ts'

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
