import { describe, expect, test } from 'vitest'
import { limits } from '../../../src/server/limits.ts'
import { Harness } from '../client-side-harness.ts'
import type { RawClient } from '../raw-client.ts'
import {
  addAuth,
  addWatch,
  createWith,
  events,
  type Lists,
  onlyUserReads,
  persistent,
  recursive,
  seen,
  setWatches2,
} from './requests.ts'

type List = keyof Lists

/** What a client sees that comes back with one watch at /a, and whether the watch stays. */
async function comeBack(
  list: List,
  before: (writer: RawClient) => Buffer[],
  meanwhile: (writer: RawClient) => Buffer[],
): Promise<{ told: string[]; stays: boolean }> {
  const harness = await Harness.serving()
  const writer = harness.client()
  writer.ask(...before(writer))
  const relativeZxid = harness.side.state.lastApplied
  writer.ask(...meanwhile(writer))
  const client = harness.client()
  const frames = client.ask(setWatches2(client, relativeZxid, { [list]: ['/a'] }))
  expect(frames.at(-1)).toMatchObject({ xid: 1, error: 0, zxid: harness.side.state.lastApplied })
  expect(frames.slice(0, -1).every(({ zxid }) => zxid === -1)).toBe(true)
  return { told: events(frames), stays: harness.side.watches.size > 0 }
}

const nothing = (): Buffer[] => []
const create = (writer: RawClient): Buffer[] => [writer.create('/a')]
const destroy = (writer: RawClient): Buffer[] => [writer.delete('/a')]
const set = (writer: RawClient): Buffer[] => [writer.set('/a', 'x')]
const addChild = (writer: RawClient): Buffer[] => [writer.create('/a/b')]
const recreate = (writer: RawClient): Buffer[] => [writer.delete('/a'), writer.create('/a')]

describe('setWatches2', () => {
  test.each([
    ['data', 'missing', create, destroy, ['deleted /a'], false],
    ['data', 'changed', create, set, ['changed /a'], false],
    ['data', 'deleted and created again', create, recreate, ['changed /a'], false],
    ['data', 'with another child', create, addChild, [], true],
    ['data', 'as it was', create, nothing, [], true],
    ['exist', 'missing', nothing, nothing, [], true],
    ['exist', 'created meanwhile', nothing, create, ['created /a'], false],
    ['exist', 'created before', create, nothing, ['created /a'], false],
    ['child', 'missing', create, destroy, ['deleted /a'], false],
    ['child', 'with another child', create, addChild, ['children /a'], false],
    ['child', 'deleted and created again', create, recreate, ['children /a'], false],
    ['child', 'with other data', create, set, [], true],
    ['child', 'as it was', create, nothing, [], true],
    ['persistent', 'missing', create, destroy, [], true],
    ['persistent', 'changed', create, set, [], true],
    ['persistent', 'as it was', create, nothing, [], true],
    ['recursive', 'missing', create, destroy, [], true],
    ['recursive', 'changed', create, set, [], true],
    ['recursive', 'as it was', create, nothing, [], true],
  ] as const)('%s list, node %s -> %5$j', async (list, _state, before, meanwhile, told, stays) => {
    expect(await comeBack(list, before, meanwhile)).toEqual({ told, stays })
  })

  test('lasting watches are left again -> they work as before, and recursive ones see no children events', async () => {
    const harness = await Harness.serving()
    const [client, writer] = [harness.client(), harness.client()]
    writer.ask(writer.create('/p'), writer.create('/r'))
    expect(seen(client.ask(setWatches2(client, 0, { persistent: ['/p'], recursive: ['/r'] })))).toEqual([1])
    writer.ask(writer.create('/p/x'), writer.create('/r/x'), writer.set('/r/x', 'y'))
    expect(events(client.frames())).toEqual(['children /p', 'created /r/x', 'changed /r/x'])
    expect([harness.side.watches.data.size, harness.side.watches.child.size]).toEqual([2, 1])
  })

  test('all lists at once -> events in the order data, exist, child, each in the order of the request', async () => {
    const harness = await Harness.serving()
    const [client, writer] = [harness.client(), harness.client()]
    writer.ask(writer.create('/b'), writer.create('/a'))
    const lists = {
      recursive: ['/b'],
      child: ['/b', '/gone', '/a'],
      exist: ['/b', '/a'],
      data: ['/gone', '/b', '/a'],
    }
    const frames = client.ask(setWatches2(client, 0, lists))
    expect(seen(frames)).toEqual([
      'deleted /gone',
      'changed /b',
      'changed /a',
      'created /b',
      'created /a',
      'children /b',
      'deleted /gone',
      'children /a',
      1,
    ])
  })

  test('what the client may not read -> is told at once all the same, and not later', async () => {
    const harness = await Harness.serving()
    const [client, writer] = [harness.client(), harness.client()]
    writer.ask(addAuth(writer, 'u:p'), createWith(writer, '/a', onlyUserReads))
    expect(seen(client.ask(setWatches2(client, 0, { data: ['/a'] })))).toEqual(['changed /a', 1])
    client.ask(setWatches2(client, harness.side.state.lastApplied, { data: ['/a'] }))
    writer.ask(writer.set('/a', 'x'))
    expect(client.frames()).toEqual([])
  })

  test.each([
    ['a list', { exist: null }],
    ['a path', { exist: [null, '/b'] }],
  ])('%s is null -> MarshallingError behind what came before it', async (_name, broken) => {
    const harness = await Harness.serving()
    const client = harness.client()
    const frames = client.ask(setWatches2(client, 0, { data: ['/gone'], ...broken, child: ['/'] }))
    expect(seen(frames)).toEqual(['deleted /gone', 1])
    expect(frames[1]?.error).toBe(-5)
    expect(harness.side.watches.size).toBe(0)
  })

  test('as many paths as one request can hold -> all are watched', async () => {
    const harness = await Harness.serving()
    const client = harness.client()
    const paths = Array.from({ length: 57_000 }, (_, i) => `/missing/${i}`)
    const request = setWatches2(client, 0, { exist: paths })
    expect(request.length).toBeGreaterThan(1_000_000)
    expect(seen(client.ask(request))).toEqual([1])
    expect(harness.side.watches.data.size).toBe(57_000)
  })
})

