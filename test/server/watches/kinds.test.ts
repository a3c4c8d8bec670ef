import { describe, expect, test } from 'vitest'
import { OpCode } from '../../../src/wire/opcodes.ts'
import { Harness } from '../client-side-harness.ts'
import type { RawClient } from '../raw-client.ts'
import {
  addAuth,
  addWatch,
  checkWatches,
  createWith,
  events,
  onlyUserReads,
  perms,
  persistent,
  recursive,
  removeWatches,
  seen,
  setAcl,
} from './requests.ts'

type Leave = (client: RawClient, path: string) => Buffer

const leave: Record<string, Leave> = {
  get: (client, path) => client.get(path, true),
  exists: (client, path) => client.exists(path, true),
  children: (client, path) => client.children(path, true),
  children2: (client, path) => client.request(OpCode.getChildren2, (body) => body.string(path).bool(true)),
  persistent: (client, path) => addWatch(client, path, persistent),
  recursive: (client, path) => addWatch(client, path, recursive),
}

type Change = (client: RawClient) => Buffer

const change: Record<string, Change> = {
  'create /a/b': (client) => client.create('/a/b'),
  'set /a': (client) => client.set('/a', 'new'),
  'set /a/x': (client) => client.set('/a/x', 'new'),
  'set / (above)': (client) => client.set('/', 'new'),
  'set ACL of /a': (client) => setAcl(client, '/a', perms(31)),
  'delete /a/x': (client) => client.delete('/a/x'),
}

