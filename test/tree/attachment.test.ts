import { beforeEach, describe, expect, test } from 'vitest'
import { noListener } from '../../src/tree/apply-listener.ts'
import { ReplicatedState } from '../../src/tree/replicated-state.ts'
import { TxnKind } from '../../src/tree/txn.ts'
import { ErrorCode } from '../../src/wire/error-codes.ts'
import { OpCode } from '../../src/wire/opcodes.ts'
import { chunksOf, collect, createBody, Harness, noBody, setDataBody } from './harness.ts'

let h: Harness
let session: number

beforeEach(() => {
  h = new Harness()
  session = h.newSession()
  h.run(OpCode.create, createBody('/x'), { session })
})

const set = (data: string, attachment: number, requestId = 1) =>
  h.run(OpCode.setData, setDataBody('/x', data), { session, attachment, requestId })

const sessionOf = () => {
  const found = h.state.sessions.get(session)
  if (found === undefined) throw new Error('the session is gone')
  return found
}

describe('attachments: a session has one connection at a time', () => {
  test('a write of a later connection is done -> earlier ones are refused, whoever leads', () => {
    expect(set('new', session + 5).error).toBe(0)
    h.state.endReign()
    h.state.beginReign()
    expect(set('old', session).error).toBe(ErrorCode.sessionMoved)
    expect(set('old', session + 4).error).toBe(ErrorCode.sessionMoved)
    expect(h.data('/x')).toBe('new')
    expect(set('newer', session + 5).error).toBe(0)
  })

  test('a later connection is known to the leader only -> earlier ones are refused in this reign', () => {
    sessionOf().claim = session + 1
    expect(set('old', session).error).toBe(ErrorCode.sessionMoved)
    expect(sessionOf().attachment).toBe(session)
  })

  test('a refused request -> is done with: its number is taken, and sent again it comes to nothing', () => {
    sessionOf().claim = session + 1
    const late = h.encode(OpCode.setData, setDataBody('/x', 'old'), { session, number: 50 })
    h.execute(late)
    h.applyAll()
    expect(h.state.doneNumber(1, 1)).toBe(50)
    h.execute(late)
    expect(h.pending).toEqual([])
    expect(h.data('/x')).toBe('')
  })

  test('an old connection closes the session -> refused, the session and its ephemerals live', () => {
    h.run(OpCode.create, createBody('/e', { flags: 1 }), { session, attachment: session + 1 })
    expect(h.run(OpCode.closeSession, noBody, { session }).error).toBe(ErrorCode.sessionMoved)
    expect(h.stat('/e')?.ephemeralOwner).toBe(BigInt(session))
    expect(h.run(OpCode.closeSession, noBody, { session, attachment: session + 1 }).error).toBe(0)
    expect(h.stat('/e')).toBeUndefined()
  })

  test('the leader ends an expired session -> by whatever connection it was used', () => {
    sessionOf().claim = session + 9
    h.send(OpCode.closeSession, noBody, { session, number: 0, attachment: 0 })
    h.applyAll()
    expect(h.state.sessions.get(session)).toBeUndefined()
  })

  test('exactly-once: refused on the old connection -> not kept as the answer, done once on the new one', () => {
    session = h.newSession({ window: 4 })
    sessionOf().claim = session + 1
    expect(set('x', session, 7).error).toBe(ErrorCode.sessionMoved)
    expect(sessionOf().answers).toEqual([])
    const done = set('x', session + 1, 7)
    expect(done.error).toBe(0)
    expect(set('x', session + 1, 7).zxid).toBe(done.zxid)
    expect(h.stat('/x')?.version).toBe(1)
  })

  test('exactly-once: done on the old connection before the move -> the new one gets that answer', () => {
    session = h.newSession({ window: 4 })
    const done = set('x', session, 7)
    expect(set('x', session + 1, 7)).toMatchObject({ error: 0, zxid: done.zxid })
    expect(h.stat('/x')?.version).toBe(1)
  })

  test('a failed write of a later connection -> counts as well: it was answered', () => {
    const failed = h.run(OpCode.delete, noBody, { session, attachment: session + 1 })
    expect(failed.error).not.toBe(0)
    expect(set('old', session).error).toBe(ErrorCode.sessionMoved)
  })

  test('snapshot -> holds the attachment, and gives the same digest', async () => {
    set('new', session + 5)
    const copy = new ReplicatedState()
    await copy.load(chunksOf(await collect(h.state.snapshot(async () => {}))))
    expect(copy.sessions.get(session)).toMatchObject({ attachment: session + 5, claim: session + 5 })
    expect(copy.digest()).toBe(h.state.digest())
  })

  test('a snapshot under way -> has the attachment as it was at its beginning', async () => {
    const walk = h.state.snapshot(async () => {})
    set('new', session + 5)
    const copy = new ReplicatedState()
    await copy.load(chunksOf(await collect(walk)))
    expect(copy.sessions.get(session)?.attachment).toBe(session)
  })

  test('a history with a write of an earlier connection behind one of a later -> broken invariant', () => {
    const made = (path: string, attachment: number) => {
      const other = new Harness()
      other.newSession()
      other.run(OpCode.create, createBody(path), { session, attachment })
      return other.history.at(-1)?.bytes ?? noBody
    }
    const state = new ReplicatedState()
    const [opened] = h.history
    state.apply(opened?.zxid ?? 0, opened?.bytes ?? noBody, noListener)
    state.apply(session + 1, made('/later', session + 5), noListener)
    expect(() => state.apply(session + 2, made('/earlier', session), noListener)).toThrow(
      new RegExp(`of attachment ${session} is done behind one of ${session + 5}`),
    )
  })

  test('replicas -> refuse alike, though they do not know why', () => {
    sessionOf().claim = session + 1
    set('old', session)
    expect(h.history.at(-1)?.bytes.readInt32BE(0)).toBe(TxnKind.moved)
    const replica = new ReplicatedState()
    for (const { zxid, bytes } of h.history) replica.apply(zxid, bytes, h.listener)
    expect(replica.digest()).toBe(h.state.digest())
  })
})
