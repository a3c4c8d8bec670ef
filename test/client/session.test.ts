import { describe, expect, test } from 'vitest'
import { Client } from '../../src/client/client.ts'
import type { ClientOptions } from '../../src/client/index.ts'
import { ErrorCode, ZkError } from '../../src/client/index.ts'
import { otherIdFirst } from '../../src/client/request-queue.ts'
import { EventType, KeeperState } from '../../src/wire/event-types.ts'
import type { JuteWriter } from '../../src/wire/jute-writer.ts'
import { OpCode, SpecialXid } from '../../src/wire/opcodes.ts'
import { type ConnectRequest, WatcherEvent } from '../../src/wire/records.ts'
import {
  GetEphemeralsResponse,
  SetWatches2Request,
  SetWatchesRequest,
  StatResponse,
} from '../../src/wire/requests.ts'
import type { ServerEnd } from './fake-world.ts'
import { FakeWorld } from './fake-world.ts'

const aStat = {
  czxid: 1,
  mzxid: 1,
  ctime: 0,
  mtime: 0,
  version: 0,
  cversion: 0,
  aversion: 0,
  ephemeralOwner: 0n,
  dataLength: 0,
  numChildren: 0,
  pzxid: 1,
}

const statBody = (writer: JuteWriter): void => StatResponse.write(writer, { stat: aStat })

async function connected(
  options: ClientOptions = {},
  welcome: Parameters<ServerEnd['welcome']>[0] = {},
): Promise<{ world: FakeWorld; client: Client; states: string[] }> {
  const world = new FakeWorld()
  const client = new Client({
    servers: 'a:1,b:2,c:3',
    sessionTimeoutMs: 9000,
    runtime: world.runtime,
    ...options,
  })
  const states: string[] = []
  client.on('state', (state) => states.push(state))
  const connecting = client.connect()
  await world.settle()
  world.end.welcome(welcome)
  await world.settle()
  await connecting
  return { world, client, states }
}

/** What a call came to, for looking at later. */
function outcome(call: Promise<unknown>): { value: unknown } {
  const seen: { value: unknown } = { value: 'pending' }
  call.then(
    (value) => {
      seen.value = value ?? 'done'
    },
    (error: unknown) => {
      seen.value = error instanceof ZkError ? error.name : error
    },
  )
  return seen
}

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
    const calls = [client.set('/a', '1'), client.exists('/a'), client.set('/a', '2')].map(outcome)
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

