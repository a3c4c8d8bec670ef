import zookeeper, { type ZkAclEntry, type ZkClient, type ZkEvent, type ZkStat } from 'node-zookeeper-client'
import { expect, onTestFinished, test } from 'vitest'
import { Ensemble } from '../processes/harness/ensemble.ts'
import { until } from '../processes/harness/until.ts'
import { serverInUse } from './server-in-use.ts'

const { ACL, CreateMode, Exception } = zookeeper
const bytes = Buffer.from

type NodeCallback<T> = (error: Error | null, result: T) => void

function call<T>(run: (callback: NodeCallback<T>) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    run((error, result) => (error === null || error === undefined ? resolve(result) : reject(error)))
  })
}

/** The same client with promises. */
class Guest {
  readonly client: ZkClient
  disconnects = 0
  authenticationFailed = false
  connects = 0

  constructor(servers: string) {
    this.client = zookeeper.createClient(servers, { sessionTimeout: 10_000, spinDelay: 10 })
    this.client.on('connected', () => this.connects++)
    this.client.on('disconnected', () => this.disconnects++)
    this.client.on('authenticationFailed', () => {
      this.authenticationFailed = true
    })
    onTestFinished(() => this.client.close())
    this.client.connect()
  }

  async connected(): Promise<this> {
    await until('node-zookeeper-client to connect', () => this.connects > 0)
    return this
  }

  create(path: string, data: string | null, mode = CreateMode.PERSISTENT): Promise<string> {
    return call((done) => this.client.create(path, data === null ? null : bytes(data), mode, done))
  }

  createWith(acls: readonly ZkAclEntry[], path: string): Promise<string> {
    return call((done) => this.client.create(path, bytes('x'), acls, done))
  }

  setAcl(path: string, acls: readonly ZkAclEntry[], version = -1): Promise<ZkStat> {
    return call((done) => this.client.setACL(path, acls, version, done))
  }

  remove(path: string): Promise<void> {
    return call((done) => this.client.remove(path, -1, (error) => done(error, undefined)))
  }

  get(path: string, watch: ((event: ZkEvent) => void) | null = null): Promise<[string, ZkStat]> {
    return call((done) =>
      this.client.getData(path, watch, (error, data, stat) => done(error, [String(data), stat])),
    )
  }

  set(path: string, data: string, version = -1): Promise<ZkStat> {
    return call((done) => this.client.setData(path, bytes(data), version, done))
  }

  exists(path: string, watch: ((event: ZkEvent) => void) | null = null): Promise<ZkStat | null> {
    return call((done) => this.client.exists(path, watch, done))
  }

  acl(path: string): Promise<ZkAclEntry[]> {
    return call((done) => this.client.getACL(path, done))
  }

  children(path: string, watch: ((event: ZkEvent) => void) | null = null): Promise<string[]> {
    return call((done) => this.client.getChildren(path, watch, done))
  }
}

const withCode = (code: number): object => ({ code })

test('foreign: node-zookeeper-client -> data, sequential, ephemerals, watches, multi', async () => {
  const ensemble = await Ensemble.start()
  const guest = await new Guest(ensemble.addresses).connected()

  expect(await guest.create('/data', 'one')).toBe('/data')
  const [data, stat] = await guest.get('/data')
  expect([data, stat.version, stat.dataLength]).toEqual(['one', 0, 3])
  expect((await guest.set('/data', 'two', 0)).version).toBe(1)
  await expect(guest.set('/data', 'three', 0)).rejects.toMatchObject(withCode(Exception.BAD_VERSION))
  await expect(guest.create('/data', null)).rejects.toMatchObject(withCode(Exception.NODE_EXISTS))
  await expect(guest.get('/none')).rejects.toMatchObject(withCode(Exception.NO_NODE))
  expect(await guest.exists('/none')).toBeNull()
  await call((done) => guest.client.mkdirp('/data/a/b', done))
  await expect(guest.remove('/data/a')).rejects.toMatchObject(withCode(Exception.NOT_EMPTY))
  expect(await guest.children('/data')).toEqual(['a'])
  const [acl] = await guest.acl('/data')
  expect([acl?.permission, acl?.id.id]).toEqual([31, 'anyone'])

  const sequential = CreateMode.PERSISTENT_SEQUENTIAL
  const made = await Promise.all(
    Array.from({ length: 100 }, () => guest.create('/data/n-', null, sequential)),
  )
  // Its `a` came before them.
  expect(made).toEqual(made.map((_path, i) => `/data/n-${String(i + 1).padStart(10, '0')}`))

  const other = await new Guest(ensemble.addresses).connected()
  await other.create('/mine', null, CreateMode.EPHEMERAL)
  await until('the ephemeral to be seen', () => guest.exists('/mine'))
  expect((await guest.exists('/mine'))?.ephemeralOwner).toEqual(other.client.getSessionId())
  const events: string[] = []
  const note = ({ name, path }: ZkEvent): void => void events.push(`${name} ${path}`)
  await guest.exists('/mine', note)
  other.client.close()
  await until('the ephemeral to end', () => events.length > 0)
  await guest.exists('/watched', note)
  await guest.children('/', note)
  await guest.create('/watched', 'x')
  await guest.get('/watched', note)
  await guest.set('/watched', 'y')
  await guest.get('/watched', note)
  await guest.remove('/watched')
  expect(events).toEqual([
    'NODE_DELETED /mine',
    'NODE_CREATED /watched',
    'NODE_CHILDREN_CHANGED /',
    'NODE_DATA_CHANGED /watched',
    'NODE_DELETED /watched',
  ])

  const good = guest.client.transaction().create('/t', bytes('1')).setData('/t', bytes('2'), 0).check('/t', 1)
  await call((done) => good.commit(done))
  expect((await guest.get('/t'))[0]).toBe('2')
  const bad = guest.client.transaction().setData('/t', bytes('3'), -1).check('/t', 7).remove('/t', -1)
  await expect(call((done) => bad.commit(done))).rejects.toMatchObject(withCode(Exception.BAD_VERSION))
  expect((await guest.get('/t'))[0]).toBe('2')
})

