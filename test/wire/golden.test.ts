import { describe, expect, test } from 'vitest'
import { ErrorCode } from '../../src/wire/error-codes.ts'
import { JuteReader } from '../../src/wire/jute-reader.ts'
import { JuteWriter } from '../../src/wire/jute-writer.ts'
import {
  type MultiResult,
  readMultiRequest,
  readMultiResponse,
  writeMultiEnd,
  writeMultiHeader,
  writeMultiRequest,
} from '../../src/wire/multi.ts'
import { OpCode, type OpCodeName, opCodeName, SpecialXid } from '../../src/wire/opcodes.ts'
import {
  ConnectRequest,
  ConnectResponse,
  ReplyHeader,
  RequestHeader,
  WatcherEvent,
} from '../../src/wire/records.ts'
import { type GetAclResponse, operations, SetWatchesRequest } from '../../src/wire/requests.ts'
import type { RecordOf, RecordSchema } from '../../src/wire/schema.ts'
import { type RecordedFrame, readRecording } from './golden/recording.ts'

const frames = readRecording()

/** A frame read to its last byte, and what writing it gives. */
class Decoded {
  readonly parts: unknown[] = []
  readonly writer = new JuteWriter()
  readonly reader: JuteReader

  constructor(frame: RecordedFrame) {
    this.reader = new JuteReader(frame.bytes)
  }

  copy<T>(schema: RecordSchema<T>): T {
    const value = schema.read(this.reader)
    this.parts.push(value)
    schema.write(this.writer, value)
    return value
  }
}

function decode(frame: RecordedFrame): Decoded {
  const decoded = new Decoded(frame)
  if (frame.name === 'connect') decoded.copy(frame.direction === 'request' ? ConnectRequest : ConnectResponse)
  else if (frame.direction === 'request') decodeRequest(decoded)
  else decodeReply(decoded, frame.name)
  return decoded
}

function decodeRequest(decoded: Decoded): void {
  const { type } = decoded.copy(RequestHeader)
  if (type === OpCode.multi || type === OpCode.multiRead) {
    const list = readMultiRequest(decoded.reader)
    decoded.parts.push(list)
    writeMultiRequest(decoded.writer, list)
    return
  }
  const operation = operations.get(type)
  if (operation !== undefined) decoded.copy(operation.request)
}

function decodeReply(decoded: Decoded, name: string): void {
  const { xid, err } = decoded.copy(ReplyHeader)
  // An error has no body, but for that of sasl.
  if (err !== ErrorCode.ok && decoded.reader.remaining === 0) return
  if (xid === SpecialXid.notification) decoded.copy(WatcherEvent)
  else if (name === 'multi' || name === 'multiRead') {
    const results = readMultiResponse(decoded.reader)
    decoded.parts.push(results)
    writeResults(decoded.writer, results)
  } else decoded.copy(operation(name).response)
}

function operation(name: string): { response: RecordSchema<unknown> } {
  const found = operations.get(OpCode[name as OpCodeName])
  if (found === undefined) throw new Error(`no operation ${name}`)
  return found
}

function writeResults(writer: JuteWriter, results: readonly MultiResult[]): void {
  for (const result of results) {
    const failed = result.type === OpCode.error
    writeMultiHeader(writer, result.type, failed ? result.err : 0)
    if (failed) writer.int(result.err)
    else operation(opCodeName(result.type)).response.write(writer, result)
  }
  writeMultiEnd(writer)
}

const of = (direction: RecordedFrame['direction'], name: string): RecordedFrame[] =>
  frames.filter((frame) => frame.direction === direction && frame.name === name)
const bodies = (direction: RecordedFrame['direction'], name: string, part: number): unknown[] =>
  of(direction, name).map((frame) => decode(frame).parts[part])

