import { beforeEach, describe, expect, test } from 'vitest'
import { isDecodableWrite } from '../../src/tree/execute/body-shape.ts'
import { DecodeError } from '../../src/wire/decode-error.ts'
import { ErrorCode } from '../../src/wire/error-codes.ts'
import { JuteReader } from '../../src/wire/jute-reader.ts'
import { readMultiResponse } from '../../src/wire/multi.ts'
import { OpCode } from '../../src/wire/opcodes.ts'
import {
  CreateSessionRequest,
  PathResponse,
  PathStatResponse,
  StatResponse,
} from '../../src/wire/requests.ts'
import {
  createBody,
  deleteBody,
  encode,
  Harness,
  multiBody,
  noBody,
  op,
  openAcl,
  setAclBody,
  setDataBody,
} from './harness.ts'

let h: Harness
let session: number

beforeEach(() => {
  h = new Harness()
  session = h.newSession()
})

const read = (perms: number) => [{ perms, scheme: 'world', id: 'anyone' }]
const run = (opcode: number, body: Buffer) => h.run(opcode, body, { session })
const create = (path: string, options: Parameters<typeof createBody>[1] = {}) =>
  run(OpCode.create, createBody(path, options))
const pathOf = (reply: { body: Buffer }) => PathResponse.read(new JuteReader(reply.body)).path
const statOf = (reply: { body: Buffer }) => StatResponse.read(new JuteReader(reply.body)).stat

describe('initial tree', () => {
  test('an empty server -> the four nodes with the stats that ZooKeeper shows', () => {
    const zero = {
      czxid: 0,
      mzxid: 0,
      ctime: 0,
      mtime: 0,
      version: 0,
      cversion: 0,
      aversion: 0,
      ephemeralOwner: 0n,
      dataLength: 0,
      numChildren: 0,
      pzxid: 0,
    }
    expect(h.stat('/')).toEqual({ ...zero, cversion: -1, numChildren: 1 })
    expect(h.stat('')).toEqual(h.stat('/'))
    expect(h.stat('/zookeeper')).toEqual({ ...zero, cversion: -2, numChildren: 2 })
    expect(h.stat('/zookeeper/quota')).toEqual(zero)
    expect(h.stat('/zookeeper/config')).toEqual({ ...zero, aversion: -1 })
    expect(h.state.tree.nodeCount).toBe(5)
  })
})