describe('watches when the state comes by snapshot', () => {
  /** The history goes on elsewhere, and its snapshot comes here, where `client` has its watches. */
  async function goOn(
    harness: Harness,
    meanwhile: (writer: RawClient) => Buffer[],
  ): Promise<{ load: () => Promise<void> }> {
    const elsewhere = await Harness.start({ serverId: 2 })
    await elsewhere.load(harness.side.state.lastApplied, await harness.snapshot())
    elsewhere.replica.epoch = harness.replica.epoch
    elsewhere.replica.lead()
    const writer = elsewhere.client()
    for (const { error } of writer.ask(...meanwhile(writer))) expect(error).toBe(0)
    const later = await elsewhere.snapshot()
    return {
      load: async () => {
        harness.replica.adrift()
        harness.side.tree.reset()
        await harness.load(elsewhere.side.state.lastApplied, later)
        harness.replica.epoch = elsewhere.replica.epoch
        harness.replica.lead()
        harness.time.endTurns()
      },
    }
  }

  test('persistent and recursive -> are told the outcome, parents created first and deleted last, and stay', async () => {
    const harness = await Harness.serving()
    const [client, writer] = [harness.client(), harness.client()]
    writer.ask(
      ...['/p', '/p/x', '/gone', '/gone/x', '/r', '/r/old', '/r/old/x', '/r/same'].map((path) =>
        writer.create(path),
      ),
    )
    for (const path of ['/p', '/gone', '/never', '/comes']) client.ask(addWatch(client, path, persistent))
    client.ask(addWatch(client, '/r', recursive), addWatch(client, '/r/old', recursive))
    client.frames()
    const elsewhere = await goOn(harness, (there) => [
      there.delete('/p/x'),
      there.set('/p', 'new'),
      there.delete('/gone/x'),
      there.delete('/gone'),
      there.create('/comes'),
      there.create('/comes/x'),
      there.delete('/r/old/x'),
      there.delete('/r/old'),
      there.create('/r/new'),
      there.create('/r/new/x'),
      there.set('/r', 'new'),
      there.create('/beside'),
    ])
    await elsewhere.load()
    const frames = client.frames()
    expect(events(frames)).toEqual([
      'deleted /gone',
      'deleted /r/old/x',
      'deleted /r/old',
      'changed /r',
      'created /r/new',
      'created /r/new/x',
      'changed /p',
      'children /p',
      'created /comes',
      'children /comes',
    ])
    expect(new Set(frames.map(({ zxid }) => zxid)).size).toBe(1)
    expect([harness.side.watches.data.size, harness.side.watches.child.size]).toEqual([6, 4])
    writer.ask(writer.set('/r/same', 'x'), writer.create('/gone'))
    expect(events(client.frames())).toEqual(['changed /r/same', 'created /gone'])
  })

  test('by the list as it was for what is gone, as it is for what is there', async () => {
    const harness = await Harness.serving()
    const [client, user, writer] = [harness.client(), harness.client(), harness.client()]
    for (const one of [user, writer]) one.ask(addAuth(one, 'u:p'))
    writer.ask(createWith(writer, '/gone', onlyUserReads), createWith(writer, '/kept', onlyUserReads))
    for (const one of [client, user])
      one.ask(addWatch(one, '/gone', persistent), addWatch(one, '/', recursive))
    const elsewhere = await goOn(harness, (there) => [there.delete('/gone'), there.set('/kept', 'x')])
    await elsewhere.load()
    expect(events(client.frames())).toEqual([])
    expect(events(user.frames())).toEqual(['deleted /gone', 'changed /kept'])
  })

  test('nothing has happened -> nobody is told anything', async () => {
    const harness = await Harness.serving()
    const client = harness.client()
    client.ask(client.create('/a'), addWatch(client, '/a', persistent), addWatch(client, '/', recursive))
    const { load } = await goOn(harness, () => [])
    await load()
    expect(client.frames()).toEqual([])
    expect(events(client.ask(client.set('/a', 'x')))).toEqual(['changed /a'])
  })

  test('more nodes below recursive watches than are compared -> who watches so is closed, with a line that says why', async () => {
    const harness = await Harness.serving({ globalOutstandingLimit: 1_000_000 })
    const [client, modest, writer] = [harness.client(), harness.client(), harness.client()]
    writer.ask(writer.create('/n'), writer.create('/a'))
    for (let at = 0; at < limits.comparedNodesMax; at += 1000) {
      writer.ask(...Array.from({ length: 1000 }, (_, i) => writer.create(`/n/${at + i}`)))
    }
    client.ask(addWatch(client, '/', recursive))
    modest.ask(addWatch(modest, '/a', persistent))
    const { load } = await goOn(harness, (there) => [there.set('/a', 'x')])
    await load()
    expect(client.connection.ended).toBe('orderly')
    expect(client.frames()).toEqual([])
    expect(harness.lines.filter((line) => line.startsWith('warn'))).toEqual([
      expect.stringMatching(/^warn: closing the connection .*snapshot.*more than 100000 nodes/),
    ])
    expect(modest.connection.ended).toBe(null)
    expect(events(modest.frames())).toEqual(['changed /a'])
  }, 60_000)
})