describe('session: watches', () => {
  test('restored after a reconnect, each in its list, with the newest zxid; fired ones are not', async () => {
    const { world, client } = await connected()
    const events: string[] = []
    const listener = (event: { type: string; path: string }): void => {
      events.push(`${event.type} ${event.path}`)
    }
    void client.exists('/there', { watch: listener })
    void client.exists('/missing', { watch: listener })
    void client.getChildren('/parent', { watch: listener })
    void client.exists('/fired', { watch: listener })
    await world.settle()
    const [there, missing, parent, fired] = world.end.take().map(({ xid }) => xid)
    world.end.reply(there ?? 0, 60, 0, statBody)
    world.end.reply(missing ?? 0, 61, ErrorCode.noNode)
    world.end.reply(parent ?? 0, 62, 0, (writer) => writer.int(0))
    world.end.reply(fired ?? 0, 63, 0, statBody)
    world.end.reply(SpecialXid.notification, 999, 0, (writer) =>
      WatcherEvent.write(writer, { type: 3, state: 3, path: '/fired' }),
    )
    await world.settle()
    world.end.close()
    await world.settle()
    world.end.welcome()
    await world.settle()
    const sent = world.end.take()
    expect(sent).toHaveLength(1)
    const setWatches = sent[0]
    expect(setWatches?.opcode).toBe(OpCode.setWatches)
    expect(setWatches === undefined ? null : SetWatchesRequest.read(setWatches.body)).toEqual({
      relativeZxid: 63,
      dataWatches: ['/there'],
      existWatches: ['/missing'],
      childWatches: ['/parent'],
    })
    world.end.reply(setWatches?.xid ?? 0, 63)
    world.end.reply(SpecialXid.notification, -1, 0, (writer) =>
      WatcherEvent.write(writer, { type: 1, state: 3, path: '/missing' }),
    )
    await world.settle()
    expect(events).toEqual(['dataChanged /fired', 'created /missing'])
  })

  test('persistent ones: setWatches2 where they are, setWatches elsewhere, identities ahead of both', async () => {
    const { world, client } = await connected({ servers: 'a:1/app' })
    void client.addAuth('digest', 'u:p')
    void client.get('/data', { watch: () => {} })
    void client.addWatch('/stays', () => {})
    void client.addWatch('/', () => {}, { recursive: true })
    await world.settle()
    world.end.reply(SpecialXid.auth, 0)
    const [, data, stays, all] = world.end.take()
    expect([stays?.opcode, stays?.body.string(), stays?.body.int()]).toEqual([
      OpCode.addWatch,
      '/app/stays',
      0,
    ])
    expect([all?.body.string(), all?.body.int()]).toEqual(['/app', 1])
    world.end.reply(data?.xid ?? 0, 60, 0, (writer) => statBody(writer.buffer(null)))
    for (const request of [stays, all]) world.end.reply(request?.xid ?? 0, 61, 0, (writer) => writer.int(0))
    await world.settle()
    world.end.close()
    await world.settle()
    const call = outcome(client.exists('/x'))
    world.end.welcome()
    await world.settle()
    const [auth, setWatches, exists] = world.end.take()
    expect([auth?.opcode, setWatches?.opcode, exists?.opcode, call.value]).toEqual([
      OpCode.auth,
      OpCode.setWatches2,
      OpCode.exists,
      'pending',
    ])
    expect(setWatches === undefined ? null : SetWatches2Request.read(setWatches.body)).toEqual({
      relativeZxid: 61,
      dataWatches: ['/app/data'],
      existWatches: [],
      childWatches: [],
      persistentWatches: ['/app/stays'],
      persistentRecursiveWatches: ['/app'],
    })
  })

  test('many paths: requests of at most 128 KiB, the old kinds by the old request', async () => {
    const { world, client } = await connected()
    const path = (i: number): string => `/${'x'.repeat(1000)}${i}`
    for (let i = 0; i < 300; i++) {
      void (i < 200 ? client.exists(path(i), { watch: () => {} }) : client.addWatch(path(i), () => {}))
    }
    await world.settle()
    for (const { xid, opcode } of world.end.take()) {
      if (opcode === OpCode.exists) world.end.reply(xid, 60, ErrorCode.noNode)
      else world.end.reply(xid, 60, 0, (writer) => writer.int(0))
    }
    await world.settle()
    world.end.close()
    await world.settle()
    world.end.welcome()
    await world.settle()
    const sent = world.end.take()
    expect(sent.map(({ opcode }) => opcode)).toEqual([
      OpCode.setWatches,
      OpCode.setWatches2,
      OpCode.setWatches2,
    ])
    const restored: string[] = []
    for (const { opcode, body } of sent) {
      // The xid and opcode have been read.
      expect(8 + body.remaining).toBeLessThanOrEqual(128 * 1024)
      if (opcode === OpCode.setWatches)
        restored.push(...(SetWatchesRequest.read(body).existWatches as string[]))
      else {
        const lists = SetWatches2Request.read(body)
        restored.push(...(lists.existWatches as string[]), ...(lists.persistentWatches as string[]))
      }
    }
    expect(restored).toEqual(Array.from({ length: 300 }, (_unused, i) => path(i)))
  })

  test('persistent ones stay; recursive ones hear what is below, but no childrenChanged', async () => {
    const { world, client } = await connected({ servers: 'a:1/app' })
    const heard: string[] = []
    void client.addWatch('/a', ({ type, path }) => heard.push(`own ${type} ${path}`))
    void client.addWatch('/', ({ type, path }) => heard.push(`all ${type} ${path}`), { recursive: true })
    await world.settle()
    for (const { xid } of world.end.take()) world.end.reply(xid, 60, 0, (writer) => writer.int(0))
    const fire = (type: number, path: string): void => {
      world.end.reply(SpecialXid.notification, 61, 0, (writer) =>
        WatcherEvent.write(writer, { type, state: 3, path }),
      )
    }
    for (const round of [1, 2]) {
      fire(EventType.nodeChildrenChanged, '/app/a')
      fire(EventType.nodeDataChanged, '/app/a')
      fire(EventType.nodeCreated, '/app/a/b/c')
      fire(EventType.nodeDeleted, '/apple')
      await world.settle()
      expect(heard.splice(0), `round ${round}`).toEqual([
        'own childrenChanged /a',
        'own dataChanged /a',
        'all dataChanged /a',
        'all created /a/b/c',
      ])
    }
  })

  test('a removal does not take along a watch whose call is still under way', async () => {
    const { world, client } = await connected()
    void client.addWatch('/a', () => {})
    await world.settle()
    for (const { xid } of world.end.take()) world.end.reply(xid, 60, 0, (writer) => writer.int(0))
    await world.settle()
    const read = outcome(client.exists('/a', { watch: () => {} }))
    const removal = outcome(client.removeWatches('/a', { kind: 'persistent' }))
    await world.settle()
    expect([read.value, removal.value]).toEqual(['pending', 'done'])
    const sent = world.end.take()
    expect(sent.map(({ opcode }) => opcode)).toEqual([OpCode.exists])
    world.end.reply(sent[0]?.xid ?? 0, 61, ErrorCode.noNode)
    await world.settle()
    void client.removeWatches('/a')
    await world.settle()
    expect(world.end.take().map(({ opcode }) => opcode)).toEqual([OpCode.removeWatches])
  })

  test('chroot: requests carry it, events and results do not', async () => {
    const { world, client } = await connected({ servers: 'a:1/app' })
    const events: string[] = []
    const created = client.create('/x', null)
    void client.exists('/', { watch: (event) => events.push(event.path) })
    await world.settle()
    const [create, exists] = world.end.take()
    expect(create?.body.string()).toBe('/app/x')
    expect(exists?.body.string()).toBe('/app')
    world.end.reply(create?.xid ?? 0, 60, 0, (writer) => writer.string('/app/x'))
    world.end.reply(exists?.xid ?? 0, 60, 0, statBody)
    world.end.reply(SpecialXid.notification, 61, 0, (writer) =>
      WatcherEvent.write(writer, { type: 3, state: 3, path: '/app' }),
    )
    await world.settle()
    expect(await created).toBe('/x')
    expect(events).toEqual(['/'])
  })
})

