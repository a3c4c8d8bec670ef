import { beforeEach, describe, expect, test, vi } from 'vitest'
import type { QuotaExcess } from '../../../src/tree/quota/quota-check.ts'
import { ReplicatedState } from '../../../src/tree/replicated-state.ts'
import { ErrorCode } from '../../../src/wire/error-codes.ts'
import { OpCode } from '../../../src/wire/opcodes.ts'
import {
  chunksOf,
  collect,
  createBody,
  deleteBody,
  Harness,
  multiBody,
  noBody,
  op,
  setDataBody,
} from '../harness.ts'

let h: Harness
let session: number
let excesses: QuotaExcess[]

const start = (enforceQuota: boolean): void => {
  excesses = []
  h = new Harness({ settings: { enforceQuota }, onQuotaExcess: (excess) => excesses.push(excess) })
  session = h.newSession()
}

beforeEach(() => start(true))

const create = (path: string, data: string | null = '', flags = 0): number =>
  h.run(OpCode.create, createBody(path, { data, flags }), { session }).error
const set = (path: string, data: string | null, version = -1): number =>
  h.run(OpCode.setData, setDataBody(path, data, version), { session }).error
const remove = (path: string): number => h.run(OpCode.delete, deleteBody(path), { session }).error

const limitsOf = (path: string) => `/zookeeper/quota${path}/zookeeper_limits`
const statsOf = (path: string) => `/zookeeper/quota${path}/zookeeper_stats`
const usage = (path: string) => h.data(statsOf(path))

/** As ZooKeeper's own tool does it. */
function setQuota(path: string, limits: string): void {
  let at = '/zookeeper/quota'
  for (const name of path.slice(1).split('/')) {
    at += `/${name}`
    if (h.state.tree.find(at) === undefined) expect(create(at, null)).toBe(0)
  }
  expect(create(limitsOf(path), limits)).toBe(0)
  expect(create(statsOf(path), 'count=0,bytes=0')).toBe(0)
}

