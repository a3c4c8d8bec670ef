import { describe, expect, test } from 'vitest'
import { standardAccess } from '../../../src/server/config/access-settings.ts'
import { JuteReader } from '../../../src/wire/jute-reader.ts'
import { OpCode } from '../../../src/wire/opcodes.ts'
import { GetEphemeralsResponse, WhoAmIResponse } from '../../../src/wire/requests.ts'
import { Harness } from '../client-side-harness.ts'
import { ephemeral, type RawClient } from '../raw-client.ts'
import { addAuth, createWith, perms, setAcl } from '../watches/requests.ts'

const numberBelow = (client: RawClient, path: string | null): { error: number; count: number | null } => {
  const [reply] = client.ask(client.request(OpCode.getAllChildrenNumber, (body) => body.string(path)))
  if (reply === undefined) throw new Error('there is no reply')
  return { error: reply.error, count: reply.error === 0 ? reply.body.readInt32BE(0) : null }
}

const ephemerals = (client: RawClient, prefix: string | null): readonly string[] => {
  const [reply] = client.ask(client.request(OpCode.getEphemerals, (body) => body.string(prefix)))
  expect(reply?.error).toBe(0)
  return [...(GetEphemeralsResponse.read(new JuteReader(reply?.body)).ephemerals ?? [])].sort()
}

const whoAmI = (client: RawClient): unknown => {
  const [reply] = client.ask(client.request(OpCode.whoAmI))
  expect(reply?.error).toBe(0)
  return WhoAmIResponse.read(new JuteReader(reply?.body)).clientInfo
}

describe('getAllChildrenNumber', () => {
  test('all below, not the node itself; the root under its empty name counts itself', async () => {
    const harness = await Harness.serving()
    const client = harness.client()
    expect(numberBelow(client, '/')).toEqual({ error: 0, count: 3 })
    expect(numberBelow(client, '')).toEqual({ error: 0, count: 4 })
    client.ask(...['/a', '/a/b', '/a/b/c', '/a/d', '/ab'].map((path) => client.create(path)))
    expect(numberBelow(client, '/a')).toEqual({ error: 0, count: 3 })
    expect(numberBelow(client, '/a/b')).toEqual({ error: 0, count: 1 })
    expect(numberBelow(client, '/ab')).toEqual({ error: 0, count: 0 })
    expect(numberBelow(client, '/')).toEqual({ error: 0, count: harness.side.state.tree.nodeCount - 2 })
    client.ask(client.delete('/a/b/c'))
    expect(numberBelow(client, '/a')).toEqual({ error: 0, count: 2 })
  })

  test('no node, no permission, a path that cannot be, null -> their errors', async () => {
    const harness = await Harness.serving()
    const client = harness.client()
    client.ask(createWith(client, '/secret', perms(30)), client.create('/secret/child'))
    client.ask(client.create('/open'), createWith(client, '/open/secret', perms(0)))
    expect(numberBelow(client, '/gone').error).toBe(-101)
    expect(numberBelow(client, '/secret').error).toBe(-102)
    expect(numberBelow(client, '/open/')).toEqual({ error: -101, count: null })
    expect(numberBelow(client, null).error).toBe(-5)
    // What may not be read below is counted.
    expect(numberBelow(client, '/open')).toEqual({ error: 0, count: 1 })
  })

  test('the state comes by snapshot -> the same numbers', async () => {
    const harness = await Harness.serving()
    const client = harness.client()
    client.ask(...['/a', '/a/b', '/a/b/c', '/a/d'].map((path) => client.create(path)))
    const elsewhere = await Harness.start({ serverId: 2 })
    await elsewhere.load(harness.side.state.lastApplied, await harness.snapshot())
    elsewhere.replica.epoch = harness.replica.epoch
    elsewhere.replica.lead()
    expect(numberBelow(elsewhere.client(), '/a')).toEqual({ error: 0, count: 3 })
    expect(numberBelow(elsewhere.client(), '/')).toEqual({ error: 0, count: 7 })
  })
})

describe('getEphemerals', () => {
  test('a prefix of many blanks and something else -> compared as text, in no time', async () => {
    const harness = await Harness.serving()
    const client = harness.client()
    client.ask(client.create('/a', ephemeral))
    const startedMs = performance.now()
    expect(ephemerals(client, `${' '.repeat(200_000)}x`)).toEqual([])
    expect(ephemerals(client, `${' '.repeat(200_000)}/${' '.repeat(200_000)}`)).toEqual(['/a'])
    expect(performance.now() - startedMs).toBeLessThan(1_000)
  })

  test("the session's own, by the beginning of their text", async () => {
    const harness = await Harness.serving()
    const [client, other] = [harness.client(), harness.client()]
    client.ask(client.create('/a'), client.create('/a/e', ephemeral), client.create('/ab', ephemeral))
    other.ask(other.create('/a/other', ephemeral))
    for (const all of [null, '', ' ', '\t\n', '/', ' / '])
      expect(ephemerals(client, all)).toEqual(['/a/e', '/ab'])
    expect(ephemerals(client, '/a')).toEqual(['/a/e', '/ab'])
    expect(ephemerals(client, '/a/')).toEqual(['/a/e'])
    expect(ephemerals(client, '/ab')).toEqual(['/ab'])
    expect(ephemerals(client, 'a')).toEqual([])
    expect(ephemerals(client, ' /a')).toEqual([])
    expect(ephemerals(other, null)).toEqual(['/a/other'])
    client.ask(client.delete('/ab'))
    expect(ephemerals(client, null)).toEqual(['/a/e'])
    expect(client.ask(client.request(OpCode.getEphemerals))).toMatchObject([{ error: -5 }])
  })
})

describe('whoAmI', () => {
  test('the address, then every identity without its secret', async () => {
    const harness = await Harness.serving()
    const client = harness.client()
    expect(whoAmI(client)).toEqual([{ scheme: 'ip', user: '127.0.0.1' }])
    client.ask(addAuth(client, 'alice:secret'), addAuth(client, 'bob:x:y'), addAuth(client, 'alice:secret'))
    expect(whoAmI(client)).toEqual([
      { scheme: 'ip', user: '127.0.0.1' },
      { scheme: 'digest', user: 'alice' },
      { scheme: 'digest', user: 'bob' },
    ])
  })

  test('the super user -> an empty name', async () => {
    const access = { ...standardAccess, superDigest: 'super:D/InIHSb7yEEbrWz8b9l71RjZJU=' }
    const harness = await Harness.serving({ access })
    const client = harness.client()
    client.ask(addAuth(client, 'super:test'))
    expect(whoAmI(client)).toContainEqual({ scheme: 'super', user: '' })
    expect(whoAmI(client)).toContainEqual({ scheme: 'digest', user: 'super' })
  })
})

describe('zxid of replies', () => {
  test.each([
    ['getAllChildrenNumber', OpCode.getAllChildrenNumber],
    ['getEphemerals', OpCode.getEphemerals],
    ['whoAmI', OpCode.whoAmI],
  ])('%s -> that of the last transaction applied here', async (_name, opcode) => {
    const harness = await Harness.serving()
    const client = harness.client()
    client.ask(client.create('/a'), setAcl(client, '/a', perms(31)))
    const [reply] = client.ask(client.request(opcode, (body) => body.string('/')))
    expect(reply).toMatchObject({ error: 0, zxid: harness.side.state.lastApplied })
  })
})