describe('wire: frames recorded between real clients and Apache ZooKeeper', () => {
  const scenes = new Map(frames.map((frame) => [frame.scene, frames.filter((f) => f.scene === frame.scene)]))

  test.each([...scenes])('wire: %s -> decoded and encoded to the same bytes', (_scene, recorded) => {
    for (const frame of recorded) {
      const decoded = decode(frame)
      expect(decoded.reader.remaining).toBe(0)
      expect(decoded.writer.take().toString('hex')).toBe(frame.bytes.toString('hex'))
    }
  })

  /** What neither a client sends nor a server answers by itself. */
  const elsewhere: readonly OpCodeName[] = ['notification', 'error', 'check', 'createSession']
  const names = (Object.keys(OpCode) as OpCodeName[]).filter((name) => !elsewhere.includes(name))

  test.each(names)('wire: %s -> a request and its reply are recorded', (name) => {
    expect(of('request', name)).not.toHaveLength(0)
    expect(of('reply', name)).not.toHaveLength(0)
  })

  test('wire: every operation that succeeds in ZooKeeper -> recorded as a success', () => {
    const refused = names.filter((name) =>
      bodies('reply', name, 0).every((header) => (header as ReplyHeader).err !== ErrorCode.ok),
    )
    // A request for servers among themselves; this release takes its path for something else.
    expect(refused).toEqual(['deleteContainer'])
  })

  test('wire: what has no request of its own -> recorded as an event or inside a multi', () => {
    const events = bodies('reply', 'event', 1) as WatcherEvent[]
    expect([...new Set(events.map((event) => event.type))].sort()).toEqual([1, 2, 3, 4])
    const inMultis = bodies('request', 'multi', 1) as { type: number }[][]
    expect(inMultis.flat().map((one) => one.type)).toContain(OpCode.check)
    expect([...new Set(inMultis.flat().map((one) => one.type))].sort((a, b) => a - b)).toEqual([
      OpCode.create,
      OpCode.delete,
      OpCode.setData,
      OpCode.check,
      OpCode.createContainer,
      OpCode.createTtl,
    ])
  })

  test('wire: handshakes -> with and without the read-only byte, new, re-attached, expired', () => {
    const requests = bodies('request', 'connect', 0) as ConnectRequest[]
    const responses = bodies('reply', 'connect', 0) as ConnectResponse[]
    expect(new Set(requests.map((request) => request.readOnly))).toEqual(new Set([true, false, undefined]))
    expect(requests.filter((request) => request.sessionId === 0n)).not.toHaveLength(0)
    expect(requests.filter((request) => request.sessionId !== 0n)).not.toHaveLength(0)
    expect(responses.map((response) => response.readOnly)).toEqual(
      requests.map((request) => (request.readOnly === undefined ? undefined : false)),
    )
    const refusals = responses.filter((response) => response.timeoutMs === 0)
    expect(refusals).not.toHaveLength(0)
    for (const { sessionId, password } of refusals)
      expect([sessionId, password]).toEqual([0n, Buffer.alloc(16)])
  })

  test('wire: a multi that fails -> a code for each operation, and the header says success', () => {
    const codes = of('reply', 'multi')
      .map((frame) => decode(frame).parts as [ReplyHeader, MultiResult[]])
      .filter(([, results]) => results.some((result) => result.type === OpCode.error))
      .map(([header, results]) => {
        expect(header.err).toBe(ErrorCode.ok)
        return results.map((result) => (result.type === OpCode.error ? result.err : null))
      })
    expect(codes).toContainEqual([ErrorCode.noNode, ErrorCode.runtimeInconsistency])
    expect(codes).toContainEqual([0, ErrorCode.badVersion, ErrorCode.runtimeInconsistency])
    expect(codes).toContainEqual([0, ErrorCode.nodeExists])
    const reads = bodies('reply', 'multiRead', 1) as MultiResult[][]
    expect(reads[0]?.map((result) => result.type)).toEqual([OpCode.getData, OpCode.getChildren, -1, -1])
  })

  test('wire: refusals -> failed authentication, disabled reconfig, unknown operation', () => {
    const codes = (name: string): number[] =>
      bodies('reply', name, 0).map((header) => (header as ReplyHeader).err)
    expect(codes('auth')).toContain(ErrorCode.authFailed)
    expect(codes('sasl')).toContain(ErrorCode.authFailed)
    expect(codes('reconfig')).toContain(ErrorCode.reconfigDisabled)
    expect(codes('opcode-10')).toEqual([ErrorCode.unimplemented])
  })

  test('wire: an access control list shown to one who is not ADMIN -> its digest is masked', () => {
    const shown = bodies('reply', 'getAcl', 1) as RecordOf<typeof GetAclResponse>[]
    const ids = shown.flatMap((response) => response.acl?.map((acl) => acl.id) ?? [])
    expect(ids).toContain('me:x')
    expect(ids.some((id) => id?.startsWith('me:') && id !== 'me:x')).toBe(true)
  })

  test('wire: watches set again -> with an own count of the client, or with -8', () => {
    expect(bodies('request', 'setWatches', 0)).toContainEqual({
      xid: SpecialXid.setWatches,
      type: OpCode.setWatches,
    })
    const xids = bodies('request', 'setWatches', 0).map((header) => (header as RequestHeader).xid)
    expect(xids.some((xid) => xid > 0)).toBe(true)
    expect(SetWatchesRequest.dump(bodies('request', 'setWatches', 1)[0] as never)).toContain('"/seen"')
  })
})
