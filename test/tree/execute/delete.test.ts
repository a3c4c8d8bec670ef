import { beforeEach, describe, expect, test } from 'vitest'
import { ErrorCode } from '../../../src/wire/error-codes.ts'
import { OpCode } from '../../../src/wire/opcodes.ts'
import { deleteBody, SessionHarness, worldMay } from '../harness.ts'

let h: SessionHarness

beforeEach(() => {
  h = new SessionHarness()
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
    h.create('/p')
    h.create('/p/x')
    h.create('/locked', { acl: worldMay(1) })
    expect(h.ask(OpCode.delete, deleteBody(path, version)).error).toBe(error)
  })

  test('a node that nobody may touch -> goes: the parent decides', () => {
    h.create('/zero', { acl: worldMay(0) })
    const reply = h.ask(OpCode.delete, deleteBody('/zero', 0))
    expect(reply.error).toBe(0)
    expect(reply.body.length).toBe(0)
    expect(h.stat('/zero')).toBeUndefined()
  })
})
