import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { ClientState, NodeChange, WatchEvent } from '../../src/client/index.ts'
import { fourLetterWord, TransactionError, ZkError } from '../../src/client/index.ts'
import { type Backend, backendKinds, until } from './backends.ts'
import { Opened } from './opened.ts'

for (const kind of backendKinds) {
  if (kind.missing !== null) console.warn(`skipped against ${kind.name}: ${kind.missing}`)
  describe.skipIf(kind.missing !== null)(`client against ${kind.name}`, () => {
    let backend: Backend
    const opened = new Opened(() => backend.port, 2000)
    const { connect, link } = opened

    beforeAll(async () => {
      backend = await kind.start()
    })
    afterEach(() => opened.close())
    afterAll(async () => {
      await backend?.stop()
    })

    test('create, get, set, exists, children, delete', async () => {
      const client = await connect()
      expect(client.exactlyOnce).toBe(kind.grantsExactlyOnce)
      expect(await client.create('/basic', 'hello')).toBe('/basic')
      const { data, stat } = await client.get('/basic')
      expect([data?.toString(), stat.version, stat.ephemeralOwner]).toEqual(['hello', 0, 0n])
      const changed = await client.set('/basic', Buffer.from([0, 255, 1]), { version: 0 })
      expect([changed.version, changed.dataLength]).toEqual([1, 3])
      expect(changed.mzxid).toBeGreaterThan(stat.mzxid)
      expect((await client.get('/basic')).data).toEqual(Buffer.from([0, 255, 1]))
      const made = await client.createWithStat('/basic/child', null)
      expect([made.path, made.stat.dataLength]).toEqual(['/basic/child', 0])
      expect((await client.get('/basic/child')).data).toBeNull()
      await client.create('/basic/other', '')
      expect((await client.get('/basic/other')).data).toEqual(Buffer.alloc(0))
      const listed = await client.getChildrenWithStat('/basic')
      expect([listed.children.sort(), listed.stat.numChildren]).toEqual([['child', 'other'], 2])
      await client.sync('/basic')
      await client.delete('/basic/other')
      await client.delete('/basic/child', { version: 0 })
      await client.delete('/basic')
      expect(await client.exists('/basic')).toBeNull()
      const { acl } = await client.getAcl('/')
      expect(acl).toEqual([{ perms: 31, scheme: 'world', id: 'anyone' }])
    })

    test('errors carry code, name and path', async () => {
      const client = await connect()
      await client.create('/errors', null)
      await client.create('/errors/child', null)
      const expectError = (call: Promise<unknown>, name: string, code: number, path: string): Promise<void> =>
        expect(call).rejects.toMatchObject({ name, code, path, retryable: false })
      await expectError(client.get('/none'), 'noNode', -101, '/none')
      await expectError(client.create('/errors'), 'nodeExists', -110, '/errors')
      await expectError(client.delete('/errors'), 'notEmpty', -111, '/errors')
      await expectError(client.set('/errors', 'x', { version: 7 }), 'badVersion', -103, '/errors')
      await client.create('/errors/e', null, { ephemeral: true })
      await expectError(client.create('/errors/e/x'), 'noChildrenForEphemerals', -108, '/errors/e/x')
      expect(await client.deleteRecursive('/errors')).toBe(3)
    })

    test('a thousand calls at once are answered in order', async () => {
      const client = await connect()
      await client.create('/many', null)
      const paths = await Promise.all(
        Array.from({ length: 1000 }, () => client.create('/many/n-', 'x', { sequential: true })),
      )
      expect(paths).toEqual(paths.map((_path, i) => `/many/n-${String(i).padStart(10, '0')}`))
      expect(await client.deleteRecursive('/many')).toBe(1001)
    })

    test('ephemeral nodes carry the session id and end with the session', async () => {
      const owner = await connect()
      const other = await connect()
      await owner.create('/mine', null, { ephemeral: true })
      expect((await other.exists('/mine'))?.ephemeralOwner).toBe(owner.sessionId)
      const gone = new Promise<WatchEvent>((resolve) => void other.exists('/mine', { watch: resolve }))
      await other.sync('/')
      await owner.close()
      expect((await gone).type).toBe('deleted')
    })

    test('transactions: all or nothing, typed results, the failed operation named', async () => {
      const client = await connect()
      const [created, set, checked, removed] = await client
        .transaction()
        .create('/t-', 'a', { sequential: true })
        .set('/', 'root')
        .check('/')
        .delete('/t-gone')
        .commit()
        .catch(async (error: unknown) => {
          expect(error).toBeInstanceOf(TransactionError)
          expect(error).toMatchObject({
            name: 'noNode',
            failedIndex: 3,
            path: '/t-gone',
            codes: [0, 0, 0, -101],
          })
          expect(await client.getChildren('/')).toEqual(['zookeeper'])
          await client.create('/t-gone')
          return client
            .transaction()
            .create('/t', 'a')
            .set('/t', 'b')
            .check('/t', { version: 1 })
            .delete('/t-gone')
            .commit()
        })
      expect([created.path, set.stat.version, checked.type, removed.type]).toEqual([
        '/t',
        1,
        'check',
        'delete',
      ])
      expect((await client.get('/t')).data?.toString()).toBe('b')
      await client.delete('/t')
      expect(await client.transaction().commit()).toEqual([])
    })

    test('one-shot watches fire once, on the event that they are for', async () => {
      const watching = await connect()
      const acting = await connect()
      const events: string[] = []
      const note = ({ type, path }: WatchEvent): void => void events.push(`${type} ${path}`)
      expect(await watching.exists('/w', { watch: note })).toBeNull()
      await acting.create('/w', null)
      await until(() => events.length === 1, 'the first event')
      await watching.get('/w', { watch: note })
      await watching.getChildren('/w', { watch: note })
      await acting.create('/w/c', null)
      await acting.set('/w', '1')
      await acting.set('/w', '2')
      await acting.delete('/w/c')
      await watching.sync('/')
      await until(() => events.length === 3, 'the other events')
      expect(events).toEqual(['created /w', 'childrenChanged /w', 'dataChanged /w'])
      await acting.delete('/w')
    })

    test('a watcher follows a node through everything, and a cut link', async () => {
      const road = await link()
      const watching = await connect({ servers: `127.0.0.1:${road.port}` })
      const acting = await connect()
      const watcher = watching.watch('/followed')
      expect(await watcher.ready).toBeNull()
      const seen: NodeChange[] = []
      const done = (async () => {
        for await (const change of watcher) seen.push(change)
      })()
      const next = async (type: string): Promise<void> => {
        await until(
          () => seen.at(-1)?.type === type,
          `${type}; seen ${seen.map((change) => change.type).join()}`,
        )
      }
      await acting.create('/followed', null)
      await next('created')
      await acting.set('/followed', 'x')
      await next('dataChanged')
      await acting.create('/followed/child', null)
      await next('childrenChanged')
      road.cut()
      await until(() => watching.state === 'suspended', 'the loss to be noticed')
      await acting.set('/followed', 'y')
      road.mend()
      await next('dataChanged')
      await acting.deleteRecursive('/followed')
      await next('deleted')
      watcher.close()
      await done
      expect(seen.filter(({ type }) => type === 'created')).toHaveLength(1)
      expect(seen[0]?.stat?.czxid).toBe(seen[0]?.zxid)
    })

    test('reconnect: same session, ephemerals live, waiting calls go through', async () => {
      const road = await link()
      const client = await connect({ servers: `127.0.0.1:${road.port}` })
      const id = client.sessionId
      await client.create('/alive', 'x', { ephemeral: true })
      road.cut()
      await until(() => client.state === 'suspended', 'the loss to be noticed')
      const read = client.get('/alive')
      road.mend()
      expect((await read).stat.ephemeralOwner).toBe(id)
      expect(client.sessionId).toBe(id)
    })

    test('a write whose answer is lost: taken once, or reported as unknown', async () => {
      const road = await link()
      const client = await connect({ servers: `127.0.0.1:${road.port}` })
      const looking = await connect()
      await client.create('/counter', '0')
      for (let round = 1; round <= 5; round++) {
        road.losingReplies = true
        const write = client.set('/counter', String(round)).then(
          (stat) => stat.version,
          (error: unknown) => (error instanceof ZkError ? error.name : error),
        )
        // The server has done it; the client cannot know.
        await until(async () => (await looking.exists('/counter'))?.version === round, 'the write to be done')
        road.cut()
        await until(() => client.state === 'suspended', 'the loss to be noticed')
        road.mend()
        expect(await write).toBe(kind.grantsExactlyOnce ? round : 'connectionLoss')
        await client.connected()
        expect((await client.exists('/counter'))?.version).toBe(round)
      }
      await looking.delete('/counter')
    })

    test('server killed and started again: the session and its watches go on', async () => {
      const client = await connect({ sessionTimeoutMs: 20_000 })
      await client.create('/kept', 'x', { ephemeral: true })
      const events: string[] = []
      await client.get('/kept', { watch: ({ type }) => events.push(type) })
      const states: ClientState[] = []
      client.on('state', (state) => states.push(state))
      await backend.restart()
      await client.set('/kept', 'y')
      expect(states).toEqual(['suspended', 'connected'])
      expect(events).toEqual(['dataChanged'])
    })

    test('expiry: the client hears of it, its calls are rejected, and it can begin again', async () => {
      const road = await link()
      const client = await connect({
        servers: `127.0.0.1:${road.port}`,
        sessionTimeoutMs: 1000,
        suspendedTimeoutMs: 30_000,
      })
      const looking = await connect()
      await client.create('/short', null, { ephemeral: true })
      const watcher = client.watch('/short')
      await watcher.ready
      road.cut()
      await until(async () => (await looking.exists('/short')) === null, 'the session to end')
      const call = client.get('/short')
      road.mend()
      await expect(call).rejects.toMatchObject({ name: 'sessionExpired' })
      expect(client.state).toBe('expired')
      await expect(watcher[Symbol.asyncIterator]().next()).rejects.toMatchObject({ name: 'sessionExpired' })
      const before = client.sessionId
      await client.connect()
      expect(client.sessionId).not.toBe(before)
      expect(await client.exists('/short')).toBeNull()
    })

    test('an idle client lives on by its pings', async () => {
      const client = await connect({ sessionTimeoutMs: 1000 })
      const looking = await connect()
      await client.create('/idle', null, { ephemeral: true })
      const states: ClientState[] = []
      client.on('state', (state) => states.push(state))
      const endMs = Date.now() + 2500
      await until(() => Date.now() > endMs, 'some session timeouts to pass')
      expect(await looking.exists('/idle')).not.toBeNull()
      expect(states).toEqual([])
    })

    test('chroot: everything happens below it', async () => {
      const outside = await connect()
      await outside.create('/apps', null)
      const inside = await connect({ servers: `127.0.0.1:${backend.port}/apps` })
      const event = new Promise<WatchEvent>((resolve) => void inside.exists('/a/b', { watch: resolve }))
      expect(await inside.createRecursive('/a/b', 'x')).toBe('/a/b')
      expect((await event).path).toBe('/a/b')
      expect(await outside.getChildren('/apps/a')).toEqual(['b'])
      const walked: string[] = []
      for await (const path of inside.walk('/')) walked.push(path)
      expect(walked).toEqual(['/', '/a', '/a/b'])
      const [made] = await inside.transaction().create('/t').commit()
      expect(made.path).toBe('/t')
      expect(await inside.deleteRecursive('/')).toBe(3)
      await outside.delete('/apps')
    })

    test('any trees: what is created by createRecursive is walked, and deleted by deleteRecursive', async () => {
      const client = await connect()
      const path = fc.array(fc.constantFrom('a', 'b', 'ü', 'x y', '.c'), { minLength: 1, maxLength: 4 })
      await fc.assert(
        fc.asyncProperty(fc.array(path, { minLength: 1, maxLength: 6 }), async (paths) => {
          const expected = new Set(['/any'])
          await client.create('/any')
          for (const names of paths) {
            await client.ensurePath(`/any/${names.join('/')}`)
            for (let i = 1; i <= names.length; i++) expected.add(`/any/${names.slice(0, i).join('/')}`)
          }
          const walked: string[] = []
          for await (const found of client.walk('/any')) walked.push(found)
          expect(walked.sort()).toEqual([...expected].sort())
          expect(await client.deleteRecursive('/any')).toBe(expected.size)
        }),
        { numRuns: 15 },
      )
    })

    test('four-letter words', async () => {
      const address = `127.0.0.1:${backend.port}`
      expect(await fourLetterWord(address, 'ruok')).toBe('imok')
      expect(await fourLetterWord(address, 'srvr')).toContain('Mode: standalone')
      await expect(fourLetterWord('127.0.0.1:1', 'ruok')).rejects.toThrow(
        '127.0.0.1:1: nothing listens there',
      )
    })
  })
}