describe('create', () => {
  test('plain -> path; a stat of its own; the parent counts it', () => {
    const reply = create('/a', { data: 'hello' })
    expect(reply.error).toBe(0)
    expect(pathOf(reply)).toBe('/a')
    expect(h.data('/a')).toBe('hello')
    expect(h.stat('/a')).toEqual({
      czxid: reply.zxid,
      mzxid: reply.zxid,
      pzxid: reply.zxid,
      ctime: h.wallMs,
      mtime: h.wallMs,
      version: 0,
      cversion: 0,
      aversion: 0,
      ephemeralOwner: 0n,
      dataLength: 5,
      numChildren: 0,
    })
    expect(h.stat('/')).toMatchObject({ cversion: 0, numChildren: 2, pzxid: reply.zxid, mzxid: 0 })
  })

  test('create2 -> path and stat', () => {
    const reply = run(OpCode.create2, createBody('/a', { data: 'xy' }))
    const body = PathStatResponse.read(new JuteReader(reply.body))
    expect(body).toEqual({ path: '/a', stat: h.stat('/a') })
    expect(body.stat.dataLength).toBe(2)
  })

  test('null and empty data -> stay different', () => {
    create('/null', { data: null })
    create('/empty', { data: '' })
    expect(h.data('/null')).toBeNull()
    expect(h.data('/empty')).toBe('')
    expect(h.stat('/null')?.dataLength).toBe(0)
  })

  test('cversion: three creates, a delete, a create -> 3, 4, 5', () => {
    create('/p')
    for (const name of ['a', 'b', 'c']) create(`/p/${name}`)
    expect(h.stat('/p')).toMatchObject({ cversion: 3, numChildren: 3 })
    const deleted = run(OpCode.delete, deleteBody('/p/a'))
    expect(h.stat('/p')).toMatchObject({ cversion: 4, numChildren: 2, pzxid: deleted.zxid })
    create('/p/d')
    expect(h.stat('/p')).toMatchObject({ cversion: 5, numChildren: 3 })
  })

  test('sequential -> the count of all creates so far, in ten digits', () => {
    create('/p')
    create('/p/plain')
    const named = (path: string, flags: number) => pathOf(create(path, { flags }))
    expect(named('/p/s-', 2)).toBe('/p/s-0000000001')
    run(OpCode.delete, deleteBody('/p/plain'))
    expect(named('/p/e-', 3)).toBe('/p/e-0000000002')
    expect(named('/p/', 2)).toBe('/p/0000000003')
    expect(h.stat('/p/e-0000000002')?.ephemeralOwner).toBe(BigInt(session))
    expect(h.stat('/p/s-0000000001')?.ephemeralOwner).toBe(0n)
  })

  test('sequential name that exists -> NodeExists, again and again, until another child is made', () => {
    create('/p')
    create('/p/s-0000000001')
    expect(create('/p/s-', { flags: 2 }).error).toBe(ErrorCode.nodeExists)
    expect(create('/p/s-', { flags: 2 }).error).toBe(ErrorCode.nodeExists)
    create('/p/other')
    expect(pathOf(create('/p/s-', { flags: 2 }))).toBe('/p/s-0000000002')
  })

  test.each([
    ['flags before everything', 'nopath', { flags: 7, acl: null }, ErrorCode.badArguments],
    ['negative flags', '/a', { flags: -1 }, ErrorCode.badArguments],
    ['a kind with a time to live', '/a', { flags: 5 }, ErrorCode.unimplemented],
    ['no slash, before the list', 'a', { acl: null }, ErrorCode.badArguments],
    ['NUL, before the list', '/a\0b', { acl: null }, ErrorCode.badArguments],
    ['no list, before the parent', '/no/a', { acl: null }, ErrorCode.invalidAcl],
    ['empty list', '/a', { acl: [] }, ErrorCode.invalidAcl],
    ['unknown scheme', '/a', { acl: [{ perms: 31, scheme: 'x', id: 'y' }] }, ErrorCode.invalidAcl],
    ['super cannot be named', '/a', { acl: [{ perms: 31, scheme: 'super', id: 'x' }] }, ErrorCode.invalidAcl],
    ['world but not anyone', '/a', { acl: [{ perms: 31, scheme: 'world', id: 'x' }] }, ErrorCode.invalidAcl],
    [
      'world without an id',
      '/a',
      { acl: [{ perms: 31, scheme: 'world', id: null }] },
      ErrorCode.marshallingError,
    ],
    ['missing parent, before the path’s form', '/no//a', {}, ErrorCode.noNode],
    ['relative path: its parent is missing', 'a/b', {}, ErrorCode.noNode],
    ['no permission, before the path’s form', '/locked/..', {}, ErrorCode.noAuth],
    ['trailing slash', '/p/', {}, ErrorCode.badArguments],
    ['empty component', '//a', {}, ErrorCode.badArguments],
    ['the root', '/', {}, ErrorCode.nodeExists],
    ['exists, before the ephemeral parent', '/p', {}, ErrorCode.nodeExists],
    ['under an ephemeral', '/e/a', {}, ErrorCode.noChildrenForEphemerals],
    ['malformed under an ephemeral', '/e/.', {}, ErrorCode.badArguments],
  ] as const)('%s -> its error', (_name, path, options, error) => {
    create('/p')
    create('/e', { flags: 1 })
    create('/locked', { acl: read(1) })
    const before = h.state.digest()
    const reply = create(path, options as Parameters<typeof createBody>[1])
    expect(reply.error).toBe(error)
    expect(reply.body.length).toBe(0)
    // An error is a transaction too: it changes nothing but takes its place.
    expect(h.state.lastApplied).toBe(reply.zxid)
    expect(h.state.tree.nodeCount).toBe(8)
    expect(h.state.digest()).not.toBe(before)
  })

  test('flags 4 under create -> a plain node; createContainer and createTTL -> Unimplemented', () => {
    expect(create('/c', { flags: 4 }).error).toBe(0)
    expect(h.stat('/c')?.ephemeralOwner).toBe(0n)
    expect(run(OpCode.createContainer, createBody('/d', { flags: 4 })).error).toBe(ErrorCode.unimplemented)
    const ttl = Buffer.concat([createBody('/d', { flags: 5 }), Buffer.alloc(8)])
    expect(run(OpCode.createTtl, ttl).error).toBe(ErrorCode.unimplemented)
  })
})

