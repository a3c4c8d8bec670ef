import { describe, expect, test } from 'vitest'
import { OpCode } from '../../src/wire/opcodes.ts'
import { Harness } from './client-side-harness.ts'
import { dataOf, type Frame } from './raw-client.ts'

const xids = (frames: Frame[]): number[] => frames.map(({ xid }) => xid)

describe('order of replies', () => {
  test('a read without writes before it -> answered at once, with the zxid of now', async () => {
    const harness = await Harness.serving()
    const client = harness.client()
    harness.replica.committing = false
    expect(client.ask(client.get('/'))).toMatchObject([
      { xid: 1, error: 0, zxid: harness.side.state.lastApplied },
    ])
  })

  test('reads and pings behind a write -> wait for it; another session does not', async () => {
    const harness = await Harness.serving()
    const client = harness.client()
    const other = harness.client()
    harness.replica.committing = false
    expect(client.ask(client.create('/a'), client.get('/a'), client.ping(), client.exists('/a'))).toEqual([])
    expect(other.ask(other.exists('/a'))).toMatchObject([{ error: -101 }])
    harness.commit()
    expect(client.frames()).toMatchObject([
      { xid: 1, error: 0 },
      { xid: 2, error: 0 },
      { xid: -2, error: 0 },
      { xid: 3, error: 0 },
    ])
  })

  test('write, read, write, read in one go -> both writes are sent at once, each read sees what came before it only', async () => {
    const harness = await Harness.serving()
    const client = harness.client()
    client.ask(client.create('/a', 0, 'zero'))
    harness.replica.committing = false
    client.send(client.set('/a', 'one'), client.get('/a'), client.set('/a', 'two'), client.get('/a'))
    expect(harness.replica.pending).toBe(2)
    harness.commit()
    const frames = client.frames()
    expect(xids(frames)).toEqual([2, 3, 4, 5])
    expect([dataOf(frames[1]), dataOf(frames[3])]).toEqual(['one', 'two'])
    const zxids = frames.map(({ zxid }) => zxid)
    expect(zxids).toEqual([...zxids].sort((a, b) => a - b))
  })

  test('a failed write -> takes a zxid, answers its error in its place', async () => {
    const harness = await Harness.serving()
    const client = harness.client()
    const before = harness.side.state.lastApplied
    const frames = client.ask(client.set('/none', 'x'), client.delete('/none'), client.create('/a'))
    expect(frames).toMatchObject([
      { error: -101, zxid: before + 1 },
      { error: -101, zxid: before + 2 },
      { error: 0, zxid: before + 3 },
    ])
    expect(frames[0]?.body).toHaveLength(0)
  })

  test('sync -> behind earlier writes, ahead of everything later, echoes its path', async () => {
    const harness = await Harness.serving()
    const client = harness.client()
    harness.replica.committing = false
    harness.replica.holdsSyncs = true
    client.send(client.create('/a'), client.sync('/x'), client.create('/b'), client.get('/b'))
    expect(harness.replica.pending).toBe(1)
    harness.commit()
    expect(xids(client.frames())).toEqual([1])
    harness.replica.releaseSyncs()
    harness.time.endTurns()
    const [synced, ...rest] = client.frames()
    expect(synced).toMatchObject({ xid: 2, error: 0 })
    expect(synced?.body).toEqual(Buffer.from('\0\0\0\x02/x'))
    expect(rest).toEqual([])
    harness.commit()
    expect(client.frames()).toMatchObject([
      { xid: 3, error: 0 },
      { xid: 4, error: 0 },
    ])
  })

  test('many syncs in one go -> each answered, in order', async () => {
    const harness = await Harness.serving()
    const client = harness.client()
    const syncs = Array.from({ length: 500 }, () => client.sync('/'))
    expect(xids(client.ask(...syncs))).toEqual(syncs.map((_frame, i) => i + 1))
  })

  test('closeSession -> earlier requests are answered, then it, then the end; what follows is dropped', async () => {
    const harness = await Harness.serving()
    const client = harness.client()
    harness.replica.committing = false
    client.send(client.create('/a'), client.get('/a'), client.close(), client.create('/late'), client.ping())
    harness.commit()
    expect(client.frames()).toMatchObject([
      { xid: 1, error: 0 },
      { xid: 2, error: 0 },
      { xid: 3, error: 0, zxid: harness.side.state.lastApplied },
    ])
    expect(client.connection.ended).toBe('orderly')
    expect(harness.side.state.sessions.size).toBe(0)
    expect(harness.side.state.tree.find('/late')).toBeUndefined()
  })

  test('replies of one turn -> leave in one write', async () => {
    const harness = await Harness.serving()
    const client = harness.client()
    const writesBefore = client.connection.writes
    client.ask(...Array.from({ length: 50 }, () => client.get('/')))
    expect(client.connection.writes - writesBefore).toBe(1)
  })
})