describe('quota: usage', () => {
  test('a quota is set -> the stats are what there is, the node itself included', () => {
    create('/a', 'abc')
    create('/a/b', 'de')
    create('/a/b/c', null)
    create('/ab', 'beside')
    setQuota('/a', 'count=-1,bytes=-1')
    expect(usage('/a')).toBe('count=3,bytes=5')
  })

  test('above many nodes -> they are not walked through, however often stats are made anew', () => {
    create('/a')
    for (let i = 0; i < 200; i++) create(`/a/${i}`, 'x')
    set('/a/7', 'xyz')
    const find = vi.spyOn(h.state.tree, 'find')
    setQuota('/a', 'count=-1,bytes=-1')
    expect(usage('/a')).toBe('count=201,bytes=202')
    remove(statsOf('/a'))
    create(statsOf('/a'))
    expect(usage('/a')).toBe('count=201,bytes=202')
    expect(find.mock.calls.length).toBeLessThan(100)
  })

  test('before the node is there -> nothing, and then what comes', () => {
    setQuota('/a', 'count=-1,bytes=-1')
    expect(usage('/a')).toBe('count=0,bytes=0')
    create('/a', 'xy')
    expect(usage('/a')).toBe('count=1,bytes=2')
  })

  test('create, setData, delete below -> counted in place: of the Stat, only the length changes', () => {
    create('/a', 'abc')
    setQuota('/a', 'count=-1,bytes=-1')
    const before = h.stat(statsOf('/a'))
    h.listener.events.length = 0
    for (let i = 0; i < 10; i++) create(`/a/${i}`, 'xx')
    set('/a/1', 'long data')
    set('/a/2', null)
    remove('/a/3')
    expect(usage('/a')).toBe('count=10,bytes=26')
    expect(h.stat(statsOf('/a'))).toEqual({ ...before, dataLength: 'count=10,bytes=26'.length })
    expect(h.listener.events.filter((event) => event.includes('zookeeper'))).toEqual([])
  })

  test('a session ends with its ephemeral nodes -> counted down', () => {
    create('/a')
    setQuota('/a', 'count=-1,bytes=-1')
    const other = h.newSession()
    h.run(OpCode.create, createBody('/a/e', { data: '123', flags: 1 }), { session: other })
    h.run(OpCode.create, createBody('/a/s', { data: '1', flags: 3 }), { session: other })
    expect(usage('/a')).toBe('count=3,bytes=4')
    h.run(OpCode.closeSession, noBody, { session: other })
    expect(usage('/a')).toBe('count=1,bytes=0')
  })

  test('a multi -> all of it or nothing', () => {
    create('/a')
    setQuota('/a', 'count=-1,bytes=-1')
    h.run(OpCode.multi, multiBody([op.create('/a/1'), op.setData('/a/1', 'abc'), op.create('/a/2')]), {
      session,
    })
    expect(usage('/a')).toBe('count=3,bytes=3')
    h.run(OpCode.multi, multiBody([op.create('/a/3'), op.check('/none')]), { session })
    h.run(OpCode.multi, multiBody([op.delete('/a/1'), op.delete('/a/2')]), { session })
    expect(usage('/a')).toBe('count=1,bytes=0')
  })

  test('one inside another -> only the deepest counts, also as it empties', () => {
    create('/a')
    create('/a/b')
    create('/a/b/c', '12')
    setQuota('/a', 'count=-1,bytes=-1')
    setQuota('/a/b', 'count=-1,bytes=-1')
    create('/a/b/d', '1')
    create('/a/x')
    expect([usage('/a'), usage('/a/b')]).toEqual(['count=4,bytes=2', 'count=3,bytes=3'])
    for (const path of ['/a/b/d', '/a/b/c', '/a/b']) remove(path)
    expect([usage('/a'), usage('/a/b')]).toEqual(['count=4,bytes=2', 'count=0,bytes=0'])
  })

  test('two quotas on paths of one length, one deleted -> the other is kept', () => {
    for (const path of ['/a', '/b']) {
      create(path)
      setQuota(path, 'count=-1,bytes=-1')
    }
    remove(limitsOf('/a'))
    create('/a/1')
    create('/b/1')
    expect([usage('/a'), usage('/b')]).toEqual(['count=1,bytes=0', 'count=2,bytes=0'])
  })

  test('a change far below -> only what can be a quota is cut out of its path', () => {
    create('/a')
    setQuota('/a', 'count=-1,bytes=-1')
    const cut = vi.spyOn(String.prototype, 'substring')
    try {
      expect(h.state.tree.quotas.deepestAt(`/a${'/b'.repeat(1000)}`)).toBe('/a')
      expect(cut).toHaveBeenCalledTimes(1)
    } finally {
      cut.mockRestore()
    }
  })

  test('the limits are deleted -> nothing is counted; made again, it goes on; new stats -> what there is', () => {
    create('/a')
    setQuota('/a', 'count=-1,bytes=-1')
    remove(limitsOf('/a'))
    create('/a/1', 'abc')
    expect(usage('/a')).toBe('count=1,bytes=0')
    create(limitsOf('/a'), 'count=-1,bytes=-1')
    create('/a/2', 'abc')
    expect(usage('/a')).toBe('count=2,bytes=3')
    remove(statsOf('/a'))
    create('/a/3', 'abc')
    create(statsOf('/a'), null)
    expect(usage('/a')).toBe('count=4,bytes=9')
  })

  test('a client writes into the stats -> counted on from there; what is no figure counts as none', () => {
    create('/a')
    setQuota('/a', 'count=-1,bytes=-1')
    set(statsOf('/a'), 'count=100,bytes=7;foo=9,bar=3')
    create('/a/1')
    expect(usage('/a')).toBe('count=101,bytes=7=;bar=3;foo=9')
    set(statsOf('/a'), 'garbage')
    create('/a/2', 'x')
    expect(usage('/a')).toBe('count=0,bytes=0')
    set(statsOf('/a'), null)
    create('/a/3', 'x')
    expect(usage('/a')).toBe('count=0,bytes=0')
  })

  test('limits of the root -> no quota', () => {
    create('/zookeeper/quota/zookeeper_limits', 'count=1,bytes=1=;countHardLimit=1')
    expect(h.state.tree.quotas.size).toBe(0)
    expect(create('/a')).toBe(0)
  })

  test('in a snapshot -> counted on by who loads it', async () => {
    create('/a')
    setQuota('/a', 'count=-1,bytes=-1=;countHardLimit=2')
    create('/a/1')
    const loaded = new ReplicatedState()
    await loaded.load(chunksOf(await collect(h.state.snapshot(async () => {}))))
    remove('/a/1')
    const txn = h.history.at(-1)
    if (txn !== undefined) loaded.apply(txn.zxid, txn.bytes, h.listener)
    expect(loaded.digest()).toBe(h.state.digest())
    expect(loaded.tree.quotas.size).toBe(1)
  })

  test('everything is reset -> no quotas', () => {
    create('/a')
    setQuota('/a', 'count=-1,bytes=-1')
    h.state.endReign()
    h.state.reset()
    expect(h.state.tree.quotas.size).toBe(0)
    expect(h.state.digest()).toBe(new ReplicatedState().digest())
  })
})

