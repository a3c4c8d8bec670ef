import { beforeEach, describe, expect, test } from 'vitest'
import { isDecodableWrite } from '../../../src/tree/execute/body-shape.ts'
import { DecodeError } from '../../../src/wire/decode-error.ts'
import { ErrorCode } from '../../../src/wire/error-codes.ts'
import { OpCode } from '../../../src/wire/opcodes.ts'
import {
  createBody,
  deleteBody,
  multiBody,
  noBody,
  op,
  openAcl,
  SessionHarness,
  setAclBody,
  setDataBody,
} from '../harness.ts'

let h: SessionHarness
let session: number

beforeEach(() => {
  h = new SessionHarness()
  session = h.session
})

describe('bad input', () => {
  test('a body cut anywhere -> undecodable: an error transaction, and the state is as before', () => {
    h.create('/p')
    const bodies: [number, Buffer][] = [
      [OpCode.create, createBody('/p/x', { data: 'abc' })],
      [OpCode.create2, createBody('/p/x', { acl: [{ perms: 1, scheme: 'ip', id: '10.0.0.1' }] })],
      [OpCode.setData, setDataBody('/p', 'abc')],
      [OpCode.setAcl, setAclBody('/p', openAcl)],
      [OpCode.delete, deleteBody('/p')],
      [OpCode.multi, multiBody([op.create('/p/x'), op.setData('/p', 'y')])],
    ]
    const before = [h.stat('/p'), h.data('/p'), h.state.tree.nodeCount]
    for (const [opcode, body] of bodies) {
      for (let cut = 0; cut < body.length; cut++) {
        expect(h.ask(opcode, body.subarray(0, cut)).error).toBe(ErrorCode.marshallingError)
        if (opcode !== OpCode.multi) expect(isDecodableWrite(opcode, body, 0, cut)).toBe(false)
      }
      expect(isDecodableWrite(opcode, body, 0, body.length)).toBe(true)
    }
    expect([h.stat('/p'), h.data('/p'), h.state.tree.nodeCount]).toEqual(before)
  })

  test('bytes behind a whole body -> ignored', () => {
    expect(h.ask(OpCode.create, Buffer.concat([createBody('/a'), Buffer.from('junk')])).error).toBe(0)
  })

  test('an opcode that is no write -> Unimplemented', () => {
    for (const opcode of [OpCode.check, OpCode.getData, OpCode.deleteContainer, 10, 9999]) {
      expect(h.ask(opcode, noBody).error).toBe(ErrorCode.unimplemented)
    }
  })

  test('bytes that are no requests -> DecodeError; whole requests before them are proposed', () => {
    for (const bad of ['00', '7fffffff', 'ffffffff', '00000004deadbeef']) {
      const good = h.encode(OpCode.create, createBody('/a'), { session })
      h.pending.length = 0
      expect(() => h.execute(Buffer.concat([good, Buffer.from(bad, 'hex')]))).toThrow(DecodeError)
      expect(h.pending.length).toBe(1)
    }
  })
})
