import { beforeEach, describe, expect, test } from 'vitest'
import { ErrorCode } from '../../../src/wire/error-codes.ts'
import { OpCode } from '../../../src/wire/opcodes.ts'
import { CreateSessionRequest } from '../../../src/wire/requests.ts'
import { createBody, deleteBody, encode, noBody, SessionHarness, setDataBody } from '../harness.ts'

let h: SessionHarness
let session: number

beforeEach(() => {
  h = new SessionHarness()
  session = h.session
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
    h.create('/p')
    h.create('/p/b', { flags: 1 })
    h.create('/p/a', { flags: 1 })
    h.run(OpCode.create, createBody('/p/other', { flags: 1 }), { session: other })
    h.listener.events.length = 0
    const reply = h.ask(OpCode.closeSession, noBody)
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
    expect(h.ask(OpCode.setData, setDataBody('/p', 'x')).error).toBe(ErrorCode.sessionExpired)
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