describe('session: bounds and end', () => {
  test('more calls than allowed -> throttledOp, at once', async () => {
    const { client } = await connected({ requestsMax: 2 })
    void client.exists('/a')
    void client.exists('/a')
    await expect(client.exists('/a')).rejects.toMatchObject({ name: 'throttledOp', retryable: true })
  })

  test('close goes out behind all calls, waits for the answer, and ends everything', async () => {
    const { world, client, states } = await connected()
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

describe('session: arguments', () => {
  const refused = async (call: (client: Client) => Promise<unknown>): Promise<string> => {
    const { world, client } = await connected()
    const error = await call(client).catch((reason: unknown) => reason)
    await world.settle()
    expect(world.end.take()).toEqual([])
    return error instanceof ZkError ? `${error.name}: ${error.message}` : String(error)
  }

  test.each<[string, (client: Client) => Promise<unknown>, string]>([
    ['TTL 0', (client) => client.create('/a', null, { ttlMs: 0 }), 'from 1 to 1099511627775'],
    ['TTL 2^40', (client) => client.create('/a', null, { ttlMs: 2 ** 40 }), 'from 1 to 1099511627775'],
    [
      'ephemeral TTL',
      (client) => client.create('/a', null, { ttlMs: 1, ephemeral: true }),
      'cannot have a TTL',
    ],
    [
      'sequential container',
      (client) => client.create('/a', null, { container: true, sequential: true }),
      'container',
    ],
    ['half a version', (client) => client.set('/a', 'x', { version: 1.5 }), 'the version 1.5'],
    ['a version of 33 bits', (client) => client.delete('/a', { version: 2 ** 31 }), 'the version 2147483648'],
    ['a relative prefix', (client) => client.getEphemerals('a'), 'does not start with "/"'],
    [
      'a path in a multiRead',
      (client) => client.multiRead([{ type: 'get', path: 'a' }]),
      'does not start with "/"',
    ],
    ['a negative limit', (client) => client.setQuota('/a', { count: -1 }), 'count of -1'],
    ['a quota on /', (client) => client.setQuota('/', { count: 1 }), '/ cannot have a quota'],
  ])('%s -> badArguments, nothing is sent', async (_what, call, reason) => {
    const error = await refused(call)
    expect(error).toContain('badArguments: ')
    expect(error).toContain(reason)
  })

  test('options out of range -> RangeError that names option, value and range', () => {
    for (const sessionTimeoutMs of [0, -1, 1.5, 2 ** 31, Number.NaN]) {
      expect(() => new Client({ sessionTimeoutMs })).toThrow(
        `sessionTimeoutMs: found ${sessionTimeoutMs}, expected a whole number from 1 to 2147483647`,
      )
    }
  })

  test('ephemerals: asked for and told below the chroot', async () => {
    const { world, client } = await connected({ servers: 'a:1/app' })
    const all = client.getEphemerals()
    await world.settle()
    const [request] = world.end.take()
    expect(request?.body.string()).toBe('/app/')
    world.end.reply(request?.xid ?? 0, 60, 0, (writer) =>
      GetEphemeralsResponse.write(writer, { ephemerals: ['/app/a'] }),
    )
    expect(await all).toEqual(['/a'])
  })
})