describe('requests that cannot be done', () => {
  test.each([
    ['an opcode that ZooKeeper does not have', 10],
    ['check outside of a multi', OpCode.check],
    ['deleteContainer, which only the leader asks for', OpCode.deleteContainer],
    ['createSession', OpCode.createSession],
    ['notification', OpCode.notification],
    ['error', OpCode.error],
  ])('%s -> Unimplemented with zxid -1, and the connection lives', async (_name, opcode) => {
    const harness = await Harness.serving()
    const client = harness.client()
    const frames = client.ask(client.request(opcode), client.exists('/'))
    expect(frames).toMatchObject([
      { xid: 1, error: -6, zxid: -1 },
      { xid: 2, error: 0 },
    ])
  })

  test.each([
    ['create', OpCode.create],
    ['createContainer', OpCode.createContainer],
    ['createTTL', OpCode.createTtl],
    ['delete', OpCode.delete],
    ['setData', OpCode.setData],
    ['setACL', OpCode.setAcl],
    ['reconfig', OpCode.reconfig],
    ['getData', OpCode.getData],
    ['exists', OpCode.exists],
    ['getChildren', OpCode.getChildren],
    ['getACL', OpCode.getAcl],
    ['sync', OpCode.sync],
    ['setWatches', OpCode.setWatches],
  ])(
    '%s with a body that ends early -> MarshallingError, no transaction, the connection lives',
    async (_name, opcode) => {
      const harness = await Harness.serving()
      const client = harness.client()
      const before = harness.side.state.lastApplied
      const frames = client.ask(
        client.request(opcode, (body) => body.int(1000).int(0)),
        client.exists('/'),
      )
      expect(frames).toMatchObject([
        { error: -5, zxid: before },
        { error: 0, zxid: before },
      ])
    },
  )

  test.each([
    ['getData', OpCode.getData],
    ['exists', OpCode.exists],
  ])('%s of a null path -> MarshallingError', async (_name, opcode) => {
    const harness = await Harness.serving()
    const client = harness.client()
    const frames = client.ask(client.request(opcode, (body) => body.string(null).int(0).int(0).int(0)))
    expect(frames).toMatchObject([{ error: -5 }])
  })

  test.each([
    ['create', OpCode.create, -5],
    ['delete', OpCode.delete, -5],
    ['setData', OpCode.setData, -8],
    ['setACL', OpCode.setAcl, -8],
  ])(
    '%s of a null path -> it can be decoded: an error with a zxid of its own',
    async (_name, opcode, error) => {
      const harness = await Harness.serving()
      const client = harness.client()
      const before = harness.side.state.lastApplied
      const frames = client.ask(client.request(opcode, (body) => body.string(null).int(0).int(0).int(0)))
      expect(frames).toMatchObject([{ error, zxid: before + 1 }])
    },
  )

  test('reconfig -> ReconfigDisabled, with a zxid of its own, and the connection lives', async () => {
    const harness = await Harness.serving()
    const client = harness.client()
    const before = harness.side.state.lastApplied
    const reconfig = client.request(OpCode.reconfig, (body) =>
      body.string(null).string('1').string(null).long(-1),
    )
    expect(client.ask(reconfig, client.exists('/'))).toMatchObject([
      { error: -123, zxid: before + 1 },
      { error: 0 },
    ])
  })

  test('exists of a path with a NUL -> BadArguments; getData of one -> NoNode', async () => {
    const harness = await Harness.serving()
    const client = harness.client()
    expect(client.ask(client.exists('/a\0b'), client.get('/a\0b'))).toMatchObject([
      { error: -8 },
      { error: -101 },
    ])
  })
})
