import { describe, expect, test } from 'vitest'
import { DecodeError } from '../../src/wire/decode-error.ts'
import { ErrorCode, errorMessage, errorName } from '../../src/wire/error-codes.ts'
import { eventTypeName, keeperStateName } from '../../src/wire/event-types.ts'
import { JuteReader } from '../../src/wire/jute-reader.ts'
import { JuteWriter } from '../../src/wire/jute-writer.ts'
import { readMultiRequest, readMultiResponse, writeMultiRequest } from '../../src/wire/multi.ts'
import { OpCode, opCodeName } from '../../src/wire/opcodes.ts'
import * as records from '../../src/wire/records.ts'
import * as requests from '../../src/wire/requests.ts'
import type { RecordSchema } from '../../src/wire/schema.ts'

// Every line of bytes is laid out by hand from the protocol's description, field by field.
const stat = {
  czxid: 0x100000002,
  mzxid: 0x100000003,
  ctime: 1000,
  mtime: 2000,
  version: 1,
  cversion: -2,
  aversion: 3,
  ephemeralOwner: 0x100002e5d820000n,
  dataLength: 5,
  numChildren: 6,
  pzxid: 0x100000004,
}
const statHex =
  '0000000100000002 0000000100000003 00000000000003e8 00000000000007d0 00000001 fffffffe 00000003' +
  ' 0100002e5d820000 00000005 00000006 0000000100000004'
const world = { perms: 31, scheme: 'world', id: 'anyone' }
const worldHex = '0000001f 00000005 776f726c64 00000006 616e796f6e65'
const a = '00000002 2f61'
const data = Buffer.from('hi')