describe('delete', () => {
  test.each([
    ['no slash', 'a', -1, ErrorCode.badArguments],
    ['the root', '/', -1, ErrorCode.badArguments],
    ['reserved', '/zookeeper/quota', -1, ErrorCode.badArguments],
    ['missing parent', '/no/a', -1, ErrorCode.noNode],
    ['no permission on the parent, before the node', '/locked/no', -1, ErrorCode.noAuth],
    ['missing node', '/p/no', -1, ErrorCode.noNode],
    ['trailing slash: not found', '/p/', -1, ErrorCode.noNode],
    ['version, before the children', '/p', 5, ErrorCode.badVersion],
    ['version -2', '/p', -2, ErrorCode.badVersion],
    ['children', '/p', 0, ErrorCode.notEmpty],
  ])('%s -> its error', (_name, path, version, error) => {
    create('/p')
    create('/p/x')
    create('/locked', { acl: read(1) })
    expect(run(OpCode.delete, deleteBody(path, version)).error).toBe(error)
  })

  test('a node that nobody may touch -> goes: the parent decides', () => {
    create('/zero', { acl: read(0) })
    const reply = run(OpCode.delete, deleteBody('/zero', 0))
    expect(reply.error).toBe(0)
    expect(reply.body.length).toBe(0)
    expect(h.stat('/zero')).toBeUndefined()
  })
})

describe('setData', () => {
  test.each([
    ['empty path', '', -1, ErrorCode.badArguments],
    ['malformed', '/p//x', -1, ErrorCode.badArguments],
    ['missing', '/no', -1, ErrorCode.noNode],
    ['no permission, before the version', '/locked', 9, ErrorCode.noAuth],
    ['version', '/p', 1, ErrorCode.badVersion],
  ])('%s -> its error', (_name, path, version, error) => {
    create('/p')
    create('/locked', { acl: read(1) })
    expect(run(OpCode.setData, setDataBody(path, 'x', version)).error).toBe(error)
  })

  test('good -> stat; version, mzxid, mtime, dataLength change and nothing else', () => {
    create('/a', { data: 'one' })
    const before = h.stat('/a')
    const reply = run(OpCode.setData, setDataBody('/a', 'four', 0))
    expect(statOf(reply)).toEqual({
      ...before,
      version: 1,
      mzxid: reply.zxid,
      mtime: h.wallMs,
      dataLength: 4,
    })
    expect(h.data('/a')).toBe('four')
    run(OpCode.setData, setDataBody('/a', 'FOUR', 1))
    expect(h.data('/a')).toBe('FOUR')
    run(OpCode.setData, setDataBody('/a', null, 2))
    expect(h.data('/a')).toBeNull()
    expect(h.stat('/a')?.version).toBe(3)
  })

  test('on the root and on /zookeeper -> works; on /zookeeper/config -> NoAuth', () => {
    expect(run(OpCode.setData, setDataBody('/', 'x')).error).toBe(0)
    expect(run(OpCode.setData, setDataBody('/zookeeper', 'x')).error).toBe(0)
    expect(run(OpCode.setData, setDataBody('/zookeeper/config', 'x')).error).toBe(ErrorCode.noAuth)
  })
})