describe('what fires what', () => {
  // The node /a with one child /a/x, watched at /a.
  test.each([
    ['get', 'create /a/b', []],
    ['get', 'set /a', ['changed /a']],
    ['get', 'set /a/x', []],
    ['get', 'set / (above)', []],
    ['get', 'set ACL of /a', []],
    ['get', 'delete /a/x', []],
    ['exists', 'create /a/b', []],
    ['exists', 'set /a', ['changed /a']],
    ['children', 'create /a/b', ['children /a']],
    ['children', 'set /a', []],
    ['children', 'set /a/x', []],
    ['children', 'set ACL of /a', []],
    ['children', 'delete /a/x', ['children /a']],
    ['children2', 'create /a/b', ['children /a']],
    ['persistent', 'create /a/b', ['children /a']],
    ['persistent', 'set /a', ['changed /a']],
    ['persistent', 'set /a/x', []],
    ['persistent', 'set / (above)', []],
    ['persistent', 'set ACL of /a', []],
    ['persistent', 'delete /a/x', ['children /a']],
    ['recursive', 'create /a/b', ['created /a/b']],
    ['recursive', 'set /a', ['changed /a']],
    ['recursive', 'set /a/x', ['changed /a/x']],
    ['recursive', 'set / (above)', []],
    ['recursive', 'set ACL of /a', []],
    ['recursive', 'delete /a/x', ['deleted /a/x']],
  ])('%s, %s -> %j', async (kind, what, expected) => {
    const harness = await Harness.serving()
    const client = harness.client()
    const writer = harness.client()
    writer.ask(writer.create('/a'), writer.create('/a/x'))
    expect(client.ask((leave[kind] as Leave)(client, '/a'))).toMatchObject([{ error: 0 }])
    const [reply] = writer.ask((change[what] as Change)(writer))
    expect(reply?.error).toBe(0)
    const frames = client.frames()
    expect(events(frames)).toEqual(expected)
    for (const { zxid } of frames) expect(zxid).toBe(reply?.zxid)
  })

  test.each([
    ['get', ['deleted /a']],
    ['exists', ['deleted /a']],
    ['children', ['deleted /a']],
    ['persistent', ['deleted /a', 'created /a', 'changed /a']],
    ['recursive', ['deleted /a', 'created /a', 'changed /a']],
  ])('%s, node deleted, created again and set -> %j', async (kind, expected) => {
    const harness = await Harness.serving()
    const client = harness.client()
    const writer = harness.client()
    writer.ask(writer.create('/a'))
    client.ask((leave[kind] as Leave)(client, '/a'))
    writer.ask(writer.delete('/a'), writer.create('/a'), writer.set('/a', 'x'))
    expect(events(client.frames())).toEqual(expected)
  })

  test.each([
    ['get', -101, []],
    ['exists', -101, ['created /a']],
    ['children', -101, []],
    ['children2', -101, []],
    ['persistent', 0, ['created /a', 'deleted /a']],
    ['recursive', 0, ['created /a', 'created /a/x', 'deleted /a/x', 'deleted /a']],
  ])('%s of a missing node -> error %i, then %j', async (kind, error, expected) => {
    const harness = await Harness.serving()
    const client = harness.client()
    const writer = harness.client()
    expect(client.ask((leave[kind] as Leave)(client, '/a'))).toMatchObject([{ error }])
    writer.ask(writer.create('/a'), writer.create('/a/x'), writer.delete('/a/x'), writer.delete('/a'))
    expect(events(client.frames()).filter((event) => event !== 'children /a')).toEqual(expected)
  })

  test.each([
    ['get', -102],
    ['exists', -102],
    ['children', -102],
    ['children2', -102],
  ])('%s of a node that may not be read -> error %i, and no watch is left', async (kind, error) => {
    const harness = await Harness.serving()
    const client = harness.client()
    client.ask(createWith(client, '/a', perms(30)))
    expect(client.ask((leave[kind] as Leave)(client, '/a'))).toMatchObject([{ error }])
    expect(harness.side.watches.size).toBe(0)
  })

  test('multiRead with watch flags -> leaves none', async () => {
    const harness = await Harness.serving()
    const client = harness.client()
    client.ask(
      client.request(OpCode.multiRead, (body) => {
        body.int(OpCode.getData).bool(false).int(-1).string('/').bool(true)
        body.int(OpCode.getChildren).bool(false).int(-1).string('/').bool(true)
        body.int(-1).bool(true).int(-1)
      }),
    )
    expect(harness.side.watches.size).toBe(0)
  })

  test('recursive on the root -> every create, delete and change in the tree', async () => {
    const harness = await Harness.serving()
    const client = harness.client()
    const writer = harness.client()
    client.ask(addWatch(client, '/', recursive))
    writer.ask(writer.create('/a'), writer.create('/a/b'), writer.set('/a/b', 'x'), writer.set('/', 'x'))
    writer.ask(writer.delete('/a/b'), writer.delete('/a'))
    expect(events(client.frames())).toEqual([
      'created /a',
      'created /a/b',
      'changed /a/b',
      'changed /',
      'deleted /a/b',
      'deleted /a',
    ])
  })

  test('all kinds of one connection at one path -> each event once; then only the lasting ones', async () => {
    const harness = await Harness.serving()
    const client = harness.client()
    const writer = harness.client()
    writer.ask(writer.create('/a'))
    client.ask(client.get('/a', true), client.exists('/a', true), client.children('/a', true))
    client.ask(addWatch(client, '/a', persistent), addWatch(client, '/a', recursive))
    client.ask(addWatch(client, '/', recursive))
    writer.ask(writer.set('/a', 'x'))
    expect(events(client.frames())).toEqual(['changed /a'])
    writer.ask(writer.create('/a/b'))
    expect(events(client.frames())).toEqual(['created /a/b', 'children /a'])
    writer.ask(writer.delete('/a/b'), writer.delete('/a'))
    expect(events(client.frames())).toEqual(['deleted /a/b', 'children /a', 'deleted /a'])
    expect(harness.side.watches.data.size).toBe(2)
    expect(harness.side.watches.child.size).toBe(1)
  })

  test('a multi that fails -> fires nothing; one that works -> a standard watch once, a lasting one each time', async () => {
    const harness = await Harness.serving()
    const client = harness.client()
    const other = harness.client()
    client.ask(client.create('/a'), client.get('/a', true))
    other.ask(addWatch(other, '/a', persistent))
    const multi = (lastVersion: number): Buffer =>
      client.request(OpCode.multi, (body) => {
        for (const version of [-1, lastVersion]) {
          body.int(OpCode.setData).bool(false).int(-1).string('/a').buffer(null).int(version)
        }
        body.int(-1).bool(true).int(-1)
      })
    expect(seen(client.ask(multi(7)))).toEqual([3])
    expect(other.frames()).toEqual([])
    const frames = client.ask(multi(-1))
    expect(seen(frames)).toEqual(['changed /a', 4])
    const told = other.frames()
    expect(events(told)).toEqual(['changed /a', 'changed /a'])
    expect(told.map(({ zxid }) => zxid)).toEqual([frames[1]?.zxid, frames[1]?.zxid])
  })

  test('the empty path names the root for reads -> but nothing ever happens at it', async () => {
    const harness = await Harness.serving()
    const client = harness.client()
    expect(client.ask(client.get('', true), client.children('', true))).toMatchObject([
      { error: 0 },
      { error: 0 },
    ])
    expect(seen(client.ask(client.set('/', 'x'), client.create('/a')))).toEqual([3, 4])
  })
})

