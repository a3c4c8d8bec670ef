import { beforeEach, describe, expect, test } from 'vitest'
import { SavedField } from '../../../src/tree/node-image.ts'
import { ErrorCode } from '../../../src/wire/error-codes.ts'
import { OpCode } from '../../../src/wire/opcodes.ts'
import { SessionHarness, setDataBody, statOf, worldMay } from '../harness.ts'

let h: SessionHarness

beforeEach(() => {
  h = new SessionHarness()
})

describe('setData', () => {
  test.each([
    ['empty path', '', -1, ErrorCode.badArguments],
    ['malformed', '/p//x', -1, ErrorCode.badArguments],
    ['missing', '/no', -1, ErrorCode.noNode],
    ['no permission, before the version', '/locked', 9, ErrorCode.noAuth],
    ['version', '/p', 1, ErrorCode.badVersion],
  ])('%s -> its error', (_name, path, version, error) => {
    h.create('/p')
    h.create('/locked', { acl: worldMay(1) })
    expect(h.ask(OpCode.setData, setDataBody(path, 'x', version)).error).toBe(error)
  })

  test('good -> stat; version, mzxid, mtime, dataLength change and nothing else', () => {
    h.create('/a', { data: 'one' })
    const before = h.stat('/a')
    const reply = h.ask(OpCode.setData, setDataBody('/a', 'four', 0))
    expect(statOf(reply)).toEqual({
      ...before,
      version: 1,
      mzxid: reply.zxid,
      mtime: h.wallMs,
      dataLength: 4,
    })
    expect(h.data('/a')).toBe('four')
    h.ask(OpCode.setData, setDataBody('/a', 'FOUR', 1))
    expect(h.data('/a')).toBe('FOUR')
    h.ask(OpCode.setData, setDataBody('/a', null, 2))
    expect(h.data('/a')).toBeNull()
    expect(h.stat('/a')?.version).toBe(3)
  })

  test('the highest version -> goes on below zero, and leaves -1 out, which means any', () => {
    const versionAfter = (version: number) => {
      const path = `/a${version}`
      h.plant(path, SavedField.version, version)
      return statOf(h.ask(OpCode.setData, setDataBody(path, 'x', version))).version
    }
    expect(versionAfter(2 ** 31 - 1)).toBe(-(2 ** 31))
    expect(versionAfter(-2)).toBe(0)
  })

  test('on /zookeeper/config by a super user -> NoAuth: the membership is for the files to say', () => {
    const identities = [{ scheme: 'super', id: '' }]
    const asked = h.run(OpCode.setData, setDataBody('/zookeeper/config', 'x'), {
      session: h.session,
      identities,
    })
    expect(asked.error).toBe(ErrorCode.noAuth)
  })

  test('on the root and on /zookeeper -> works; on /zookeeper/config -> NoAuth', () => {
    expect(h.ask(OpCode.setData, setDataBody('/', 'x')).error).toBe(0)
    expect(h.ask(OpCode.setData, setDataBody('/zookeeper', 'x')).error).toBe(0)
    expect(h.ask(OpCode.setData, setDataBody('/zookeeper/config', 'x')).error).toBe(ErrorCode.noAuth)
  })
})
