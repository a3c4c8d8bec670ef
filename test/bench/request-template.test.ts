import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { digitsFor, numberedPath, RequestTemplate } from '../../bench/load/request-template.ts'
import { JuteReader } from '../../src/wire/jute-reader.ts'
import { OpCode } from '../../src/wire/opcodes.ts'
import { RequestHeader } from '../../src/wire/records.ts'
import { CreateRequest, SetDataRequest, WatchableRequest } from '../../src/wire/requests.ts'
import type { RecordSchema } from '../../src/wire/schema.ts'

const prefix = '/load/z'
const data = Buffer.from('some data')

/** What a server reads from the template's frame, copied behind something else and patched. */
function sent<T>(template: RequestTemplate, schema: RecordSchema<T>, xid: number, number: number) {
  const before = 7
  const out = Buffer.alloc(before + template.frame.length, 0xee)
  out.set(template.frame, before)
  template.patch(out, before, xid, number)
  expect(out.subarray(0, before)).toEqual(Buffer.alloc(before, 0xee))
  const reader = new JuteReader(out.subarray(before))
  expect(reader.int()).toBe(template.frame.length - 4)
  const header = RequestHeader.read(reader)
  const body = schema.read(reader)
  expect(reader.remaining).toBe(0)
  return { header, body }
}

const xids = fc.integer({ min: 1, max: 0x7fffffff })

describe('bench request templates', () => {
  it('get, any xid and number -> the codec reads this xid, the path with this number, no watch', () => {
    fc.assert(
      fc.property(xids, fc.integer({ min: 0, max: 999 }), (xid, number) => {
        const { header, body } = sent(RequestTemplate.get(prefix, 3), WatchableRequest, xid, number)
        expect(header).toEqual({ xid, type: OpCode.getData })
        expect(body).toEqual({ path: numberedPath(prefix, 3, number), watch: false })
      }),
    )
  })

  it('set -> path, data, any version', () => {
    const { header, body } = sent(RequestTemplate.set(prefix, 6, data), SetDataRequest, 70_000, 1234)
    expect(header).toEqual({ xid: 70_000, type: OpCode.setData })
    expect(body.path).toBe('/load/z001234')
    expect(Buffer.from(body.data ?? [])).toEqual(data)
    expect(body.version).toBe(-1)
  })

  it('create -> path, data, open to all, persistent', () => {
    const { header, body } = sent(RequestTemplate.create(prefix, 8, data), CreateRequest, 1, 99_999_999)
    expect(header).toEqual({ xid: 1, type: OpCode.create })
    expect(body.path).toBe('/load/z99999999')
    expect(body.acl).toEqual([{ perms: 31, scheme: 'world', id: 'anyone' }])
    expect(body.flags).toBe(0)
  })

  it('a template used again with a smaller number -> no digit of the larger one is left', () => {
    const template = RequestTemplate.get(prefix, 4)
    const out = Buffer.from(template.frame)
    template.patch(out, 0, 1, 9876)
    template.patch(out, 0, 2, 5)
    const reader = new JuteReader(out.subarray(12))
    expect(WatchableRequest.read(reader).path).toBe('/load/z0005')
  })

  it.each([
    [1, 1],
    [10, 1],
    [11, 2],
    [1000, 3],
    [1_000_000, 6],
  ])('%i znodes -> %i digits', (count, digits) => {
    expect(digitsFor(count)).toBe(digits)
  })
})