describe('who may not read', () => {
  test.each([
    ['set', (client: RawClient) => client.set('/a', 'x')],
    ['delete', (client: RawClient) => client.delete('/a')],
  ])(
    '%s of a node -> only who may read it is told; all standard watches are used up',
    async (_name, what) => {
      const harness = await Harness.serving()
      const [stranger, user, writer] = [harness.client(), harness.client(), harness.client()]
      writer.ask(writer.create('/a'))
      user.ask(addAuth(user, 'u:p'))
      for (const client of [stranger, user]) client.ask(client.get('/a', true))
      writer.ask(setAcl(writer, '/a', onlyUserReads), what(writer))
      expect(stranger.frames()).toEqual([])
      expect(user.frames()).toHaveLength(1)
      expect(harness.side.watches.size).toBe(0)
    },
  )

  test('created with a list that keeps it secret -> the watch is used up without a word', async () => {
    const harness = await Harness.serving()
    const [stranger, user, writer] = [harness.client(), harness.client(), harness.client()]
    user.ask(addAuth(user, 'u:p'))
    for (const client of [stranger, user]) client.ask(client.exists('/a', true))
    writer.ask(createWith(writer, '/a', onlyUserReads))
    expect(stranger.frames()).toEqual([])
    expect(events(user.frames())).toEqual(['created /a'])
    expect(harness.side.watches.size).toBe(0)
  })

  test('children -> the list of the parent decides, not that of the child', async () => {
    const harness = await Harness.serving()
    const [client, writer] = [harness.client(), harness.client()]
    writer.ask(writer.create('/open'), writer.create('/closed'))
    client.ask(client.children('/open', true), client.children('/closed', true))
    writer.ask(setAcl(writer, '/closed', perms(30)))
    writer.ask(createWith(writer, '/open/child', perms(0)), writer.create('/closed/child'))
    expect(events(client.frames())).toEqual(['children /open'])
    client.ask(client.children('/open', true))
    writer.ask(writer.delete('/open/child'))
    expect(events(client.frames())).toEqual(['children /open'])
  })

  test('persistent and recursive -> stay, and tell again once the client may read', async () => {
    const harness = await Harness.serving()
    const [client, writer] = [harness.client(), harness.client()]
    writer.ask(createWith(writer, '/a', onlyUserReads))
    client.ask(addWatch(client, '/a', persistent), addWatch(client, '/', recursive))
    writer.ask(writer.set('/a', 'x'), writer.create('/a/b'), writer.delete('/a/b'))
    expect(events(client.frames())).toEqual(['created /a/b', 'deleted /a/b'])
    client.ask(addAuth(client, 'u:p'))
    writer.ask(writer.set('/a', 'y'), writer.delete('/a'))
    expect(events(client.frames())).toEqual(['changed /a', 'deleted /a'])
  })
})