describe('setACL', () => {
  test.each([
    ['malformed, before the list', 'p', null, -1, ErrorCode.badArguments],
    ['list, before the node', '/no', null, -1, ErrorCode.invalidAcl],
    ['missing', '/no', openAcl, -1, ErrorCode.noNode],
    ['no permission, before the version', '/locked', openAcl, 9, ErrorCode.noAuth],
    ['version of the list', '/p', openAcl, 1, ErrorCode.badVersion],
  ])('%s -> its error', (_name, path, acl, version, error) => {
    create('/p')
    create('/locked', { acl: read(1) })
    expect(run(OpCode.setAcl, setAclBody(path, acl, version)).error).toBe(error)
  })

  test('good -> stat with aversion raised, nothing else; the list is stored without duplicates', () => {
    create('/a')
    const before = h.stat('/a')
    const reply = run(OpCode.setAcl, setAclBody('/a', [...read(1), ...read(1)], 0))
    expect(statOf(reply)).toEqual({ ...before, aversion: 1 })
    const node = h.state.tree.find('/a')
    expect(node && h.state.tree.acl(node).entries).toEqual(read(1))
    expect(run(OpCode.setData, setDataBody('/a', 'x')).error).toBe(ErrorCode.noAuth)
  })
})

describe('identities', () => {
  const digest = { scheme: 'digest', id: 'u:hash' }

  test('auth in a list -> replaced by who asks; only they get in, or a super user', () => {
    const acl = [{ perms: 31, scheme: 'auth', id: null }]
    expect(h.run(OpCode.create, createBody('/mine', { acl }), { session }).error).toBe(ErrorCode.invalidAcl)
    const identities = [digest, { scheme: 'ip', id: '10.0.0.1' }]
    expect(h.run(OpCode.create, createBody('/mine', { acl }), { session, identities }).error).toBe(0)
    const node = h.state.tree.find('/mine')
    expect(node && h.state.tree.acl(node).entries).toEqual([{ perms: 31, ...digest }])
    const set = (who: { scheme: string; id: string }[]) =>
      h.run(OpCode.setData, setDataBody('/mine', 'x'), { session, identities: who }).error
    expect(set([])).toBe(ErrorCode.noAuth)
    expect(set([{ scheme: 'digest', id: 'u:other' }])).toBe(ErrorCode.noAuth)
    expect(set([digest])).toBe(0)
    expect(set([{ scheme: 'super', id: '' }])).toBe(0)
  })
})

describe('sessions', () => {
  test('created -> id is its zxid; password and timeout are kept', () => {
    const id = h.newSession({ timeoutMs: 4000, fill: 9 })
    expect(id).toBe(h.state.lastApplied)
    const kept = h.state.sessions.get(id)
    expect(kept?.timeoutMs).toBe(4000)
    expect(kept?.password).toEqual(Buffer.alloc(16, 9))
  })

  test('unknown session -> SessionExpired, after the flags and before the path', () => {
    const at = (body: Buffer, opcode: number = OpCode.create) => h.run(opcode, body, { session: 99 }).error
    expect(at(createBody('/a', { flags: 9 }))).toBe(ErrorCode.badArguments)
    expect(at(createBody('nopath'))).toBe(ErrorCode.sessionExpired)
    expect(at(deleteBody('x'), OpCode.delete)).toBe(ErrorCode.sessionExpired)
    expect(at(noBody, OpCode.closeSession)).toBe(ErrorCode.sessionExpired)
  })

  test('close -> its ephemerals go, events in order, then the session, then the reply', () => {
    const other = h.newSession()
    create('/p')
    create('/p/b', { flags: 1 })
    create('/p/a', { flags: 1 })
    h.run(OpCode.create, createBody('/p/other', { flags: 1 }), { session: other })
    h.listener.events.length = 0
    const reply = run(OpCode.closeSession, noBody)
    expect(h.listener.events).toEqual([
      'deleted /p/a',
      'children /p',
      'deleted /p/b',
      'children /p',
      'session closed',
      'reply 0',
    ])
    expect(h.stat('/p')).toMatchObject({ numChildren: 1, cversion: 5, pzxid: reply.zxid })
    expect(h.state.sessions.get(session)).toBeUndefined()
    expect(h.state.tree.ephemeralCount).toBe(1)
    expect(run(OpCode.setData, setDataBody('/p', 'x')).error).toBe(ErrorCode.sessionExpired)
  })

  test('the leader closes a session that is gone -> no transaction', () => {
    h.send(OpCode.closeSession, noBody, { session, number: 0 })
    expect(h.pending.length).toBe(1)
    h.send(OpCode.closeSession, noBody, { session, number: 0 })
    expect(h.pending.length).toBe(1)
    h.applyAll()
    h.send(OpCode.closeSession, noBody, { session, number: 0 })
    expect(h.pending.length).toBe(0)
  })

  test.each([
    ['no timeout', 0, 16, 0],
    ['short password', 1000, 15, 0],
    ['negative window', 1000, 16, -1],
    ['huge window', 1000, 16, 1025],
  ])('createSession: %s -> BadArguments', (_name, timeoutMs, passwordLength, exactlyOnceWindow) => {
    const password = Buffer.alloc(passwordLength)
    const body = encode(CreateSessionRequest, { timeoutMs, password, exactlyOnceWindow })
    expect(h.run(OpCode.createSession, body).error).toBe(ErrorCode.badArguments)
    expect(h.state.sessions.size).toBe(1)
  })
})

