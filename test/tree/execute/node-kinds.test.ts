import { beforeEach, describe, expect, test } from 'vitest'
import { ErrorCode } from '../../../src/wire/error-codes.ts'
import { JuteReader } from '../../../src/wire/jute-reader.ts'
import { type MultiOperation, readMultiResponse } from '../../../src/wire/multi.ts'
import { OpCode } from '../../../src/wire/opcodes.ts'
import { PathStatResponse } from '../../../src/wire/requests.ts'
import {
  createBody,
  createTtlBody,
  Harness,
  multiBody,
  noBody,
  op,
  pathOf,
  SessionHarness,
} from '../harness.ts'

let h: SessionHarness

beforeEach(() => {
  h = new SessionHarness({ settings: { extendedTypesEnabled: true } })
})

const container = (path: string, flags = 4) => h.ask(OpCode.createContainer, createBody(path, { flags }))
const ttl = (path: string, flags: number, ttlMs: number | bigint) =>
  h.ask(OpCode.createTtl, createTtlBody(path, flags, ttlMs))
/** What the leader would remove one day. */
const reaped = () => [...h.state.tree.reaped].map((node) => h.state.tree.path(node))

describe('createContainer', () => {
  test('alone -> path and stat; no ephemeral owner; it is known as a container', () => {
    const reply = container('/c')
    expect(PathStatResponse.read(new JuteReader(reply.body))).toEqual({ path: '/c', stat: h.stat('/c') })
    expect(h.stat('/c')?.ephemeralOwner).toBe(0n)
    expect(reaped()).toEqual(['/c'])
  })

  test.each([
    [0, '/c'],
    [1, '/c'],
    [2, '/c0000000000'],
    [3, '/c0000000000'],
  ])('flags %i -> a container all the same, also after its maker has gone', (flags, path) => {
    h.create('/p')
    expect(pathOf(container(`/p${'/c'}`, flags))).toBe(`/p${path}`)
    expect(reaped()).toEqual([`/p${path}`])
    h.ask(OpCode.closeSession, noBody)
    expect(h.stat(`/p${path}`)?.ephemeralOwner).toBe(0n)
  })

  test.each([5, 6, 7, -1])('flags %i -> BadArguments', (flags) => {
    expect(container('/c', flags).error).toBe(ErrorCode.badArguments)
  })

  test('flags 4 under create and create2 -> a plain node', () => {
    expect(h.create('/a', { flags: 4 }).error).toBe(0)
    expect(h.ask(OpCode.create2, createBody('/b', { flags: 4 })).error).toBe(0)
    expect(reaped()).toEqual([])
  })

  test('children of a container or of a node with a time to live, ephemeral ones too -> allowed', () => {
    container('/c')
    ttl('/t', 5, 1000)
    for (const path of ['/c/e', '/t/e']) expect(h.create(path, { flags: 1 }).error).toBe(0)
    h.create('/e', { flags: 1 })
    expect(container('/e/c').error).toBe(ErrorCode.noChildrenForEphemerals)
  })
})

describe('createTTL', () => {
  test.each([5, 6])('flags %i -> path and stat; no ephemeral owner', (flags) => {
    const reply = ttl('/t', flags, 2 ** 40 - 1)
    const path = flags === 5 ? '/t' : '/t0000000000'
    expect(PathStatResponse.read(new JuteReader(reply.body))).toEqual({ path, stat: h.stat(path) })
    expect(h.stat(path)?.ephemeralOwner).toBe(0n)
    expect(reaped()).toEqual([path])
  })

  test.each([0, -1, 2 ** 40, 2n ** 62n, -(2n ** 63n)])('time to live %s -> BadArguments', (ttlMs) => {
    expect(ttl('/t', 5, ttlMs).error).toBe(ErrorCode.badArguments)
  })

  test.each([0, 1, 2, 3, 4, 7, -1])('flags %i, which have no time to live -> BadArguments', (flags) => {
    // -1 is what ZooKeeper's checks let through, and what its server then ends on.
    for (const ttlMs of [-1, 0, 5]) expect(ttl('/t', flags, ttlMs).error).toBe(ErrorCode.badArguments)
  })

  test('flags 5 and 6 under the other opcodes -> BadArguments', () => {
    for (const opcode of [OpCode.create, OpCode.create2, OpCode.createContainer]) {
      for (const flags of [5, 6]) {
        expect(h.ask(opcode, createBody('/t', { flags })).error).toBe(ErrorCode.badArguments)
      }
    }
  })

  test('extended types off -> Unimplemented, before the time to live, the session and the path', () => {
    h = new SessionHarness()
    for (const ttlMs of [-1, 1000]) expect(ttl('nopath', 5, ttlMs).error).toBe(ErrorCode.unimplemented)
    expect(h.create('/t', { flags: 6 }).error).toBe(ErrorCode.unimplemented)
    expect(ttl('/t', 0, 1000).error).toBe(ErrorCode.badArguments)
    expect(ttl('/t', 7, 1000).error).toBe(ErrorCode.badArguments)
    expect(container('/c').error).toBe(0)
    const stranger = new Harness().run(OpCode.createTtl, createTtlBody('/t', 5, 1), { session: 9 })
    expect(stranger.error).toBe(ErrorCode.unimplemented)
  })

  test('a wrong time to live -> before the session and the path', () => {
    const body = createTtlBody('nopath', 5, 0)
    expect(h.run(OpCode.createTtl, body, { session: 99 }).error).toBe(ErrorCode.badArguments)
    expect(h.run(OpCode.createTtl, createTtlBody('nopath', 5, 1), { session: 99 }).error).toBe(
      ErrorCode.sessionExpired,
    )
  })
})

