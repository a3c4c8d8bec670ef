import { expect, test } from 'vitest'
import { Ensemble } from './harness/ensemble.ts'
import { RawClient } from './harness/raw-client.ts'
import { serverKind } from './harness/server-kind.ts'
import { differences, treeOn } from './harness/tree-on.ts'

const stopMsMax = 1000
// A Java process reports that it was ended by the signal.
const expectedCode = serverKind.name === 'Banyan' ? 0 : 143

test('stop: SIGTERM to a follower, the leader and then the last one, with clients -> exit 0 within a second', async () => {
  const ensemble = await Ensemble.start()
  await ensemble.ledBy(3)
  const client = await ensemble.client()
  await client.create('/kept', 'here')
  for (const server of ensemble.servers) await RawClient.attach(server.member.clientPort)
  for (const id of [1, 3, 2]) {
    const startMs = performance.now()
    const end = await ensemble.server(id).terminate()
    expect(end).toEqual({ code: expectedCode, signal: null })
    expect(performance.now() - startMs).toBeLessThan(stopMsMax)
  }
  await ensemble.startAll()
  await client.connected()
  expect((await client.get('/kept')).data?.toString()).toBe('here')
})

test('stop: a lone server is stopped and started again -> the same tree, and writes go on', async () => {
  const ensemble = await Ensemble.start({ count: 1 })
  const server = ensemble.server(1)
  const client = await ensemble.client({ sessionTimeoutMs: 20_000 })
  await client.create('/tree', 'root')
  await Promise.all(Array.from({ length: 200 }, (_, i) => client.create(`/tree/${i}`, `data ${i}`)))
  await client.set('/tree/7', 'changed')
  await client.create('/tree/mine', null, { ephemeral: true })
  const before = await treeOn(server)
  expect((await server.terminate()).code).toBe(expectedCode)
  await ensemble.startAll()
  await client.connected()
  expect(differences(before, await treeOn(server))).toEqual([])
  expect((await client.set('/tree/7', 'again')).version).toBe(2)
})

test('stop: SIGINT, as Ctrl-C sends it -> exit as with SIGTERM', async () => {
  const ensemble = await Ensemble.start({ count: 1 })
  const { child } = ensemble.server(1)
  child.signal('SIGINT')
  expect((await child.ended).code).toBe(serverKind.name === 'Banyan' ? 0 : 130)
})
