import { describe, expect, test } from 'vitest'
import { ErrorCode } from '../../src/client/index.ts'
import { EventType } from '../../src/wire/event-types.ts'
import { OpCode, SpecialXid } from '../../src/wire/opcodes.ts'
import { WatcherEvent } from '../../src/wire/records.ts'
import { SetWatches2Request, SetWatchesRequest } from '../../src/wire/requests.ts'
import { connected, outcome, statBody } from './fake-session.ts'

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
