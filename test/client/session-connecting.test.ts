import { describe, expect, test } from 'vitest'
import { Client } from '../../src/client/client.ts'
import { otherIdFirst } from '../../src/client/request-queue.ts'
import { OpCode, SpecialXid } from '../../src/wire/opcodes.ts'
import type { ConnectRequest } from '../../src/wire/records.ts'
import { connected } from './fake-session.ts'
import { FakeWorld } from './fake-world.ts'

describe('session: connecting', () => {
  test('a new session asks with zeros, and for the exactly-once window', async () => {
    const { world, client, states } = await connected()
    expect(world.end.hello).toEqual({
      protocolVersion: 0,
      lastZxidSeen: 0,
      timeoutMs: 9000,
      sessionId: 0n,
      password: Buffer.alloc(16),
      readOnly: false,
      exactlyOnceWindow: 64,
    } satisfies ConnectRequest)
    expect(states).toEqual(['connecting', 'connected'])
    expect([client.sessionId, client.sessionTimeoutMs, client.exactlyOnce]).toEqual([0x100n, 9000, false])
  })

  test('nobody there -> connect rejects in time, names the servers and the fault; the client is closed', async () => {
    const world = new FakeWorld()
    world.refuses = () => true
    const client = new Client({ servers: 'a:1,b:2', runtime: world.runtime })
    const connecting = client.connect({ timeoutMs: 3000 })
    const failure = expect(connecting).rejects.toThrow(
      /no server of a:1, b:2 .* 3000 ms; .*nothing listens there/,
    )
    await world.advance(3000)
    await failure
    expect(client.state).toBe('closed')
  })

  test('a server that accepts and says nothing -> the next one is tried', async () => {
    const world = new FakeWorld()
    const client = new Client({ servers: 'a:1,b:2,c:3', sessionTimeoutMs: 9000, runtime: world.runtime })
    const connecting = client.connect()
    await world.settle()
    expect(world.ends).toHaveLength(1)
    await world.advance(1000)
    expect(world.ends).toHaveLength(2)
    world.end.welcome()
    await world.settle()
    await connecting
    expect(client.state).toBe('connected')
  })

  test('calls before connect -> invalidState; wrong paths -> badArguments', async () => {
    const world = new FakeWorld()
    const client = new Client({ runtime: world.runtime })
    await expect(client.get('/a')).rejects.toMatchObject({ name: 'invalidState' })
    await expect(client.get('a')).rejects.toMatchObject({ name: 'badArguments', code: -8 })
  })

  test('calls made while connecting go out, in order, right after the welcome', async () => {
    const world = new FakeWorld()
    const client = new Client({ runtime: world.runtime })
    void client.connect()
    void client.set('/a', '1')
    void client.exists('/a')
    await world.settle()
    expect(world.end.take()).toEqual([])
    world.end.welcome()
    await world.settle()
    expect(world.end.take().map(({ xid, opcode }) => [xid, opcode])).toEqual([
      [1, OpCode.setData],
      [otherIdFirst, OpCode.exists],
    ])
  })
})

describe('session: heartbeat', () => {
  test('silent for a third of the timeout -> a ping; server silent for two thirds -> the next server', async () => {
    const { world, client, states } = await connected()
    await world.advance(2999)
    expect(world.end.take()).toEqual([])
    await world.advance(2)
    expect(world.end.take().map(({ xid, opcode }) => [xid, opcode])).toEqual([[SpecialXid.ping, OpCode.ping]])
    world.end.reply(SpecialXid.ping, 5)
    await world.advance(5990)
    expect(states).toEqual(['connecting', 'connected'])
    await world.advance(20)
    expect(states.at(-1)).toBe('suspended')
    expect(world.ends).toHaveLength(2)
    expect(client.lastZxid).toBe(0)
  })

  test('pings that are answered keep the connection for ever', async () => {
    const { world, client } = await connected()
    for (let i = 0; i < 20; i++) {
      await world.advance(3000)
      for (const { xid } of world.end.take()) world.end.reply(xid, 1)
    }
    expect([client.state, world.ends.length]).toEqual(['connected', 1])
  })
})
