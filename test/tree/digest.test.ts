import { describe, expect, test } from 'vitest'
import { OpCode } from '../../src/wire/opcodes.ts'
import { createBody, createTtlBody, deleteBody, Harness, setAclBody, setDataBody } from './harness.ts'

describe('state digest', () => {
  test('any difference in nodes, sessions or origins -> another digest', () => {
    const digestAfter = (act: (h: Harness, session: number) => void) => {
      const h = new Harness({ settings: { extendedTypesEnabled: true } })
      const session = h.newSession()
      h.run(OpCode.create, createBody('/a', { data: 'aaaa' }), { session })
      act(h, session)
      return h.state.digest()
    }
    const acl = [{ perms: 1, scheme: 'world', id: 'anyone' }]
    const digests = [
      digestAfter(() => {}),
      digestAfter((h, session) => h.run(OpCode.create, createBody('/b'), { session })),
      digestAfter((h, session) => h.run(OpCode.create, createBody('/c'), { session })),
      digestAfter((h, session) => h.run(OpCode.create, createBody('/b', { flags: 1 }), { session })),
      digestAfter((h, session) => h.run(OpCode.createContainer, createBody('/b'), { session })),
      digestAfter((h, session) => h.run(OpCode.createTtl, createTtlBody('/b', 5, 1), { session })),
      digestAfter((h, session) => h.run(OpCode.createTtl, createTtlBody('/b', 5, 2 ** 32 + 1), { session })),
      digestAfter((h, session) => h.run(OpCode.create, createBody('/b', { data: null }), { session })),
      digestAfter((h, session) => h.run(OpCode.create, createBody('/b', { acl }), { session })),
      digestAfter((h, session) => h.run(OpCode.setData, setDataBody('/a', 'aaab'), { session })),
      digestAfter((h, session) => h.run(OpCode.setData, setDataBody('/a', 'aaaa'), { session })),
      digestAfter((h, session) => h.run(OpCode.setAcl, setAclBody('/a', acl), { session })),
      digestAfter((h, session) => h.run(OpCode.delete, deleteBody('/a'), { session })),
      digestAfter((h, session) => h.run(OpCode.delete, deleteBody('/no'), { session })),
      digestAfter((h, session) => h.run(OpCode.delete, deleteBody('/no'), { session, number: 9 })),
      digestAfter((h) => h.newSession({ timeoutMs: 5000 })),
      digestAfter((h) => h.newSession({ timeoutMs: 6000 })),
      digestAfter((h) => h.newSession({ timeoutMs: 5000, fill: 8 })),
      digestAfter((h) => h.newSession({ timeoutMs: 5000, window: 8 })),
    ]
    expect(new Set(digests).size).toBe(digests.length)
    for (const digest of digests) expect(digest).toMatch(/^[0-9a-f]{16}$/)
  })

  test('reset -> the digest of an empty history', () => {
    const h = new Harness()
    const empty = h.state.digest()
    h.newSession({ window: 4 })
    h.run(OpCode.create, createBody('/a'), { session: h.state.lastApplied, requestId: 1 })
    expect(h.state.digest()).not.toBe(empty)
    h.state.endReign()
    h.state.reset()
    expect(h.state.digest()).toBe(empty)
    expect(h.state.lastApplied).toBe(0)
  })
})