describe('quota: hard limits, enforced', () => {
  const exceeded = ErrorCode.quotaExceeded

  beforeEach(() => {
    create('/a')
  })

  test('nodes -> as many as the limit, not one more; room again after a delete', () => {
    setQuota('/a', 'count=1,bytes=-1=;countHardLimit=3')
    expect([create('/a/1'), create('/a/2'), create('/a/3'), create('/b')]).toEqual([0, 0, exceeded, 0])
    remove('/a/1')
    expect([create('/a/3'), create('/a/4')]).toEqual([0, exceeded])
    expect(usage('/a')).toBe('count=3,bytes=0')
  })

  test('bytes -> by create and setData, shrinking included while it is still too much', () => {
    setQuota('/a', 'count=-1,bytes=-1')
    create('/a/1', '123456789012')
    set(limitsOf('/a'), 'count=-1,bytes=1=;byteHardLimit=10')
    expect(set('/a/1', '12345678901')).toBe(exceeded)
    expect(set('/a/1', '123456789013')).toBe(0)
    expect(create('/a/2', '1')).toBe(exceeded)
    expect(create('/a/2')).toBe(0)
    expect(set('/a/1', '1234567890')).toBe(0)
    expect(set('/a/2', '1')).toBe(exceeded)
  })

  test('it is the last check of a create; of a setData, the one before the version', () => {
    setQuota('/a', 'count=-1,bytes=-1=;byteHardLimit=5;countHardLimit=1')
    expect(create('/a', '123456')).toBe(ErrorCode.nodeExists)
    expect(create('/a/b/c')).toBe(ErrorCode.noNode)
    expect(set('/a', '123456', 99)).toBe(exceeded)
    expect(set('/a', '12345', 99)).toBe(ErrorCode.badVersion)
  })

  test('a limit of nodes and one of bytes -> each counts, beside soft ones', () => {
    setQuota('/a', 'count=1,bytes=-1=;byteHardLimit=5')
    expect(create('/a/1', '123456')).toBe(exceeded)
    set(limitsOf('/a'), 'count=-1,bytes=1=;countHardLimit=1')
    expect(create('/a/1', '123456')).toBe(exceeded)
  })

  test('the operations of one multi -> each alone, so that together they may pass the limit', () => {
    setQuota('/a', 'count=-1,bytes=-1=;countHardLimit=2')
    h.run(OpCode.multi, multiBody([op.create('/a/1'), op.create('/a/2'), op.create('/a/3')]), { session })
    expect(usage('/a')).toBe('count=4,bytes=0')
    expect(create('/a/4')).toBe(exceeded)
  })

  test('requests in flight -> count as if they were applied; of a failed multi, nothing', () => {
    setQuota('/a', 'count=-1,bytes=-1=;countHardLimit=3')
    h.send(OpCode.multi, multiBody([op.create('/a/x'), op.check('/none')]), { session })
    h.send(OpCode.multi, multiBody([op.create('/a/1'), op.create('/a/2')]), { session })
    h.send(OpCode.create, createBody('/a/3'), { session })
    h.send(OpCode.delete, deleteBody('/a/1'), { session })
    h.send(OpCode.create, createBody('/a/4'), { session })
    h.send(OpCode.create, createBody('/a/5'), { session })
    const before = h.listener.replies.length
    h.applyAll()
    expect(h.listener.replies.slice(before).map((reply) => reply.error)).toEqual([
      0,
      0,
      exceeded,
      0,
      0,
      exceeded,
    ])
    expect(usage('/a')).toBe('count=3,bytes=0')
  })

  test('limits without stats, or without figures -> nothing is refused', () => {
    create('/zookeeper/quota/a', null)
    create(limitsOf('/a'), 'count=0,bytes=0=;countHardLimit=0')
    expect(create('/a/1')).toBe(0)
    create(statsOf('/a'), null)
    expect(create('/a/2')).toBe(exceeded)
    set(limitsOf('/a'), 'garbage')
    expect(create('/a/2')).toBe(0)
  })
})

describe('quota: who is told', () => {
  test('a soft limit is passed -> told, and done', () => {
    create('/a')
    setQuota('/a', 'count=1,bytes=5')
    expect([create('/a/1'), set('/a/1', '123456')]).toEqual([0, 0])
    expect(excesses).toEqual([
      { quota: '/a', of: 'nodes', usage: 2, limit: 1, isHard: false },
      { quota: '/a', of: 'bytes', usage: 6, limit: 5, isHard: false },
    ])
  })

  test('a hard limit without enforceQuota -> told, and done; it takes the place of the soft one', () => {
    start(false)
    create('/a')
    setQuota('/a', 'count=1,bytes=-1=;countHardLimit=2')
    expect([create('/a/1'), create('/a/2')]).toEqual([0, 0])
    expect(excesses).toEqual([{ quota: '/a', of: 'nodes', usage: 3, limit: 2, isHard: true }])
  })
})
