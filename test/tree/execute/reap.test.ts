import { beforeEach, describe, expect, test } from 'vitest'
import { OpCode } from '../../../src/wire/opcodes.ts'
import {
  createBody,
  createTtlBody,
  deleteBody,
  multiBody,
  noBody,
  op,
  SessionHarness,
  setDataBody,
} from '../harness.ts'

let h: SessionHarness

beforeEach(() => {
  h = new SessionHarness({ settings: { extendedTypesEnabled: true } })
  h.ask(OpCode.createContainer, createBody('/c'))
  h.create('/c/a')
  h.ask(OpCode.delete, deleteBody('/c/a'))
  h.ask(OpCode.createTtl, createTtlBody('/t', 5, 1000))
})

const send = (opcode: number, body: Buffer) => h.send(opcode, body, { session: h.session })
/** Everything in flight is applied; which of the two nodes are left. */
const left = () => {
  h.applyAll()
  return ['/c', '/t'].filter((path) => h.stat(path) !== undefined)
}

describe('the end of a container or TTL node, as the leader asks for it', () => {
  test('its time has come -> one transaction, the events of a delete, no reply', () => {
    h.wallMs += 2000
    h.listener.events.length = 0
    const replies = h.listener.replies.length
    h.reap('/c')
    h.reap('/t')
    expect(h.pending.length).toBe(2)
    expect(left()).toEqual([])
    expect(h.listener.events).toEqual(['deleted /c', 'children /', 'deleted /t', 'children /'])
    expect(h.listener.replies.length).toBe(replies)
    expect(h.stat('/')).toMatchObject({ numChildren: 1, pzxid: h.state.lastApplied })
    expect(h.state.tree.reaped.size).toBe(0)
  })

  test('asked twice -> one transaction', () => {
    h.reap('/c')
    h.reap('/c')
    expect(h.pending.length).toBe(1)
    expect(left()).toEqual(['/t'])
  })

  test('not overdue at the time of the transaction -> none', () => {
    h.reap('/t')
    h.ask(OpCode.createContainer, createBody('/new'))
    h.reap('/new')
    h.reap('/new', 1_000_000)
    expect(h.pending.length).toBe(0)
    h.wallMs += 2000
    h.reap('/new', 1000)
    expect(h.pending.length).toBe(1)
  })

  test.each([
    ['a child is created', () => send(OpCode.create, createBody('/c/b'))],
    ['a child came and went', () => send(OpCode.multi, multiBody([op.create('/c/b'), op.delete('/c/b')]))],
    ['its data is set', () => send(OpCode.setData, setDataBody('/c', 'x'))],
    [
      'it was made anew, empty',
      () => send(OpCode.multi, multiBody([op.delete('/c'), op.createContainer('/c')])),
    ],
    ['it was made anew, plain', () => send(OpCode.multi, multiBody([op.delete('/c'), op.create('/c')]))],
  ])('%s in a proposal in flight -> it stays', (_name, act) => {
    act()
    const before = h.pending.length
    h.reap('/c')
    expect(h.pending.length).toBe(before)
    expect(left()).toEqual(['/c', '/t'])
  })

  test('a TTL node set again in flight -> stays, and its time starts anew', () => {
    h.wallMs += 2000
    send(OpCode.setData, setDataBody('/t', 'x'))
    h.reap('/t')
    expect(left()).toEqual(['/c', '/t'])
    h.reap('/t')
    expect(left()).toEqual(['/c', '/t'])
    h.wallMs += 1000
    h.reap('/t')
    expect(left()).toEqual(['/c'])
  })

  test('what the leader saw was applied over meanwhile -> it stays', () => {
    h.wallMs += 2000
    const stale = h.encodeReap('/t')
    h.ask(OpCode.delete, deleteBody('/t'))
    h.ask(OpCode.createTtl, createTtlBody('/t', 5, 1))
    h.wallMs += 2000
    h.execute(stale)
    expect(h.pending.length).toBe(0)
    h.ask(OpCode.delete, deleteBody('/t'))
    h.execute(stale)
    expect(h.pending.length).toBe(0)
  })

  test('a child created behind the request -> refused: the container is gone', () => {
    h.reap('/c')
    send(OpCode.create, createBody('/c/b'))
    expect(left()).toEqual(['/t'])
    expect(h.listener.replies.at(-1)?.error).toBe(-101)
  })

  test('a node that is never removed so -> none, whatever is asked', () => {
    h.create('/plain')
    h.create('/plain/x')
    h.ask(OpCode.delete, deleteBody('/plain/x'))
    h.create('/e', { flags: 1 })
    h.wallMs += 1_000_000_000
    for (const path of ['/plain', '/e', '/', '/zookeeper/quota']) h.reap(path, 1)
    expect(h.pending.length).toBe(0)
  })

  test('the session that made it is gone -> it is removed all the same', () => {
    h.ask(OpCode.closeSession, noBody)
    h.reap('/c')
    expect(left()).toEqual(['/t'])
  })

  test('asked by a client -> Unimplemented', () => {
    expect(h.ask(OpCode.deleteContainer, noBody).error).toBe(-6)
  })
})