describe('events', () => {
  test('create, set, delete -> ZooKeeper’s order, before the reply', () => {
    h.listener.events.length = 0
    create('/a')
    create('/a/b')
    run(OpCode.setData, setDataBody('/a/b', 'x'))
    run(OpCode.setAcl, setAclBody('/a/b', openAcl))
    run(OpCode.delete, deleteBody('/a/b'))
    run(OpCode.delete, deleteBody('/a/b'))
    expect(h.listener.events).toEqual([
      'created /a',
      'children /',
      'reply 0',
      'created /a/b',
      'children /a',
      'reply 0',
      'data /a/b',
      'reply 0',
      'reply 0',
      'deleted /a/b',
      'children /a',
      'reply 0',
      'reply -101',
    ])
  })

  test('replies that nobody here wants -> not written, the state changes all the same', () => {
    h.listener.wants = false
    h.send(OpCode.create, createBody('/a'), { session })
    h.applyAll()
    expect(h.stat('/a')).toBeDefined()
    expect(h.listener.replies.length).toBe(1)
  })
})

describe('multi', () => {
  const multi = (...operations: Parameters<typeof multiBody>[0]) => run(OpCode.multi, multiBody(operations))
  const resultsOf = (reply: { body: Buffer }) => readMultiResponse(new JuteReader(reply.body))

  test('later operations see earlier ones; stats are as of each; one zxid and time', () => {
    create('/p')
    h.listener.events.length = 0
    const reply = multi(
      op.create('/p/a'),
      op.setData('/p/a', 'one', 0),
      op.create2('/p/s-', 2),
      op.create('/p/s-', 2),
      op.setData('/p/a', 'three', 1),
      op.check('/p/a', 2),
      op.delete('/p/a', 2),
    )
    expect(reply.error).toBe(0)
    const results = resultsOf(reply)
    expect(results.map((result) => result.type)).toEqual([1, 5, 15, 1, 5, 13, 2])
    expect(results[0]).toEqual({ type: 1, path: '/p/a' })
    expect(results[1]).toMatchObject({ stat: { version: 1, dataLength: 3, czxid: reply.zxid } })
    expect(results[2]).toMatchObject({ path: '/p/s-0000000001', stat: { mzxid: reply.zxid } })
    expect(results[3]).toMatchObject({ path: '/p/s-0000000002' })
    expect(results[4]).toMatchObject({ stat: { version: 2, dataLength: 5 } })
    expect(h.stat('/p/a')).toBeUndefined()
    expect(h.stat('/p')).toMatchObject({ numChildren: 2, cversion: 4, pzxid: reply.zxid })
    expect(h.listener.events).toEqual([
      'created /p/a',
      'children /p',
      'data /p/a',
      'created /p/s-0000000001',
      'children /p',
      'created /p/s-0000000002',
      'children /p',
      'data /p/a',
      'deleted /p/a',
      'children /p',
      'reply 0',
    ])
  })

  test('a failing operation -> 0 before, its code, -2 after; nothing is done; one zxid', () => {
    create('/p')
    const before = h.stat('/p')
    h.listener.events.length = 0
    const reply = multi(op.create('/p/a'), op.setData('/p', 'x'), op.delete('/no'), op.create('/p/b'))
    expect(reply.error).toBe(0)
    expect(resultsOf(reply)).toEqual([
      { type: -1, err: 0 },
      { type: -1, err: 0 },
      { type: -1, err: -101 },
      { type: -1, err: -2 },
    ])
    expect(reply.body.subarray(0, 13).toString('hex')).toBe('ffffffff000000000000000000')
    expect(h.stat('/p')).toEqual(before)
    expect(h.listener.events).toEqual(['reply 0'])
    expect(h.state.lastApplied).toBe(reply.zxid)
    // The sequence did not advance either.
    expect(pathOf(create('/p/s', { flags: 2 }))).toBe('/p/s0000000000')
  })

  test('empty -> only the terminator', () => {
    const reply = multi()
    expect(reply.error).toBe(0)
    expect(reply.body.toString('hex')).toBe('ffffffff01ffffffff')
  })

  test('an ephemeral made and unmade in a failed multi -> the session closes cleanly', () => {
    multi(op.create('/e', 1), op.delete('/no'))
    expect(run(OpCode.closeSession, noBody).error).toBe(0)
  })

  test('a node deleted and made again -> starts anew', () => {
    create('/a', { data: 'x' })
    run(OpCode.setData, setDataBody('/a', 'y'))
    const reply = multi(op.delete('/a', 1), op.create('/a'), op.check('/a', 0))
    expect(resultsOf(reply).map((result) => result.type)).toEqual([2, 1, 13])
    expect(h.stat('/a')).toMatchObject({ version: 0, czxid: reply.zxid, dataLength: 0 })
  })

  test.each([
    ['an operation that cannot be part', '0000000700ffffffff'],
    [
      'no terminator',
      multiBody([op.create('/x')])
        .subarray(0, -9)
        .toString('hex'),
    ],
    ['wrong flags', multiBody([op.delete('/no'), op.create('/x', 9)]).toString('hex')],
    ['a kind with a time to live under create', multiBody([op.create('/x', 5)]).toString('hex')],
    ['no list', multiBody([op.create('/x', 0, null)]).toString('hex')],
  ])('%s -> the whole request is undecodable, and takes a zxid', (_name, body) => {
    const before = h.state.lastApplied
    const reply = run(OpCode.multi, Buffer.from(body, 'hex'))
    expect(reply.error).toBe(ErrorCode.marshallingError)
    expect(reply.zxid).toBe(before + 1)
    expect(h.stat('/x')).toBeUndefined()
  })

  test('an empty list, a container, a bad path -> errors of that operation', () => {
    const codes = (operation: Parameters<typeof multiBody>[0][number]) =>
      resultsOf(multi(op.check('/'), operation))
    expect(codes(op.create('/x', 0, []))[1]).toEqual({ type: -1, err: ErrorCode.invalidAcl })
    expect(codes(op.create('/x', 4))[1]).toEqual({ type: -1, err: ErrorCode.unimplemented })
    expect(codes(op.check('x'))[1]).toEqual({ type: -1, err: ErrorCode.badArguments })
    expect(codes(op.check('/', 5))[1]).toEqual({ type: -1, err: ErrorCode.badVersion })
  })
})

