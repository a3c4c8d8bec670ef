import { describe, expect, test } from 'vitest'
import { otherIdFirst } from '../../src/client/request-queue.ts'
import { EventType, KeeperState } from '../../src/wire/event-types.ts'
import { OpCode, SpecialXid } from '../../src/wire/opcodes.ts'
import { WatcherEvent } from '../../src/wire/records.ts'
import { connected, outcome, statBody } from './fake-session.ts'

describe('session: lost connection', () => {
  test('re-attach on another server with session, password and newest zxid', async () => {
    const { world, client, states } = await connected()
    const first = world.end
    const call = client.set('/a', '1')
    await world.settle()
    first.reply(1, 77, 0, statBody)
    await call
    first.close()
    await world.settle()
    expect(world.ends).toHaveLength(2)
    expect(world.end.hello).toMatchObject({
      lastZxidSeen: 77,
      sessionId: 0x100n,
      password: Buffer.alloc(16, 7),
    })
    world.end.welcome()
    await world.settle()
    expect(states).toEqual(['connecting', 'connected', 'suspended', 'connected'])
  })

  test('an event told of a newer transaction than any reply -> a server that lacks it must not take the client', async () => {
    const { world, client } = await connected()
    const call = client.exists('/a', { watch: () => {} })
    await world.settle()
    world.end.reply(otherIdFirst, 77, 0, statBody)
    await call
    world.end.reply(SpecialXid.notification, 80, 0, (writer) =>
      WatcherEvent.write(writer, {
        type: EventType.nodeDataChanged,
        state: KeeperState.syncConnected,
        path: '/a',
      }),
    )
    await world.settle()
    world.end.close()
    await world.settle()
    expect(world.end.hello).toMatchObject({ lastZxidSeen: 80 })
    // Other events of that transaction may have been lost on the way: watches are compared with what replies told.
    expect(client.lastZxid).toBe(77)
  })

  test('plain server: unanswered writes -> connectionLoss, unanswered reads are sent again', async () => {
    const { world, client } = await connected()
    const write = outcome(client.set('/a', '1'))
    const read = outcome(client.exists('/a'))
    await world.settle()
    world.end.close()
    await world.settle()
    expect(write.value).toBe('connectionLoss')
    const later = outcome(client.set('/a', '2'))
    world.end.welcome()
    await world.settle()
    const sent = world.end.take()
    expect(sent.map(({ opcode }) => opcode)).toEqual([OpCode.exists, OpCode.setData])
    world.end.reply(sent[0]?.xid ?? 0, 80, 0, statBody)
    world.end.reply(sent[1]?.xid ?? 0, 81, 0, statBody)
    await world.settle()
    expect(read.value).toMatchObject({ czxid: 1 })
    expect(later.value).toMatchObject({ czxid: 1 })
  })

  test('exactly-once server: unanswered writes go out again with their ids, before newer ones', async () => {
    const { world, client } = await connected({}, { exactlyOnceWindow: 64 })
    expect(client.exactlyOnce).toBe(true)
    const calls = [client.set('/a', '1'), client.set('/a', '2'), client.exists('/a')].map(outcome)
    await world.settle()
    const before = world.end.take()
    world.end.reply(1, 70, 0, statBody)
    world.end.close()
    await world.settle()
    calls.push(outcome(client.set('/a', '3')))
    world.end.welcome({ exactlyOnceWindow: 64 })
    await world.settle()
    const again = world.end.take()
    // The reply to the first one was cut off by the close, as was everything behind it.
    expect(again.map(({ xid }) => xid)).toEqual([...before.slice(1).map(({ xid }) => xid), 3])
    for (const { xid } of again) world.end.reply(xid, 90, 0, statBody)
    await world.settle()
    for (const { value } of calls) expect(value).toMatchObject({ czxid: 1 })
  })

  test('a read with a write on its way behind it: fails, for the write may be done and must not show', async () => {
    const { world, client } = await connected({}, { exactlyOnceWindow: 64 })
    const [read, write] = [outcome(client.exists('/a')), outcome(client.set('/a', '5'))]
    await world.settle()
    world.end.take()
    world.end.close()
    await world.settle()
    expect(read.value).toBe('connectionLoss')
    world.end.welcome({ exactlyOnceWindow: 64 })
    await world.settle()
    const again = world.end.take()
    expect(again.map(({ opcode }) => opcode)).toEqual([OpCode.setData])
    for (const { xid } of again) world.end.reply(xid, 90, 0, statBody)
    await world.settle()
    expect(write.value).toMatchObject({ czxid: 1 })
  })

  test('exactly-once window: the 65th write waits for the first answer, and a read behind it too', async () => {
    const { world, client } = await connected({}, { exactlyOnceWindow: 64 })
    for (let i = 0; i < 65; i++) void client.set('/a', String(i))
    void client.exists('/a')
    await world.settle()
    expect(world.end.take()).toHaveLength(64)
    world.end.reply(1, 70, 0, statBody)
    await world.settle()
    expect(world.end.take().map(({ opcode }) => opcode)).toEqual([OpCode.setData, OpCode.exists])
  })

  test('exactly-once no longer granted on re-attach -> the writes that were under way get connectionLoss', async () => {
    const { world, client } = await connected({}, { exactlyOnceWindow: 64 })
    const write = outcome(client.set('/a', '1'))
    await world.settle()
    world.end.close()
    await world.settle()
    expect(write.value).toBe('pending')
    world.end.welcome()
    await world.settle()
    expect(write.value).toBe('connectionLoss')
  })

  test('out of reach for too long -> waiting calls fail, new ones at once, until a server is found', async () => {
    const { world, client } = await connected({ suspendedTimeoutMs: 2000 })
    world.refuses = () => true
    world.end.close()
    const waiting = outcome(client.exists('/a'))
    await world.advance(1999)
    expect([waiting.value, client.state]).toEqual(['pending', 'suspended'])
    await world.advance(1)
    expect(waiting.value).toBe('connectionLoss')
    await expect(client.exists('/a')).rejects.toMatchObject({ name: 'connectionLoss', retryable: true })
    world.refuses = () => false
    await world.advance(1100)
    world.end.welcome()
    await world.settle()
    const call = outcome(client.exists('/a'))
    await world.settle()
    expect([call.value, world.end.take()]).toMatchObject(['pending', [{ opcode: OpCode.exists }]])
  })

  test('the session is over on re-attach -> expired, everything rejected; connect begins a new one from id 1', async () => {
    const { world, client, states } = await connected({}, { exactlyOnceWindow: 64 })
    const write = outcome(client.set('/a', '1'))
    await world.settle()
    world.end.close()
    await world.settle()
    world.end.welcome({ timeoutMs: 0, sessionId: 0n })
    await world.settle()
    expect([write.value, client.state]).toEqual(['sessionExpired', 'expired'])
    await expect(client.get('/a')).rejects.toMatchObject({ name: 'sessionExpired' })
    void client.connect()
    void client.set('/a', '2')
    await world.settle()
    expect(world.end.hello).toMatchObject({ sessionId: 0n, password: Buffer.alloc(16) })
    world.end.welcome({ sessionId: 0x200n, exactlyOnceWindow: 64 })
    await world.settle()
    expect(world.end.take().map(({ xid }) => xid)).toEqual([1])
    expect(states.slice(-2)).toEqual(['connecting', 'connected'])
  })

  test('a reply out of order, or one that is no reply -> the connection is given up, not the session', async () => {
    const { world, client } = await connected()
    void client.exists('/a')
    await world.settle()
    world.end.reply(99, 70)
    await world.settle()
    expect(client.state).toBe('suspended')
    expect(world.ends).toHaveLength(2)
  })
})
