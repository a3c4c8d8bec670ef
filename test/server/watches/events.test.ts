import { describe, expect, test } from 'vitest'
import { OpCode } from '../../../src/wire/opcodes.ts'
import { Harness } from '../client-side-harness.ts'
import { ephemeral } from '../raw-client.ts'
import { seen } from './requests.ts'

describe('watches', () => {
  test.each([
    ['getData, data set', 'get', 'set', ['changed /a']],
    ['getData, node deleted', 'get', 'delete', ['deleted /a']],
    ['exists, data set', 'exists', 'set', ['changed /a']],
    ['exists, node deleted', 'exists', 'delete', ['deleted /a']],
    ['getChildren, child created', 'children', 'child', ['children /a']],
    ['getChildren, data set', 'children', 'set', []],
    ['getChildren, node deleted', 'children', 'delete', ['deleted /a']],
    ['getData, child created', 'get', 'child', []],
  ] as const)('%s -> the event that ZooKeeper sends', async (_name, read, change, events) => {
    const harness = await Harness.serving()
    const client = harness.client()
    const writer = harness.client()
    client.ask(client.create('/a'))
    const watch = { get: client.get, exists: client.exists, children: client.children }[read]
    client.ask(watch.call(client, '/a', true))
    const request = {
      set: () => writer.set('/a', 'new'),
      delete: () => writer.delete('/a'),
      child: () => writer.create('/a/b'),
    }[change]
    writer.ask(request())
    expect(seen(client.frames())).toEqual(events)
  })

  test('exists of a missing node -> NoNode, and its creation is told', async () => {
    const harness = await Harness.serving()
    const client = harness.client()
    expect(client.ask(client.exists('/a', true))).toMatchObject([{ error: -101 }])
    expect(seen(client.ask(client.create('/a')))).toEqual(['created /a', 2])
  })

  test('getData and getChildren of a missing node -> leave no watch', async () => {
    const harness = await Harness.serving()
    const client = harness.client()
    client.ask(client.get('/a', true), client.children('/a', true))
    expect(harness.side.watches.size).toBe(0)
    expect(seen(client.ask(client.create('/a')))).toEqual([3])
  })

  test("one's own change -> the event first, then the reply, both with the zxid of the change", async () => {
    const harness = await Harness.serving()
    const client = harness.client()
    client.ask(client.create('/a'), client.get('/a', true))
    const frames = client.ask(client.set('/a', 'new'))
    expect(seen(frames)).toEqual(['changed /a', 3])
    expect(frames[0]?.zxid).toBe(frames[1]?.zxid)
  })

  test('a watch fires -> it is gone', async () => {
    const harness = await Harness.serving()
    const client = harness.client()
    client.ask(client.create('/a'), client.get('/a', true))
    client.ask(client.set('/a', 'one'))
    expect(seen(client.ask(client.set('/a', 'two')))).toEqual([4])
  })

  test('data and child watch of one client, node deleted -> told once; of two clients -> each once', async () => {
    const harness = await Harness.serving()
    const both = harness.client()
    const child = harness.client()
    both.ask(both.create('/a'), both.get('/a', true), both.children('/a', true))
    child.ask(child.children('/a', true), child.children('/', true))
    expect(seen(both.ask(both.delete('/a')))).toEqual(['deleted /a', 4])
    expect(seen(child.frames())).toEqual(['deleted /a', 'children /'])
    expect(harness.side.watches.size).toBe(0)
  })

  test('a multi -> its events in its order, before its reply', async () => {
    const harness = await Harness.serving()
    const client = harness.client()
    client.ask(client.exists('/a', true), client.children('/', true), client.exists('/b', true))
    const multi = client.request(OpCode.multi, (body) => {
      for (const path of ['/a', '/b']) {
        body.int(OpCode.create).bool(false).int(-1)
        body.string(path).buffer(null).int(1).int(31).string('world').string('anyone').int(0)
      }
      body.int(-1).bool(true).int(-1)
    })
    expect(seen(client.ask(multi))).toEqual(['created /a', 'children /', 'created /b', 4])
  })

  test('the connection closes -> its watches are gone, those of others stay', async () => {
    const harness = await Harness.serving()
    const gone = harness.client()
    const stays = harness.client()
    gone.ask(gone.exists('/a', true), gone.children('/', true))
    stays.ask(stays.exists('/a', true))
    gone.connection.destroy()
    expect(harness.side.watches.size).toBe(1)
    const writer = harness.client()
    writer.ask(writer.create('/a'))
    expect(seen(stays.frames())).toEqual(['created /a'])
  })

  test('ephemeral nodes of a closed session -> watchers are told', async () => {
    const harness = await Harness.serving()
    const owner = harness.client()
    const watcher = harness.client()
    owner.ask(owner.create('/e', ephemeral))
    watcher.ask(watcher.exists('/e', true), watcher.children('/', true))
    owner.ask(owner.close())
    expect(seen(watcher.frames())).toEqual(['deleted /e', 'children /'])
  })
})