describe('a null path', () => {
  test.each([
    ['create: wrong flags come first', OpCode.create, createBody('', { flags: 9 }), ErrorCode.badArguments],
    ['create: before the list', OpCode.create, createBody('', { acl: null }), ErrorCode.marshallingError],
    ['createTTL', OpCode.createTtl, createTtlBody('', 5, 1), ErrorCode.marshallingError],
  ])('%s', (_name, opcode, body, error) => {
    const withNull = Buffer.from(body)
    withNull.writeInt32BE(-1, 0)
    expect(h.ask(opcode, withNull).error).toBe(error)
  })
})

describe('node kinds inside a multi: the flags decide, not the opcode', () => {
  const resultOf = (operation: MultiOperation) => {
    const reply = h.ask(OpCode.multi, multiBody([op.check('/'), operation]))
    return readMultiResponse(new JuteReader(reply.body))[1]
  }

  test.each([
    ['create, flags 4', op.create('/x', 4), 15, true],
    ['create2, flags 0', op.create2('/x', 0), 15, false],
    ['create2, flags 4', op.create2('/x', 4), 15, true],
    ['createContainer, flags 4', op.createContainer('/x', 4), 15, true],
    ['createContainer, flags 0', op.createContainer('/x', 0), 1, false],
    ['createContainer, flags 1', op.createContainer('/x', 1), 1, false],
    ['createTTL, flags 5', op.createTtl('/x', 1000), 15, true],
    ['createTTL, flags 0 and no time', op.createTtl('/x', -1, 0), 1, false],
    ['createTTL, flags 0 and a time', op.createTtl('/x', 5, 0), 1, false],
    ['createTTL, flags 4', op.createTtl('/x', 5, 4), 15, true],
  ])('%s -> result type, kind', (_name, operation, type, isReaped) => {
    expect(resultOf(operation)).toMatchObject({ type, path: '/x' })
    expect(reaped()).toEqual(isReaped ? ['/x'] : [])
  })

  test('a wrong time to live, or extended types off -> errors of that operation', () => {
    for (const ttlMs of [0, -1, 2 ** 40]) {
      expect(resultOf(op.createTtl('/x', ttlMs))).toEqual({ type: -1, err: ErrorCode.badArguments })
    }
    h = new SessionHarness()
    expect(resultOf(op.createTtl('/x', 1000))).toEqual({ type: -1, err: ErrorCode.unimplemented })
  })

  test('made and unmade in a failed multi -> nothing to remove', () => {
    h.ask(OpCode.multi, multiBody([op.createContainer('/x'), op.delete('/no')]))
    expect(reaped()).toEqual([])
  })
})

describe('the index of what the leader removes', () => {
  test('deleted, made again as another kind, lost with the state -> no longer in it', () => {
    container('/a')
    ttl('/b', 5, 1000)
    h.ask(OpCode.multi, multiBody([op.delete('/a'), op.create('/a')]))
    expect(reaped()).toEqual(['/b'])
    h.state.endReign()
    h.state.reset()
    expect(reaped()).toEqual([])
  })
})