describe('bad input', () => {
  test('a body cut anywhere -> undecodable: an error transaction, and the state is as before', () => {
    create('/p')
    const bodies: [number, Buffer][] = [
      [OpCode.create, createBody('/p/x', { data: 'abc' })],
      [OpCode.create2, createBody('/p/x', { acl: [{ perms: 1, scheme: 'ip', id: '10.0.0.1' }] })],
      [OpCode.setData, setDataBody('/p', 'abc')],
      [OpCode.setAcl, setAclBody('/p', openAcl)],
      [OpCode.delete, deleteBody('/p')],
      [OpCode.multi, multiBody([op.create('/p/x'), op.setData('/p', 'y')])],
    ]
    const before = [h.stat('/p'), h.data('/p'), h.state.tree.nodeCount]
    for (const [opcode, body] of bodies) {
      for (let cut = 0; cut < body.length; cut++) {
        expect(run(opcode, body.subarray(0, cut)).error).toBe(ErrorCode.marshallingError)
        if (opcode !== OpCode.multi) expect(isDecodableWrite(opcode, body, 0, cut)).toBe(false)
      }
      expect(isDecodableWrite(opcode, body, 0, body.length)).toBe(true)
    }
    expect([h.stat('/p'), h.data('/p'), h.state.tree.nodeCount]).toEqual(before)
  })

  test('bytes behind a whole body -> ignored', () => {
    expect(run(OpCode.create, Buffer.concat([createBody('/a'), Buffer.from('junk')])).error).toBe(0)
  })

  test('an opcode that is no write -> Unimplemented', () => {
    for (const opcode of [OpCode.check, OpCode.getData, OpCode.reconfig, 10, 9999]) {
      expect(run(opcode, noBody).error).toBe(ErrorCode.unimplemented)
    }
  })

  test('bytes that are no requests -> DecodeError; whole requests before them are proposed', () => {
    for (const bad of ['00', '7fffffff', 'ffffffff', '00000004deadbeef']) {
      const good = h.encode(OpCode.create, createBody('/a'), { session })
      h.pending.length = 0
      expect(() => h.execute(Buffer.concat([good, Buffer.from(bad, 'hex')]))).toThrow(DecodeError)
      expect(h.pending.length).toBe(1)
    }
  })
})

