import { beforeEach, describe, expect, test } from 'vitest'
import { ErrorCode } from '../../../src/wire/error-codes.ts'
import { JuteReader } from '../../../src/wire/jute-reader.ts'
import { readMultiResponse } from '../../../src/wire/multi.ts'
import { OpCode } from '../../../src/wire/opcodes.ts'
import { multiBody, noBody, op, pathOf, SessionHarness, setDataBody } from '../harness.ts'

let h: SessionHarness

beforeEach(() => {
  h = new SessionHarness()
})

describe('multi', () => {
  const multi = (...operations: Parameters<typeof multiBody>[0]) => h.ask(OpCode.multi, multiBody(operations))
  const resultsOf = (reply: { body: Buffer }) => readMultiResponse(new JuteReader(reply.body))

  test('later operations see earlier ones; stats are as of each; one zxid and time', () => {
    h.create('/p')
    h.listener.events.length = 0
    const reply = multi(
      op.create('/p/a'),
      op.setData('/p/a', 'one', 0),
      op.create2('/p/s-', 2),
      op.create('/p/s-', 2),
      op.setData('/p/a', 'three', 1),
      op.check('/p/a', 2),
      op.delete('/p/a', 2),
    )
    expect(reply.error).toBe(0)
    const results = resultsOf(reply)
    expect(results.map((result) => result.type)).toEqual([1, 5, 15, 1, 5, 13, 2])
    expect(results[0]).toEqual({ type: 1, path: '/p/a' })
    expect(results[1]).toMatchObject({ stat: { version: 1, dataLength: 3, czxid: reply.zxid } })
    expect(results[2]).toMatchObject({ path: '/p/s-0000000001', stat: { mzxid: reply.zxid } })
    expect(results[3]).toMatchObject({ path: '/p/s-0000000002' })
    expect(results[4]).toMatchObject({ stat: { version: 2, dataLength: 5 } })
    expect(h.stat('/p/a')).toBeUndefined()
    expect(h.stat('/p')).toMatchObject({ numChildren: 2, cversion: 4, pzxid: reply.zxid })
    expect(h.listener.events).toEqual([
      'created /p/a',
      'children /p',
      'data /p/a',
      'created /p/s-0000000001',
      'children /p',
      'created /p/s-0000000002',
      'children /p',
      'data /p/a',
      'deleted /p/a',
      'children /p',
      'reply 0',
    ])
  })

  test('a failing operation -> 0 before, its code, -2 after; nothing is done; one zxid', () => {
    h.create('/p')
    const before = h.stat('/p')
    h.listener.events.length = 0
    const reply = multi(op.create('/p/a'), op.setData('/p', 'x'), op.delete('/no'), op.create('/p/b'))
    expect(reply.error).toBe(0)
    expect(resultsOf(reply)).toEqual([
      { type: -1, err: 0 },
      { type: -1, err: 0 },
      { type: -1, err: -101 },
      { type: -1, err: -2 },
    ])
    expect(reply.body.subarray(0, 13).toString('hex')).toBe('ffffffff000000000000000000')
    expect(h.stat('/p')).toEqual(before)
    expect(h.listener.events).toEqual(['reply 0'])
    expect(h.state.lastApplied).toBe(reply.zxid)
    // The sequence did not advance either.
    expect(pathOf(h.create('/p/s', { flags: 2 }))).toBe('/p/s0000000000')
  })

  test('empty -> only the terminator', () => {
    const reply = multi()
    expect(reply.error).toBe(0)
    expect(reply.body.toString('hex')).toBe('ffffffff01ffffffff')
  })

  test('an ephemeral made and unmade in a failed multi -> the session closes cleanly', () => {
    multi(op.create('/e', 1), op.delete('/no'))
    expect(h.ask(OpCode.closeSession, noBody).error).toBe(0)
  })

  test('a node deleted and made again -> starts anew', () => {
    h.create('/a', { data: 'x' })
    h.ask(OpCode.setData, setDataBody('/a', 'y'))
    const reply = multi(op.delete('/a', 1), op.create('/a'), op.check('/a', 0))
    expect(resultsOf(reply).map((result) => result.type)).toEqual([2, 1, 13])
    expect(h.stat('/a')).toMatchObject({ version: 0, czxid: reply.zxid, dataLength: 0 })
  })

  test.each([
    ['an operation that cannot be part', '0000000700ffffffff'],
    [
      'no terminator',
      multiBody([op.create('/x')])
        .subarray(0, -9)
        .toString('hex'),
    ],
    ['wrong flags', multiBody([op.delete('/no'), op.create('/x', 9)]).toString('hex')],
    ['a kind with a time to live under create', multiBody([op.create('/x', 5)]).toString('hex')],
    [
      'a null path, not the first',
      multiBody([op.create('/x'), op.check(null as unknown as string)]).toString('hex'),
    ],
    ['no list', multiBody([op.create('/x', 0, null)]).toString('hex')],
  ])('%s -> the whole request is undecodable, and takes a zxid', (_name, body) => {
    const before = h.state.lastApplied
    const reply = h.ask(OpCode.multi, Buffer.from(body, 'hex'))
    expect(reply.error).toBe(ErrorCode.marshallingError)
    expect(reply.zxid).toBe(before + 1)
    expect(h.stat('/x')).toBeUndefined()
  })

  test('an empty list, a bad path -> errors of that operation', () => {
    const codes = (operation: Parameters<typeof multiBody>[0][number]) =>
      resultsOf(multi(op.check('/'), operation))
    expect(codes(op.create('/x', 0, []))[1]).toEqual({ type: -1, err: ErrorCode.invalidAcl })
    expect(codes(op.check('x'))[1]).toEqual({ type: -1, err: ErrorCode.badArguments })
    expect(codes(op.check('/', 5))[1]).toEqual({ type: -1, err: ErrorCode.badVersion })
  })
})
