import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { WatchEvent } from '../../src/client/index.ts'
import { fourLetterWord, Permission, TransactionError, ZkError } from '../../src/client/index.ts'
import { type Backend, backendKinds, until } from './backends.ts'
import { Opened } from './opened.ts'

const nameOf = (error: unknown): unknown => (error instanceof ZkError ? error.name : error)

for (const kind of backendKinds) {
  describe.skipIf(kind.missing !== null)(`the whole protocol against ${kind.name}`, () => {
    let backend: Backend
    const opened = new Opened(() => backend.port, 4000)
    const { connect, link } = opened

    beforeAll(async () => {
      backend = await kind.start()
    })
    afterEach(() => opened.close())
    afterAll(async () => {
      await backend?.stop()
    })

    test('container and TTL nodes: created by their requests, owned by no session', async () => {
      const client = await connect()
      expect(await client.create('/container', 'c', { container: true })).toBe('/container')
      const made = await client.createWithStat('/ttl', 't', { ttlMs: 60_000 })
      expect([made.path, made.stat.dataLength]).toEqual(['/ttl', 1])
      expect(await client.create('/ttl-', null, { ttlMs: 60_000, sequential: true })).toMatch(
        /^\/ttl-\d{10}$/,
      )
      expect((await client.exists('/ttl'))?.ephemeralOwner).toBe(0n)
      const [inside] = await client
        .transaction()
        .create('/container/c', null, { container: true })
        .create('/container/t', null, { ttlMs: 1000 })
        .commit()
      expect([inside.path, inside.stat?.numChildren]).toEqual(['/container/c', 0])
      // Either the children or, seldom, the server itself has removed them by now.
      await client.deleteRecursive('/container').catch((error) => expect(nameOf(error)).toBe('noNode'))
    })

    test.skipIf(!kind.grantsExactlyOnce)(
      'every kind of write whose answer is lost is taken once',
      async () => {
        const road = await link()
        const client = await connect({ servers: `127.0.0.1:${road.port}` })
        const looking = await connect()
        await client.create('/once')
        const acl = [{ perms: Permission.all, scheme: 'world', id: 'anyone' }]
        const writes: [string, () => Promise<unknown>, unknown][] = [
          ['container', () => client.create('/once/c', null, { container: true }), '/once/c'],
          [
            'TTL',
            () => client.create('/once/t-', null, { ttlMs: 60_000, sequential: true }),
            '/once/t-0000000001',
          ],
          ['ACL', async () => (await client.setAcl('/once', acl, { version: 0 })).aversion, 1],
          [
            'transaction',
            async () => (await client.transaction().delete('/once/c').create('/once/x').commit())[1].path,
            '/once/x',
          ],
        ]
        for (const [what, write, expected] of writes) {
          const before = await looking.exists('/once')
          road.losingReplies = true
          const answer = write()
          await until(async () => {
            const now = await looking.exists('/once')
            return now?.pzxid !== before?.pzxid || now?.aversion !== before?.aversion
          }, `${what} to be done`)
          road.cut()
          await until(() => client.state === 'suspended', 'the loss to be noticed')
          road.mend()
          expect(await answer, what).toEqual(expected)
        }
        expect((await looking.getChildren('/once')).sort()).toEqual(['t-0000000001', 'x'])
        await looking.deleteRecursive('/once')
      },
    )

    test('a transaction that fails names operation, path and reason; the connection lives', async () => {
      const client = await connect()
      const failure = await client
        .transaction()
        .create('/failing', 'x')
        .set('/failing', 'y', { version: 7 })
        .delete('/failing')
        .commit()
        .then(
          () => null,
          (error: unknown) => error,
        )
      expect(failure).toBeInstanceOf(TransactionError)
      expect(failure).toMatchObject({
        name: 'badVersion',
        operation: 'set',
        path: '/failing',
        failedIndex: 1,
        codes: [0, -103, -2],
      })
      expect(String(failure)).toContain('(operation 2 of 3 in a transaction: set)')
      expect(await client.exists('/failing')).toBeNull()
    })

    test('multiRead: each result in its place, failures by themselves', async () => {
      const client = await connect()
      await client.create('/read', 'r')
      await client.create('/read/child')
      const results = await client.multiRead([
        { type: 'get', path: '/read' },
        { type: 'get', path: '/none' },
        { type: 'children', path: '/read' },
      ])
      expect(results).toMatchObject([
        { type: 'get', path: '/read', data: Buffer.from('r'), stat: { numChildren: 1 } },
        { type: 'error', path: '/none', error: { name: 'noNode', path: '/none' } },
        { type: 'children', path: '/read', children: ['child'] },
      ])
      expect(await client.multiRead([])).toEqual([])
      await client.deleteRecursive('/read')
    })

    test('ACLs: identities open what is closed to others, also after a reconnect', async () => {
      const road = await link()
      const owner = await connect({ servers: `127.0.0.1:${road.port}` })
      const other = await connect()
      await expect(
        owner.create('/closed', 'x', { acl: [{ perms: Permission.all, scheme: 'auth', id: '' }] }),
      ).rejects.toMatchObject({ name: 'invalidAcl' })
      await owner.addAuth('digest', 'u:p')
      expect(await owner.whoAmI()).toContainEqual({ scheme: 'digest', user: 'u' })
      await owner.create('/closed', 'x', { acl: [{ perms: Permission.all, scheme: 'auth', id: '' }] })
      expect((await owner.getAcl('/closed')).acl).toEqual([
        { perms: 31, scheme: 'digest', id: 'u:Jq7wMyA/w2Vd5WIDAKdu4OIIFEQ=' },
      ])
      await expect(other.get('/closed')).rejects.toMatchObject({ name: 'noAuth' })
      road.cut()
      await until(() => owner.state === 'suspended', 'the loss to be noticed')
      const read = owner.get('/closed')
      road.mend()
      expect((await read).data?.toString()).toBe('x')
      const acl = [{ perms: Permission.read, scheme: 'world', id: 'anyone' }]
      await expect(owner.setAcl('/closed', acl, { version: 5 })).rejects.toMatchObject({ name: 'badVersion' })
      expect((await owner.setAcl('/closed', acl, { version: 0 })).aversion).toBe(1)
      expect((await other.get('/closed')).data?.toString()).toBe('x')
      await owner.delete('/closed')
    })

    test('a refused identity: the call and the event say so, the session goes on', async () => {
      const client = await connect()
      const refused: string[] = []
      client.on('authFailed', (scheme) => refused.push(scheme))
      await expect(client.addAuth('nonsense', 'x')).rejects.toMatchObject({ name: 'authFailed' })
      expect(refused).toEqual(['nonsense'])
      expect(await client.exists('/')).not.toBeNull()
    })

    test('ephemerals by prefix, and the number of all descendants, below a chroot', async () => {
      const outside = await connect()
      await outside.create('/rooted')
      await outside.create('/rooted-not', null, { ephemeral: true })
      const client = await connect({ servers: `127.0.0.1:${backend.port}/rooted` })
      for (const path of ['/a', '/ab', '/b']) await client.create(path, null, { ephemeral: true })
      expect((await client.getEphemerals()).sort()).toEqual(['/a', '/ab', '/b'])
      expect((await client.getEphemerals('/a')).sort()).toEqual(['/a', '/ab'])
      expect(await outside.getEphemerals()).toEqual(['/rooted-not'])
      expect(await client.getAllChildrenNumber('/')).toBe(3)
      await client.close()
      await outside.delete('/rooted')
    })

    test('a chroot that does not exist: noNode, until ensurePath makes it', async () => {
      const client = await connect({ servers: `127.0.0.1:${backend.port}/new/root` })
      await expect(client.create('/x')).rejects.toMatchObject({ name: 'noNode', path: '/x' })
      expect(await client.createRecursive('/x/y', 'z')).toBe('/x/y')
      expect((await client.get('/x/y')).data?.toString()).toBe('z')
      const another = await connect({ servers: `127.0.0.1:${backend.port}/newer/root` })
      expect(await another.createRecursive('/', 'root')).toBe('/')
      expect(await another.create('/', null, { sequential: true })).toBe('/0000000000')
      const outside = await connect()
      expect((await outside.get('/newer/root')).data?.toString()).toBe('root')
      await outside.deleteRecursive('/new')
      await outside.deleteRecursive('/newer')
    })

    test('persistent watches: every event, recursive ones without childrenChanged, over a reconnect', async () => {
      const road = await link()
      const watching = await connect({ servers: `127.0.0.1:${road.port}` })
      const acting = await connect()
      const own: string[] = []
      const below: string[] = []
      // On paths of their own: before 3.9 a connection has one kind of watch on a path.
      await acting.create('/above')
      await watching.addWatch('/above/p', ({ type, path }) => own.push(`${type} ${path}`))
      await watching.addWatch('/above', ({ type, path }) => below.push(`${type} ${path}`), {
        recursive: true,
      })
      const act = async (): Promise<void> => {
        await acting.create('/above/p')
        await acting.create('/above/p/c')
        await acting.set('/above/p/c', 'x')
        await acting.set('/above/p', 'y')
        await acting.delete('/above/p/c')
        await acting.delete('/above/p')
        await watching.sync()
      }
      const ownExpected = ['created', 'childrenChanged', 'dataChanged', 'childrenChanged', 'deleted'].map(
        (type) => `${type} /above/p`,
      )
      const belowExpected = [
        'created /above/p',
        'created /above/p/c',
        'dataChanged /above/p/c',
        'dataChanged /above/p',
        'deleted /above/p/c',
        'deleted /above/p',
      ]
      await act()
      expect([own, below]).toEqual([ownExpected, belowExpected])
      road.cut()
      await until(() => watching.state === 'suspended', 'the loss to be noticed')
      road.mend()
      // Answered behind the request that leaves the watches again.
      await watching.sync()
      own.length = 0
      below.length = 0
      await act()
      expect([own, below]).toEqual([ownExpected, belowExpected])
      await watching.removeWatches('/above')
      await watching.removeWatches('/above/p')
      await act()
      expect([own, below]).toEqual([ownExpected, belowExpected])
      await acting.delete('/above')
    })

    test('removing watches: the server is told when the last listener goes', async () => {
      const client = await connect()
      await client.create('/removed')
      const heard: string[] = []
      const one = ({ type }: WatchEvent): void => void heard.push(`one ${type}`)
      const two = ({ type }: WatchEvent): void => void heard.push(`two ${type}`)
      await client.get('/removed', { watch: one })
      await client.exists('/removed', { watch: two })
      await client.getChildren('/removed', { watch: two })
      expect(await client.checkWatches('/removed', 'data')).toBe(true)
      await client.removeWatches('/removed', { kind: 'data', listener: one })
      expect(await client.checkWatches('/removed', 'data')).toBe(true)
      await client.removeWatches('/removed', { kind: 'data', listener: two })
      expect(await client.checkWatches('/removed', 'data')).toBe(false)
      expect(await client.checkWatches('/removed', 'children')).toBe(true)
      await expect(client.removeWatches('/removed', { kind: 'data' })).rejects.toMatchObject({
        name: 'noWatcher',
      })
      await client.set('/removed', 'x')
      await client.create('/removed/child')
      expect(heard).toEqual(['two childrenChanged'])
      await client.addWatch('/removed', one)
      await client.addWatch('/removed', two)
      await client.removeWatches('/removed', { listener: one })
      await client.set('/removed', 'y')
      expect(heard).toEqual(['two childrenChanged', 'two dataChanged'])
      await client.removeWatches('/removed', { kind: 'persistent' })
      expect(await client.checkWatches('/removed')).toBe(false)
      await client.deleteRecursive('/removed')
    })

    test('watches on thousands of long paths are left again in several requests', async () => {
      const road = await link()
      const watching = await connect({ servers: `127.0.0.1:${road.port}` })
      const acting = await connect()
      const paths = Array.from({ length: 2000 }, (_unused, i) => `/${'long'.repeat(40)}-${i}`)
      const heard = new Set<string>()
      const listener = ({ path }: WatchEvent): void => void heard.add(path)
      await Promise.all(
        paths.map((path, i) =>
          i % 2 === 0 ? watching.exists(path, { watch: listener }) : watching.addWatch(path, listener),
        ),
      )
      road.cut()
      await until(() => watching.state === 'suspended', 'the loss to be noticed')
      road.mend()
      await watching.sync()
      await Promise.all(paths.map((path) => acting.create(path)))
      await watching.sync()
      expect(heard.size).toBe(2000)
      await Promise.all(paths.map((path) => acting.delete(path)))
    })

    test('quotas: kept in ZooKeeper’s text, usage counted by the server, none inside another', async () => {
      const client = await connect()
      await client.create('/limited', '12345')
      await client.create('/limited/child', '67')
      expect(await client.getQuota('/limited')).toBeNull()
      await client.setQuota('/limited', { count: 5, bytesHard: 100 })
      await client.setQuota('/limited', { bytes: 50 })
      expect((await client.get('/zookeeper/quota/limited/zookeeper_limits')).data?.toString()).toBe(
        'count=5,bytes=50=;byteHardLimit=100;countHardLimit=-1',
      )
      const quota = {
        path: '/limited',
        limits: { count: 5, bytes: 50, countHard: null, bytesHard: 100 },
        usage: { count: 2, bytes: 7 },
      }
      expect(await client.getQuota('/limited')).toEqual(quota)
      expect(await client.listQuotas()).toEqual([quota])
      await expect(client.setQuota('/limited/child', { count: 1 })).rejects.toThrow(
        '/limited above it has one',
      )
      await expect(client.setQuota('/none', { count: 1 })).rejects.toMatchObject({ name: 'noNode' })
      const inside = await connect({ servers: `127.0.0.1:${backend.port}/limited` })
      expect(await inside.listQuotas()).toEqual([{ ...quota, path: '/' }])
      await client.deleteQuota('/limited', ['count', 'bytesHard'])
      expect((await client.getQuota('/limited'))?.limits).toEqual({
        count: null,
        bytes: 50,
        countHard: null,
        bytesHard: null,
      })
      await client.deleteQuota('/limited')
      await expect(client.deleteQuota('/limited')).rejects.toMatchObject({ name: 'noNode' })
      expect(await client.getChildren('/zookeeper/quota')).toEqual([])
      const another = await connect()
      await Promise.all([
        client.setQuota('/limited/child', { count: 3 }),
        another.setQuota('/limited/child', { bytesHard: 4 }),
      ])
      expect((await client.getQuota('/limited/child'))?.limits).toEqual({
        count: 3,
        bytes: null,
        countHard: null,
        bytesHard: 4,
      })
      await expect(client.setQuota('/limited', { count: 1 })).rejects.toThrow(
        '/limited/child below it has one',
      )
      await client.deleteQuota('/limited/child')
      await client.deleteRecursive('/limited')
    })

    test('the trace mask is set by its own word', async () => {
      const address = `127.0.0.1:${backend.port}`
      expect((await fourLetterWord(address, 'stmk', { traceMask: 308n })).trim()).toBe('308')
      await expect(fourLetterWord(address, 'stmk')).rejects.toThrow('takes a trace mask')
    })
  })
}