describe('checkWatches and removeWatches', () => {
  const kinds = ['get', 'children', 'persistent', 'recursive']
  const matches: Record<number, readonly string[]> = {
    1: ['children'],
    2: ['get'],
    3: kinds,
    4: ['persistent'],
    5: ['recursive'],
  }

  test.each([1, 2, 3, 4, 5].flatMap((type) => kinds.map((kind) => [type, kind] as const)))(
    'type %i, a watch by %s -> found and removed where the type means it, else NoWatcher',
    async (type, kind) => {
      const harness = await Harness.serving()
      const [client, other] = [harness.client(), harness.client()]
      client.ask(client.create('/a'), (leave[kind] as Leave)(client, '/a'))
      other.ask((leave[kind] as Leave)(other, '/a'))
      const { size } = harness.side.watches
      const isMeant = matches[type]?.includes(kind)
      const error = isMeant ? 0 : -121
      expect(client.ask(checkWatches(client, '/a', type))).toMatchObject([{ error }])
      expect(harness.side.watches.size).toBe(size)
      expect(client.ask(removeWatches(client, '/a', type))).toMatchObject([{ error }])
      expect(harness.side.watches.size).toBe(isMeant ? size / 2 : size)
      expect(client.ask(checkWatches(client, '/a', type))).toMatchObject([{ error: -121 }])
      expect(client.ask(removeWatches(client, '/b', type))).toMatchObject([{ error: -121 }])
    },
  )

  test('remove one mode of several -> the others go on', async () => {
    const harness = await Harness.serving()
    const client = harness.client()
    client.ask(client.create('/a'), client.get('/a', true), client.children('/a', true))
    client.ask(addWatch(client, '/a', persistent), addWatch(client, '/a', recursive))
    client.ask(removeWatches(client, '/a', 4), removeWatches(client, '/a', 1))
    expect(events(client.ask(client.create('/a/b')))).toEqual(['created /a/b'])
    client.ask(removeWatches(client, '/a', 5))
    expect(events(client.ask(client.set('/a', 'x'), client.set('/a', 'y')))).toEqual(['changed /a'])
    expect(harness.side.watches.size).toBe(0)
  })

  test('removal of any -> everything at the path is gone, and no event is sent', async () => {
    const harness = await Harness.serving()
    const client = harness.client()
    client.ask(client.create('/a'), client.get('/a', true), client.children('/a', true))
    client.ask(addWatch(client, '/a', persistent), addWatch(client, '/a', recursive))
    expect(events(client.ask(removeWatches(client, '/a', 3)))).toEqual([])
    expect(harness.side.watches.size).toBe(0)
    expect(events(client.ask(client.set('/a', 'x')))).toEqual([])
  })

  test.each([
    ['check, no such type', (client: RawClient) => checkWatches(client, '/a', 6)],
    ['check, type 0', (client: RawClient) => checkWatches(client, '/a', 0)],
    ['remove, no such type', (client: RawClient) => removeWatches(client, '/a', 6)],
    ['check, null path', (client: RawClient) => checkWatches(client, null, 3)],
    ['remove, null path', (client: RawClient) => removeWatches(client, null, 3)],
    ['addWatch, no such mode', (client: RawClient) => addWatch(client, '/a', 2)],
    ['addWatch, null path', (client: RawClient) => addWatch(client, null, 0)],
    ['addWatch, no body', (client: RawClient) => client.request(OpCode.addWatch)],
  ])('%s -> MarshallingError, and the connection lives', async (_name, request) => {
    const harness = await Harness.serving()
    const client = harness.client()
    expect(client.ask(request(client), client.exists('/'))).toMatchObject([{ error: -5 }, { error: 0 }])
    expect(harness.side.watches.size).toBe(0)
  })

  test('addWatch -> four bytes of body, as Java decodes them, and the zxid of now', async () => {
    const harness = await Harness.serving()
    const client = harness.client()
    const [reply] = client.ask(addWatch(client, '/a', recursive))
    expect(reply).toMatchObject({ error: 0, zxid: harness.side.state.lastApplied, body: Buffer.alloc(4) })
  })
})
