import { beforeEach, describe, expect, test } from 'vitest'
import { isNewRequest } from '../../src/tree/sessions.ts'
import { ErrorCode } from '../../src/wire/error-codes.ts'
import { OpCode } from '../../src/wire/opcodes.ts'
import { createBody, Harness, multiBody, noBody, op, setDataBody } from './harness.ts'

let h: Harness

beforeEach(() => {
  h = new Harness()
})

describe('resubmitted requests: an origin’s number says what was proposed before', () => {
  test('a number that was proposed or applied -> ignored', () => {
    const session = h.newSession()
    const request = h.encode(OpCode.create, createBody('/a'), { session, number: 5 })
    h.execute(request)
    h.execute(request)
    expect(h.pending.length).toBe(1)
    h.applyAll()
    h.execute(request)
    expect(h.pending.length).toBe(0)
    expect(h.state.doneNumber(1, 1)).toBe(5)
  })

  test('after a change of leader -> what is done is known from the state alone', () => {
    const session = h.newSession()
    h.run(OpCode.create, createBody('/a'), { session, number: 5 })
    h.send(OpCode.create, createBody('/lost'), { session, number: 6 })
    h.pending.length = 0
    h.nextZxid--
    h.state.endReign()
    h.state.beginReign()
    for (const number of [5, 6]) h.send(OpCode.create, createBody('/lost'), { session, number })
    expect(h.pending.length).toBe(1)
    h.applyAll()
    expect(h.state.doneNumber(1, 1)).toBe(6)
    expect(h.stat('/lost')).toBeDefined()
  })

  test('a newer incarnation -> counts from 1 again; an older one is no longer listened to', () => {
    const session = h.newSession()
    h.run(OpCode.create, createBody('/a'), { session, number: 5, incarnation: 1 })
    expect(h.run(OpCode.create, createBody('/b'), { session, number: 1, incarnation: 2 }).error).toBe(0)
    expect(h.state.doneNumber(1, 2)).toBe(1)
    expect(h.state.doneNumber(1, 1)).toBe(0)
    h.send(OpCode.create, createBody('/c'), { session, number: 6, incarnation: 1 })
    expect(h.pending.length).toBe(0)
    expect(h.state.doneNumber(2, 1)).toBe(0)
  })
})

describe('exactly-once sessions: a request id that was done is answered, not done again', () => {
  test('asked again, applied or still in flight -> the first answer, the first zxid', () => {
    const session = h.newSession({ window: 4 })
    const first = h.run(OpCode.create, createBody('/s', { flags: 2 }), { session, requestId: 1 })
    const again = h.run(OpCode.create, createBody('/s', { flags: 2 }), { session, requestId: 1 })
    expect({ ...again, number: first.number }).toEqual(first)
    expect(h.state.lastApplied).toBe(first.zxid + 1)

    h.send(OpCode.setData, setDataBody('/s0000000000', 'x'), { session, requestId: 2 })
    h.send(OpCode.setData, setDataBody('/s0000000000', 'x'), { session, requestId: 2 })
    h.applyAll()
    const [done, replayed] = h.listener.replies.slice(-2)
    expect(replayed?.body).toEqual(done?.body)
    expect(replayed?.zxid).toBe(done?.zxid)
    expect(h.stat('/s0000000000')?.version).toBe(1)
  })

  test('a failed one asked again -> fails the same way, though it would succeed now', () => {
    const session = h.newSession({ window: 4 })
    const other = h.newSession()
    const run = (requestId: number) => h.run(OpCode.setData, setDataBody('/a', 'x'), { session, requestId })
    expect(run(1).error).toBe(ErrorCode.noNode)
    h.run(OpCode.create, createBody('/a'), { session: other })
    expect(run(1).error).toBe(ErrorCode.noNode)
    expect(run(2).error).toBe(0)
  })

  test('a multi asked again -> its results again', () => {
    const session = h.newSession({ window: 4 })
    const body = multiBody([op.create('/a'), op.setData('/a', 'x')])
    const first = h.run(OpCode.multi, body, { session, requestId: 1 })
    expect(h.run(OpCode.multi, body, { session, requestId: 1 }).body).toEqual(first.body)
    expect(h.stat('/a')?.version).toBe(1)
  })

  test('window -> the last answers are kept, older ones are gone but still not done again', () => {
    const session = h.newSession({ window: 2 })
    h.run(OpCode.create, createBody('/a'), { session, requestId: 1 })
    for (const requestId of [2, 3]) h.run(OpCode.setData, setDataBody('/a', 'x'), { session, requestId })
    const again = (requestId: number) =>
      h.run(OpCode.setData, setDataBody('/a', 'x'), { session, requestId }).error
    expect(again(3)).toBe(0)
    expect(again(2)).toBe(0)
    expect(again(1)).toBe(ErrorCode.runtimeInconsistency)
    expect(h.stat('/a')?.version).toBe(2)
    expect(h.state.sessions.get(session)?.answers.map((answer) => answer.requestId)).toEqual([2, 3])
  })

  test('plain session -> request ids mean nothing', () => {
    const session = h.newSession()
    h.run(OpCode.create, createBody('/a'), { session, requestId: 1 })
    h.run(OpCode.setData, setDataBody('/a', 'x'), { session, requestId: 1 })
    h.run(OpCode.setData, setDataBody('/a', 'x'), { session, requestId: 1 })
    expect(h.stat('/a')?.version).toBe(2)
  })

  test('the session is closed -> asked again it has expired', () => {
    const session = h.newSession({ window: 4 })
    expect(h.run(OpCode.closeSession, noBody, { session, requestId: 1 }).error).toBe(0)
    expect(h.run(OpCode.closeSession, noBody, { session, requestId: 1 }).error).toBe(ErrorCode.sessionExpired)
  })

  test('request ids wrap -> still told apart', () => {
    expect(isNewRequest(1, 0)).toBe(true)
    expect(isNewRequest(5, 5)).toBe(false)
    expect(isNewRequest(4, 5)).toBe(false)
    expect(isNewRequest(0, 2 ** 31 - 1)).toBe(true)
    expect(isNewRequest(1, 2 ** 31 - 1)).toBe(true)
    expect(isNewRequest(2 ** 31 - 1, 1)).toBe(false)
  })
})