const golden: [RecordSchema<unknown>, unknown, string][] = [
  [records.RequestHeader, { xid: -8, type: 101 }, 'fffffff8 00000065'],
  [records.ReplyHeader, { xid: 7, zxid: 0x500000001, err: -101 }, '00000007 0000000500000001 ffffff9b'],
  [
    records.ConnectRequest,
    {
      protocolVersion: 0,
      lastZxidSeen: 9,
      timeoutMs: 10_000,
      sessionId: 0x100002e5d820000n,
      password: Buffer.alloc(16, 1),
      readOnly: undefined,
      exactlyOnceWindow: undefined,
    },
    `00000000 0000000000000009 00002710 0100002e5d820000 00000010 ${'01'.repeat(16)}`,
  ],
  [
    records.ConnectRequest,
    {
      protocolVersion: 0,
      lastZxidSeen: 0,
      timeoutMs: 10_000,
      sessionId: 0n,
      password: Buffer.alloc(16),
      readOnly: false,
      exactlyOnceWindow: undefined,
    },
    `00000000 0000000000000000 00002710 0000000000000000 00000010 ${'00'.repeat(16)} 00`,
  ],
  [
    records.ConnectRequest,
    {
      protocolVersion: 0,
      lastZxidSeen: 0,
      timeoutMs: 10_000,
      sessionId: 0n,
      password: Buffer.alloc(16),
      readOnly: true,
      exactlyOnceWindow: 64,
    },
    `00000000 0000000000000000 00002710 0000000000000000 00000010 ${'00'.repeat(16)} 01 00000040`,
  ],
  [
    records.ConnectResponse,
    {
      protocolVersion: 0,
      timeoutMs: 4000,
      sessionId: 5n,
      password: Buffer.alloc(16, 2),
      readOnly: false,
      exactlyOnceWindow: undefined,
    },
    `00000000 00000fa0 0000000000000005 00000010 ${'02'.repeat(16)} 00`,
  ],
  [records.Id, { scheme: 'ip', id: null }, '00000002 6970 ffffffff'],
  [records.Acl, world, worldHex],
  [records.Stat, stat, statHex],
  [records.WatcherEvent, { type: 4, state: 3, path: '/a' }, `00000004 00000003 ${a}`],
  [records.MultiHeader, { type: -1, done: true, err: -1 }, 'ffffffff 01 ffffffff'],
  [
    requests.CreateRequest,
    { path: '/a', data, acl: [world], flags: 3 },
    `${a} 00000002 6869 00000001 ${worldHex} 00000003`,
  ],
  [
    requests.CreateRequest,
    { path: '/a', data: null, acl: null, flags: 0 },
    `${a} ffffffff ffffffff 00000000`,
  ],
  [
    requests.CreateTtlRequest,
    { path: '/a', data: Buffer.alloc(0), acl: [], flags: 5, ttlMs: 60_000 },
    `${a} 00000000 00000000 00000005 000000000000ea60`,
  ],
  [requests.DeleteRequest, { path: '/a', version: -1 }, `${a} ffffffff`],
  [requests.DeleteContainerRequest, { path: '/a' }, a],
  [requests.SetDataRequest, { path: '/a', data, version: 4 }, `${a} 00000002 6869 00000004`],
  [requests.SetAclRequest, { path: '/a', acl: [world], version: 1 }, `${a} 00000001 ${worldHex} 00000001`],
  [requests.CheckRequest, { path: '/a', version: 2 }, `${a} 00000002`],
  [requests.WatchableRequest, { path: '/a', watch: true }, `${a} 01`],
  [requests.PathRequest, { path: '/a' }, a],
  [requests.SyncRequest, { path: null }, 'ffffffff'],
  [
    requests.AuthRequest,
    { type: 0, scheme: 'digest', auth: Buffer.from('u:p') },
    '00000000 00000006 646967657374 00000003 753a70',
  ],
  [requests.SaslRequest, { token: null }, 'ffffffff'],
  [
    requests.SetWatchesRequest,
    { relativeZxid: 8, dataWatches: ['/a'], existWatches: [], childWatches: null },
    `0000000000000008 00000001 ${a} 00000000 ffffffff`,
  ],
  [
    requests.SetWatches2Request,
    {
      relativeZxid: 8,
      dataWatches: [],
      existWatches: [],
      childWatches: [],
      persistentWatches: ['/a'],
      persistentRecursiveWatches: [],
    },
    `0000000000000008 00000000 00000000 00000000 00000001 ${a} 00000000`,
  ],
  [requests.WatchTypeRequest, { path: '/a', type: 3 }, `${a} 00000003`],
  [requests.AddWatchRequest, { path: '/a', mode: 1 }, `${a} 00000001`],
  [requests.GetEphemeralsRequest, { prefixPath: '/a' }, a],
  [
    requests.ReconfigRequest,
    { joiningServers: null, leavingServers: '3', newMembers: null, curConfigId: -1 },
    'ffffffff 00000001 33 ffffffff ffffffffffffffff',
  ],
  [requests.PathResponse, { path: '/a' }, a],
  [requests.PathStatResponse, { path: '/a', stat }, `${a} ${statHex}`],
  [requests.StatResponse, { stat }, statHex],
  [requests.GetDataResponse, { data, stat }, `00000002 6869 ${statHex}`],
  [requests.GetAclResponse, { acl: [world], stat }, `00000001 ${worldHex} ${statHex}`],
  [requests.GetChildrenResponse, { children: ['x', 'y'] }, '00000002 00000001 78 00000001 79'],
  [requests.GetChildren2Response, { children: [], stat }, `00000000 ${statHex}`],
  [requests.SyncResponse, { path: '/a' }, a],
  [requests.GetEphemeralsResponse, { ephemerals: ['/a'] }, `00000001 ${a}`],
  [requests.GetAllChildrenNumberResponse, { totalNumber: 4 }, '00000004'],
  [requests.AddWatchResponse, { err: 0 }, '00000000'],
  [
    requests.WhoAmIResponse,
    { clientInfo: [{ scheme: 'ip', user: 'h' }] },
    '00000001 00000002 6970 00000001 68',
  ],
]