test('foreign: node-zookeeper-client -> access control', async () => {
  const ensemble = await Ensemble.start()
  const [owner, other] = await Promise.all([
    new Guest(ensemble.addresses).connected(),
    new Guest(ensemble.addresses).connected(),
  ])
  const noAuth = withCode(Exception.NO_AUTH)
  await expect(owner.createWith(ACL.CREATOR_ALL_ACL, '/mine')).rejects.toMatchObject(
    withCode(Exception.INVALID_ACL),
  )
  owner.client.addAuthInfo('digest', bytes('me:secret'))
  expect(await owner.createWith(ACL.CREATOR_ALL_ACL, '/mine')).toBe('/mine')
  const ids = async (guest: Guest): Promise<string[]> => (await guest.acl('/mine')).map(({ id }) => id.id)
  expect(await ids(owner)).toEqual(['me:016djjlksVQS5RgX3M7biBGyYwY='])
  // It may be with another server than the owner.
  await until('the node to arrive', async () => (await other.children('/')).includes('mine'))
  await expect(other.get('/mine')).rejects.toMatchObject(noAuth)
  await expect(other.setAcl('/mine', ACL.OPEN_ACL_UNSAFE)).rejects.toMatchObject(noAuth)
  const read = ACL.READ_ACL_UNSAFE
  expect((await owner.setAcl('/mine', [...ACL.CREATOR_ALL_ACL, ...read], 0)).aversion).toBe(1)
  await until('the list to arrive', async () => (await other.get('/mine'))[0] === 'x')
  expect(await ids(other)).toEqual(['me:x', 'anyone'])
  await expect(other.set('/mine', 'y')).rejects.toMatchObject(noAuth)
  const transaction = other.client
    .transaction()
    .create('/not-made', bytes(''))
    .setData('/mine', bytes('y'), -1)
  await expect(call((done) => transaction.commit(done))).rejects.toMatchObject(noAuth)
  expect(await other.exists('/not-made')).toBeNull()
  other.client.addAuthInfo('none-such', bytes('x'))
  await until('the refusal', () => other.authenticationFailed)
})

test('foreign: node-zookeeper-client loses its server -> same session, ephemeral and watch', async () => {
  const ensemble = await Ensemble.start()
  const guest = await new Guest(ensemble.addresses).connected()
  const session = guest.client.getSessionId()
  const events: string[] = []
  await guest.create('/kept', 'before')
  await guest.create('/mine', null, CreateMode.EPHEMERAL)
  guest.client.addAuthInfo('digest', bytes('me:secret'))
  await guest.createWith(ACL.CREATOR_ALL_ACL, '/owned')
  await guest.get('/kept', ({ name }) => void events.push(name))
  const server = await serverInUse(ensemble)
  await server.kill()
  await until('another server', () => guest.disconnects > 0 && guest.connects > 1)
  expect(guest.client.getSessionId()).toEqual(session)
  expect((await guest.get('/kept'))[0]).toBe('before')
  expect((await guest.exists('/mine'))?.ephemeralOwner).toEqual(session)
  expect(events).toEqual([])
  await guest.set('/kept', 'after')
  await until('the watch to fire', () => events.length > 0)
  expect(events).toEqual(['NODE_DATA_CHANGED'])
  // It has told the new server who it is.
  expect((await guest.get('/owned'))[0]).toBe('x')
})
