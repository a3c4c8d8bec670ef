import { beforeEach, describe, expect, test } from 'vitest'
import { OpCode } from '../../src/wire/opcodes.ts'
import { createBody, deleteBody, openAcl, SessionHarness, setAclBody, setDataBody } from './harness.ts'

let h: SessionHarness
let session: number

beforeEach(() => {
  h = new SessionHarness()
  session = h.session
})

describe('events', () => {
  test('create, set, delete -> ZooKeeper’s order, before the reply', () => {
    h.listener.events.length = 0
    h.create('/a')
    h.create('/a/b')
    h.ask(OpCode.setData, setDataBody('/a/b', 'x'))
    h.ask(OpCode.setAcl, setAclBody('/a/b', openAcl))
    h.ask(OpCode.delete, deleteBody('/a/b'))
    h.ask(OpCode.delete, deleteBody('/a/b'))
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