describe('records', () => {
  test.each(golden)(
    '$name: hand-made bytes -> the value, and back to the same bytes',
    (schema, value, text) => {
      const bytes = Buffer.from(text.replaceAll(' ', ''), 'hex')
      const reader = new JuteReader(bytes)
      expect(schema.read(reader)).toEqual(value)
      expect(reader.remaining).toBe(0)
      const writer = new JuteWriter()
      schema.write(writer, value)
      expect(writer.view().toString('hex')).toBe(bytes.toString('hex'))
    },
  )

  test('sizes: Stat 68, connect response 36 and 37, reply header 16', () => {
    const sizeOf = (schema: RecordSchema<unknown>, value: unknown) => {
      const writer = new JuteWriter()
      schema.write(writer, value)
      return writer.length
    }
    const response = {
      protocolVersion: 0,
      timeoutMs: 0,
      sessionId: 0n,
      password: Buffer.alloc(16),
      readOnly: undefined,
      exactlyOnceWindow: undefined,
    }
    expect(sizeOf(records.Stat, stat)).toBe(68)
    expect(sizeOf(records.ReplyHeader, { xid: 0, zxid: 0, err: 0 })).toBe(16)
    expect(sizeOf(records.ConnectResponse, response)).toBe(36)
    expect(sizeOf(records.ConnectResponse, { ...response, readOnly: true })).toBe(37)
  })

  test('a body cut anywhere -> DecodeError', () => {
    for (const [schema, , text] of golden) {
      const bytes = Buffer.from(text.replaceAll(' ', ''), 'hex')
      // Behind the password everything is optional.
      const trailing = schema === records.ConnectRequest || schema === records.ConnectResponse
      for (let cut = 0; cut < (trailing ? 36 : bytes.length); cut++) {
        const read = () => schema.read(new JuteReader(bytes, 0, cut))
        expect(read, `${schema.name} cut at ${cut}`).toThrow(DecodeError)
      }
    }
  })

  test('dump: shows fields by name, bytes shortened', () => {
    expect(requests.SetDataRequest.dump({ path: '/a', data, version: 4 })).toBe(
      'SetDataRequest{path="/a" data=2:"hi" version=4}',
    )
    expect(records.ReplyHeader.dump({ xid: 1, zxid: 2, err: 0 })).toBe('ReplyHeader{xid=1 zxid=2 err=0}')
    expect(requests.SaslRequest.dump({ token: Buffer.alloc(40, 0x61) })).toContain('…')
  })

  test('operations: every opcode that has a body of its own is in the table', () => {
    const plain = Object.values(OpCode).filter(
      (op) =>
        op !== OpCode.notification && op !== OpCode.error && op !== OpCode.multi && op !== OpCode.multiRead,
    )
    expect([...requests.operations.keys()].sort()).toEqual([...plain].sort())
    expect(requests.operations.get(OpCode.setData)?.write).toBe(true)
    expect(requests.operations.get(OpCode.sync)?.write).toBe(false)
  })
})

describe('multi', () => {
  const request =
    `00000001 00 ffffffff ${a} 00000002 6869 00000001 ${worldHex} 00000000` +
    `0000000d 00 ffffffff ${a} 00000000` +
    `00000002 00 ffffffff ${a} ffffffff` +
    'ffffffff 01 ffffffff'

  test('request: hand-made bytes -> operations, and back', () => {
    const bytes = Buffer.from(request.replaceAll(' ', ''), 'hex')
    const operations = readMultiRequest(new JuteReader(bytes))
    expect(operations).toEqual([
      { type: 1, path: '/a', data, acl: [world], flags: 0 },
      { type: 13, path: '/a', version: 0 },
      { type: 2, path: '/a', version: -1 },
    ])
    const writer = new JuteWriter()
    writeMultiRequest(writer, operations)
    expect(writer.view().toString('hex')).toBe(bytes.toString('hex'))
  })

  test('response: results, errors and the terminator', () => {
    const text =
      `00000001 00 00000000 ${a}` +
      `0000000f 00 00000000 ${a} ${statHex}` +
      '00000002 00 00000000' +
      `00000005 00 00000000 ${statHex}` +
      '0000000d 00 00000000' +
      'ffffffff 00 ffffff9b ffffff9b' +
      'ffffffff 01 ffffffff'
    expect(readMultiResponse(new JuteReader(Buffer.from(text.replaceAll(' ', ''), 'hex')))).toEqual([
      { type: 1, path: '/a' },
      { type: 15, path: '/a', stat },
      { type: 2 },
      { type: 5, stat },
      { type: 13 },
      { type: -1, err: -101 },
    ])
  })

  test('an operation that cannot be part of it, or no terminator -> DecodeError', () => {
    const read = (text: string) => () => readMultiRequest(new JuteReader(Buffer.from(text, 'hex')))
    expect(read('0000000700ffffffff')).toThrow(DecodeError)
    expect(read('')).toThrow(DecodeError)
  })
})

describe('numbers and their names', () => {
  test('error codes: number, name and message of each', () => {
    expect(ErrorCode.noNode).toBe(-101)
    expect(ErrorCode.throttledOp).toBe(-127)
    expect(errorName(-110)).toBe('nodeExists')
    expect(errorMessage(-103)).toBe('the version is not the expected one')
    expect(errorName(-99)).toBe('error -99')
    expect(errorMessage(-99)).toBe('unknown error -99')
    for (const code of Object.values(ErrorCode)) expect(errorMessage(code).length).toBeGreaterThan(3)
  })

  test('opcodes and events: known by name, unknown by number', () => {
    expect(opCodeName(-11)).toBe('closeSession')
    expect(opCodeName(10)).toBe('opcode 10')
    expect(eventTypeName(4)).toBe('nodeChildrenChanged')
    expect(eventTypeName(9)).toBe('event 9')
    expect(keeperStateName(3)).toBe('syncConnected')
    expect(keeperStateName(2)).toBe('state 2')
  })
})
