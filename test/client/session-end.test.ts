import { describe, expect, test } from 'vitest'
import { Client, ErrorCode } from '../../src/client/index.ts'
import { OpCode, SpecialXid } from '../../src/wire/opcodes.ts'
import { connected, outcome, statBody } from './fake-session.ts'
import { FakeWorld } from './fake-world.ts'

describe('session: bounds and end', () => {
  test('more calls than allowed -> throttledOp, at once', async () => {
    const { client } = await connected({ requestsMax: 2 })
    void client.exists('/a')
    void client.exists('/a')
    await expect(client.exists('/a')).rejects.toMatchObject({ name: 'throttledOp', retryable: true })
  })

  test('close goes out behind all calls, waits for the answer, and ends everything', async () => {
    const { world, client, states } = await connected()
    const details: (string | null)[] = []
    client.on('state', (_state, detail) => details.push(detail))
    const call = outcome(client.exists('/a'))
    const closing = outcome(client.close())
    await expect(client.exists('/b')).rejects.toMatchObject({ name: 'closing' })
    await world.settle()
    const sent = world.end.take()
    expect(sent.map(({ opcode }) => opcode)).toEqual([OpCode.exists, OpCode.closeSession])
    world.end.reply(sent[0]?.xid ?? 0, 70, 0, statBody)
    await world.settle()
    expect([call.value, closing.value]).toMatchObject([{ czxid: 1 }, 'pending'])
    world.end.reply(sent[1]?.xid ?? 0, 71)
    await world.settle()
    expect([closing.value, client.state, world.end.closed]).toEqual(['done', 'closed', true])
    expect(states.filter((state) => state === 'closed')).toHaveLength(1)
    expect(details).toEqual([null])
    await world.advance(60_000)
    expect(world.ends).toHaveLength(1)
  })

  test('close while suspended -> at once; waiting calls get closing', async () => {
    const { world, client } = await connected()
    world.refuses = () => true
    world.end.close()
    await world.settle()
    const call = outcome(client.exists('/a'))
    await client.close()
    await world.settle()
    expect([call.value, client.state]).toEqual(['closing', 'closed'])
  })

  test('the connection is lost before the answer to close -> closed, and the detail says that nobody has confirmed it', async () => {
    const { world, client } = await connected()
    const details: (string | null)[] = []
    client.on('state', (_state, detail) => details.push(detail))
    const closing = outcome(client.close())
    await world.settle()
    world.end.close()
    await world.settle()
    expect([closing.value, client.state]).toEqual(['done', 'closed'])
    expect(details).toEqual([expect.stringContaining('no server has confirmed it')])
  })

  test('close before any server has answered -> at once, and the detail does not speak of a session', async () => {
    const world = new FakeWorld()
    world.refuses = () => true
    const client = new Client({ servers: 'a:1', runtime: world.runtime })
    const details: (string | null)[] = []
    client.on('state', (state, detail) => {
      if (state === 'closed') details.push(detail)
    })
    const connecting = outcome(client.connect())
    await world.settle()
    await client.close()
    await world.settle()
    expect([connecting.value, client.state]).toEqual(['connectionLoss', 'closed'])
    expect(details).toEqual(['it had no session yet: there is none to end'])
  })

  test('credentials go out ahead of watches and calls on every connection; a refused one is forgotten', async () => {
    const { world, client } = await connected()
    const good = outcome(client.addAuth('digest', 'u:p'))
    const bad = outcome(client.addAuth('nonsense', 'x'))
    await world.settle()
    world.end.reply(SpecialXid.auth, 0)
    world.end.reply(SpecialXid.auth, 0, ErrorCode.authFailed)
    await world.settle()
    expect([good.value, bad.value]).toEqual(['done', 'authFailed'])
    world.end.take()
    world.end.close()
    await world.settle()
    void client.exists('/a')
    world.end.welcome()
    await world.settle()
    expect(world.end.take().map(({ opcode }) => opcode)).toEqual([OpCode.auth, OpCode.exists])
  })

  test('an identity that a later server refuses -> told by an event, and not offered again', async () => {
    const { world, client } = await connected()
    const refused: string[] = []
    client.on('authFailed', (scheme) => refused.push(scheme))
    void client.addAuth('digest', 'u:p')
    await world.settle()
    world.end.reply(SpecialXid.auth, 0)
    await world.settle()
    for (const round of [1, 2]) {
      world.end.close()
      await world.settle()
      world.end.welcome()
      await world.settle()
      expect(world.end.take().map(({ opcode }) => opcode)).toEqual(round === 1 ? [OpCode.auth] : [])
      if (round === 1) world.end.reply(SpecialXid.auth, 0, ErrorCode.authFailed)
      await world.settle()
    }
    expect(refused).toEqual(['digest'])
  })

  test('moved to another connection -> the call says so and may be repeated', async () => {
    const { world, client } = await connected()
    const write = client.set('/a', 'x')
    await world.settle()
    world.end.reply(world.end.take()[0]?.xid ?? 0, 70, ErrorCode.sessionMoved)
    await expect(write).rejects.toMatchObject({ name: 'sessionMoved', retryable: true })
  })
})