describe('auth in access control lists', () => {
  const identities = [{ scheme: 'digest', id: `u:${'x'.repeat(4000)}` }]
  const auth = (count: number) =>
    Array.from({ length: count }, (_, i) => ({ perms: i, scheme: 'auth', id: '' }))

  test('one list that grows beyond 4 MiB -> InvalidACL', () => {
    const body = createBody('/a', { acl: auth(1100) })
    expect(h.run(OpCode.create, body, { session, identities }).error).toBe(ErrorCode.invalidAcl)
  })

  test('a multi whose lists grow beyond 32 MiB -> fails as a whole, its transaction is small', () => {
    const body = multiBody(Array.from({ length: 9 }, (_, i) => op.create(`/m${i}`, 0, auth(1000))))
    const reply = h.run(OpCode.multi, body, { session, identities })
    expect(readMultiResponse(new JuteReader(reply.body)).at(-1)).toMatchObject({
      err: ErrorCode.badArguments,
    })
    expect(h.history.at(-1)?.bytes.length).toBeLessThan(100)
    expect(h.stat('/m0')).toBeUndefined()
    expect(h.stat('/')?.numChildren).toBe(1)
  })
})

describe('closeSession', () => {
  test('ephemerals with longer paths than a transaction may have bytes -> a small transaction, all go, in the same order everywhere', () => {
    const session = h.newSession()
    const long = 'x'.repeat(10_000)
    for (const name of ['c', 'a', 'b']) {
      h.run(OpCode.create, createBody(`/${name}${long}`, { flags: 1 }), { session })
    }
    h.listener.events.length = 0
    h.send(OpCode.create, createBody('/aa', { flags: 1 }), { session })
    h.send(OpCode.closeSession, noBody, { session })
    expect(h.history.at(-1)?.bytes.length).toBeLessThan(100)
    h.applyAll()
    const gone = h.listener.events.filter((event) => event.startsWith('deleted '))
    expect(gone.map((event) => event.slice(8, 11))).toEqual(
      ['/aa', '/ax', '/bx', '/cx'].map((name) => name.slice(0, 3)),
    )
    expect(h.state.tree.ephemeralCount).toBe(0)
  })
})
