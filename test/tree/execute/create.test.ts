import { beforeEach, describe, expect, test } from 'vitest'
import { SavedField } from '../../../src/tree/node-image.ts'
import { ErrorCode } from '../../../src/wire/error-codes.ts'
import { JuteReader } from '../../../src/wire/jute-reader.ts'
import { readMultiResponse } from '../../../src/wire/multi.ts'
import { OpCode } from '../../../src/wire/opcodes.ts'
import { PathStatResponse } from '../../../src/wire/requests.ts'
import { createBody, deleteBody, multiBody, op, pathOf, SessionHarness, worldMay } from '../harness.ts'

let h: SessionHarness
let session: number

beforeEach(() => {
  h = new SessionHarness()
  session = h.session
})

describe('create', () => {
  test('plain -> path; a stat of its own; the parent counts it', () => {
    const reply = h.create('/a', { data: 'hello' })
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
    const reply = h.ask(OpCode.create2, createBody('/a', { data: 'xy' }))
    const body = PathStatResponse.read(new JuteReader(reply.body))
    expect(body).toEqual({ path: '/a', stat: h.stat('/a') })
    expect(body.stat.dataLength).toBe(2)
  })

  test('null and empty data -> stay different', () => {
    h.create('/null', { data: null })
    h.create('/empty', { data: '' })
    expect(h.data('/null')).toBeNull()
    expect(h.data('/empty')).toBe('')
    expect(h.stat('/null')?.dataLength).toBe(0)
  })

  test('cversion: three creates, a delete, a create -> 3, 4, 5', () => {
    h.create('/p')
    for (const name of ['a', 'b', 'c']) h.create(`/p/${name}`)
    expect(h.stat('/p')).toMatchObject({ cversion: 3, numChildren: 3 })
    const deleted = h.ask(OpCode.delete, deleteBody('/p/a'))
    expect(h.stat('/p')).toMatchObject({ cversion: 4, numChildren: 2, pzxid: deleted.zxid })
    h.create('/p/d')
    expect(h.stat('/p')).toMatchObject({ cversion: 5, numChildren: 3 })
  })

  test('sequential -> the count of all creates so far, in ten digits', () => {
    h.create('/p')
    h.create('/p/plain')
    const named = (path: string, flags: number) => pathOf(h.create(path, { flags }))
    expect(named('/p/s-', 2)).toBe('/p/s-0000000001')
    h.ask(OpCode.delete, deleteBody('/p/plain'))
    expect(named('/p/e-', 3)).toBe('/p/e-0000000002')
    expect(named('/p/', 2)).toBe('/p/0000000003')
    expect(h.stat('/p/e-0000000002')?.ephemeralOwner).toBe(BigInt(session))
    expect(h.stat('/p/s-0000000001')?.ephemeralOwner).toBe(0n)
  })

  test('more children ever made than a 32-bit number holds -> names and cversion go on below zero', () => {
    h.plant('/p', SavedField.childCreations, 2 ** 31 - 1)
    const names = ['/p/s', '/p/s', '/p/s'].map((path) => pathOf(h.create(path, { flags: 2 })))
    expect(names).toEqual(['/p/s2147483647', '/p/s-2147483648', '/p/s-2147483647'])
    // 2 · (-2^31 + 2) - 3, in 32 bits.
    expect(h.stat('/p')).toMatchObject({ numChildren: 3, cversion: 1 })
  })

  test('sequential name that exists -> NodeExists, again and again, until another child is made', () => {
    h.create('/p')
    h.create('/p/s-0000000001')
    expect(h.create('/p/s-', { flags: 2 }).error).toBe(ErrorCode.nodeExists)
    expect(h.create('/p/s-', { flags: 2 }).error).toBe(ErrorCode.nodeExists)
    h.create('/p/other')
    expect(pathOf(h.create('/p/s-', { flags: 2 }))).toBe('/p/s-0000000002')
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
    h.create('/p')
    h.create('/e', { flags: 1 })
    h.create('/locked', { acl: worldMay(1) })
    const before = h.state.digest()
    const reply = h.create(path, options as Parameters<typeof createBody>[1])
    expect(reply.error).toBe(error)
    expect(reply.body.length).toBe(0)
    // An error is a transaction too: it changes nothing but takes its place.
    expect(h.state.lastApplied).toBe(reply.zxid)
    expect(h.state.tree.nodeCount).toBe(8)
    expect(h.state.digest()).not.toBe(before)
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