describe('setWatches', () => {
  test('what changed since relativeZxid is told before the reply, the rest is watched', async () => {
    const harness = await Harness.serving()
    const writer = harness.client()
    writer.ask(...['/same', '/changed', '/gone', '/kids', '/quiet'].map((path) => writer.create(path)))
    const relativeZxid = harness.side.state.lastApplied
    writer.ask(
      writer.set('/changed', 'x'),
      writer.delete('/gone'),
      writer.create('/kids/one'),
      writer.create('/appeared'),
    )
    const client = harness.client()
    const setWatches = client.request(
      OpCode.setWatches,
      (body) => {
        body.long(relativeZxid)
        body.int(3).string('/same').string('/changed').string('/gone')
        body.int(2).string('/appeared').string('/missing')
        body.int(3).string('/kids').string('/quiet').string('/gone')
      },
      -8,
    )
    const frames = client.ask(setWatches)
    expect(seen(frames)).toEqual([
      'changed /changed',
      'deleted /gone',
      'created /appeared',
      'children /kids',
      'deleted /gone',
      -8,
    ])
    expect(frames.slice(0, -1).every(({ zxid }) => zxid === -1)).toBe(true)
    writer.ask(writer.set('/same', 'x'), writer.create('/missing'), writer.create('/quiet/one'))
    expect(seen(client.frames())).toEqual(['changed /same', 'created /missing', 'children /quiet'])
  })

  test('a null list -> MarshallingError', async () => {
    const harness = await Harness.serving()
    const client = harness.client()
    expect(
      client.ask(client.request(OpCode.setWatches, (body) => body.long(0).int(-1).int(0).int(0))),
    ).toMatchObject([{ error: -5 }])
  })
})

describe('watches when the state comes by snapshot', () => {
  test('what has changed meanwhile is told, what has not stays watched', async () => {
    const harness = await Harness.serving()
    const client = harness.client()
    client.ask(client.create('/a'), client.create('/gone'), client.create('/same'))
    client.ask(
      client.get('/a', true),
      client.exists('/gone', true),
      client.exists('/new', true),
      client.get('/same', true),
      client.children('/', true),
    )
    // On another server the same history goes on, and its snapshot comes here.
    const elsewhere = await Harness.start({ serverId: 2 })
    await elsewhere.load(harness.side.state.lastApplied, await harness.snapshot())
    elsewhere.replica.epoch = harness.replica.epoch
    elsewhere.replica.lead()
    const writer = elsewhere.client()
    writer.ask(writer.set('/a', 'new'), writer.delete('/gone'), writer.create('/new'))
    const later = await elsewhere.snapshot()

    harness.replica.adrift()
    harness.side.tree.reset()
    const read = client.ask(client.get('/same'))
    expect(read).toEqual([])
    await harness.load(elsewhere.side.state.lastApplied, later)
    harness.replica.epoch = elsewhere.replica.epoch
    harness.replica.lead()
    harness.time.endTurns()
    expect(seen(client.frames())).toEqual(['deleted /gone', 'changed /a', 'created /new', 'children /', 9])
    expect(harness.side.watches.size).toBe(1)
  })
})
