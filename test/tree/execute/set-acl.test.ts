import { beforeEach, describe, expect, test } from 'vitest'
import { ErrorCode } from '../../../src/wire/error-codes.ts'
import { OpCode } from '../../../src/wire/opcodes.ts'
import { createBody, openAcl, SessionHarness, setAclBody, setDataBody, statOf, worldMay } from '../harness.ts'

let h: SessionHarness
let session: number

beforeEach(() => {
  h = new SessionHarness()
  session = h.session
})

describe('setACL', () => {
  test.each([
    ['malformed, before the list', 'p', null, -1, ErrorCode.badArguments],
    ['list, before the node', '/no', null, -1, ErrorCode.invalidAcl],
    ['missing', '/no', openAcl, -1, ErrorCode.noNode],
    ['no permission, before the version', '/locked', openAcl, 9, ErrorCode.noAuth],
    ['version of the list', '/p', openAcl, 1, ErrorCode.badVersion],
  ])('%s -> its error', (_name, path, acl, version, error) => {
    h.create('/p')
    h.create('/locked', { acl: worldMay(1) })
    expect(h.ask(OpCode.setAcl, setAclBody(path, acl, version)).error).toBe(error)
  })

  test('good -> stat with aversion raised, nothing else; the list is stored without duplicates', () => {
    h.create('/a')
    const before = h.stat('/a')
    const reply = h.ask(OpCode.setAcl, setAclBody('/a', [...worldMay(1), ...worldMay(1)], 0))
    expect(statOf(reply)).toEqual({ ...before, aversion: 1 })
    const node = h.state.tree.find('/a')
    expect(node && h.state.tree.acl(node).entries).toEqual(worldMay(1))
    expect(h.ask(OpCode.setData, setDataBody('/a', 'x')).error).toBe(ErrorCode.noAuth)
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
