import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { pack } from 'msgpackr'
import { describe, expect, test } from 'vitest'
import {
  encodeFrame,
  FrameError,
  FrameReader,
  frameBytesMax,
  strangerFrameBytesMax,
} from '../../src/replication/frames.ts'
import { protocolVersion, type ReplicationMessage } from '../../src/replication/messages.ts'
import { SeededRandom } from '../../src/runtime/seeded-random.ts'
import { statusOf } from './peer-status.ts'
import { sampleMessages } from './sample-messages.ts'

function read(chunks: Buffer[], bytesMax = frameBytesMax): ReplicationMessage[] {
  const reader = new FrameReader()
  reader.bytesMax = bytesMax
  const messages: ReplicationMessage[] = []
  for (const chunk of chunks) {
    reader.push(chunk, (message) => {
      messages.push(structuredClone(message))
      return true
    })
  }
  return messages
}

function readOrRefused(bytes: Buffer): ReplicationMessage[] {
  try {
    return read([bytes])
  } catch (error) {
    expect(error).toBeInstanceOf(FrameError)
    return []
  }
}

/** The samples that have a layout of their own. */
const fixed = sampleMessages.filter((message) => encodeFrame(message)[9] !== 0)

/** Sealed with the right checksum. */
const frame = (body: Buffer, version = protocolVersion): Buffer => {
  const bytes = Buffer.alloc(9 + body.length)
  bytes.writeUInt32BE(body.length + 5, 0)
  bytes[4] = version
  bytes.writeUInt32BE(crc32(body), 5)
  body.copy(bytes, 9)
  return bytes
}

/** `{ type: <text> }` and what follows it, in msgpack by hand, as the body of a frame. */
const typed = (type: string, rest: number[] = [], fields = 1): Buffer =>
  Buffer.concat([
    Buffer.from([0, 0x80 + fields, 0xa4]),
    Buffer.from('type'),
    Buffer.from([0xa0 + type.length]),
    Buffer.from(type),
    Buffer.from(rest),
  ])

describe('frames', () => {
  test.each<[ReplicationMessage, string]>([
    [{ type: 'ack', zxid: 0x500000007 }, '0000000e' + '05' + 'CRC' + '01' + '0000000500000007'],
    [{ type: 'commit', zxid: 5 }, '0000000e' + '05' + 'CRC' + '02' + '0000000000000005'],
    [
      { type: 'propose', commit: 0x1fffff_ffffffff, lastZxid: 1, records: Buffer.from('ab') },
      '00000018' + '05' + 'CRC' + '09' + '001fffffffffffff' + '0000000000000001' + '6162',
    ],
    [{ type: 'requests', bytes: Buffer.from('ab') }, '00000008' + '05' + 'CRC' + '07' + '6162'],
    [
      { type: 'newEpoch', epoch: 6 },
      '0000001c' + '05' + 'CRC' + '00' + '82' + 'a474797065' + 'a86e657745706f6368' + 'a565706f6368' + '06',
    ],
  ])('%j -> these bytes, and no others, as long as the version is 5', (message, hex) => {
    const bytes = encodeFrame(message)
    const crc = crc32(bytes.subarray(9)).toString(16).padStart(8, '0')
    expect(bytes.toString('hex')).toBe(hex.replace('CRC', crc))
  })

  test('every message -> comes back as it was', () => {
    for (const message of sampleMessages) expect(read([encodeFrame(message)])).toEqual([plain(message)])
  })

  test('a stream cut at every place, and byte by byte -> the same messages', () => {
    const stream = Buffer.concat(sampleMessages.map(encodeFrame))
    const expected = sampleMessages.map(plain)
    for (let at = 0; at <= stream.length; at++) {
      const messages = read([Buffer.from(stream.subarray(0, at)), Buffer.from(stream.subarray(at))])
      expect(messages.length).toBe(expected.length)
    }
    expect(read([...stream].map((byte) => Buffer.from([byte])))).toEqual(expected)
  })

  test('a handler that has had enough -> is given no more', () => {
    const reader = new FrameReader()
    let seen = 0
    const stream = Buffer.concat(
      [{ type: 'crown' }, { type: 'crown' }].map((m) => encodeFrame(m as ReplicationMessage)),
    )
    reader.push(stream, () => {
      seen++
      return false
    })
    expect(seen).toBe(1)
  })

  test.each([
    ['a length of nothing', Buffer.from('00000000', 'hex')],
    ['a length without a body', Buffer.from('00000005' + '0500000000', 'hex')],
    ['a negative length', Buffer.from('ffffffff', 'hex')],
    [
      'a length above what is allowed',
      Buffer.from((strangerFrameBytesMax + 1).toString(16).padStart(8, '0'), 'hex'),
    ],
    ['another version', frame(typed('crown'), protocolVersion + 1)],
    ['an unknown type', frame(typed('nonsense'))],
    ['a type from the prototype', frame(typed('toString'))],
    ['a type that is a number', frame(Buffer.from([0, 0x81, 0xa4, ...Buffer.from('type'), 7]))],
    [
      'a type that is an object',
      frame(Buffer.from([0, 0x81, 0xa4, ...Buffer.from('type'), 0x81, 0xa8, ...Buffer.from('toString'), 1])),
    ],
    ['no object', frame(Buffer.from([0, 0x07]))],
    ['nil', frame(Buffer.from([0, 0xc0]))],
    ['a body cut short', frame(Buffer.from([0, 0x82, 0xa4]))],
    ['bytes behind the body', frame(Buffer.concat([typed('crown'), Buffer.from([1, 2, 3])]))],
    [
      'a 64-bit number that is none of ours',
      frame(
        typed('newEpoch', [0xa5, ...Buffer.from('epoch'), 0xcf, 255, 255, 255, 255, 255, 255, 255, 255], 2),
      ),
    ],
    ['lists within lists without end', frame(Buffer.concat([Buffer.alloc(1), Buffer.alloc(10_000, 0x91)]))],
    ['a list said to be huge', frame(Buffer.from('00' + 'ddffffffff', 'hex'))],
    ['nothing packed', frame(Buffer.from([0]))],
    ['an ack that is packed', frame(typed('ack', [0xa4, ...Buffer.from('zxid'), 5], 2))],
    ['a round that is packed', frame(typed('heartbeat', [0xa5, ...Buffer.from('round'), 5], 2))],
    [
      'a status with a round, packed',
      frame(Buffer.concat([Buffer.alloc(1), pack({ type: 'heartbeat', status: statusOf(), round: 'x' })])),
    ],
    ['a kind without a layout', frame(Buffer.from('0a' + '0000000000000005', 'hex'))],
    ['a number of 2^53', frame(Buffer.from('01' + '0020000000000000', 'hex'))],
    ['a number of 2^64 - 1', frame(Buffer.from('01' + 'ffffffffffffffff', 'hex'))],
    ['a commit point of 2^53', frame(Buffer.from('09' + '0020000000000000' + '0000000000000001', 'hex'))],
    ['a last zxid of 2^53', frame(Buffer.from('09' + '0000000000000001' + '0020000000000000', 'hex'))],
    [
      'a proposal without its last zxid',
      frame(Buffer.from('09' + '0000000000000001' + '00000000000000', 'hex')),
    ],
  ])('%s -> FrameError', (_name, bytes) => {
    expect(() => read([bytes], strangerFrameBytesMax)).toThrow(FrameError)
  })

  test('a length that is too large -> is refused before any of it is gathered', () => {
    const reader = new FrameReader()
    expect(() => reader.push(Buffer.from('7fffffff', 'hex'), () => true)).toThrow('2147483647 bytes')
  })

  test.each(fixed)(
    '%j: one bit turned over, at every place -> FrameError, or a frame that waits for more; never a message',
    (message) => {
      const whole = encodeFrame(message)
      for (let bit = 0; bit < whole.length * 8; bit++) {
        const bytes = Buffer.from(whole)
        bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7))
        expect(readOrRefused(bytes)).toEqual([])
      }
    },
  )

  test.each(fixed)(
    '%j: cut or longer than its layout, and sealed -> FrameError, unless it ends in bytes of any length',
    (message) => {
      const body = encodeFrame(message).subarray(9)
      const open = 'bytes' in message || 'records' in message
      const layoutBytes = message.type === 'propose' ? 17 : open ? 1 : 9
      for (let length = 1; length <= body.length + 3; length++) {
        const other = Buffer.concat([body, Buffer.alloc(3)]).subarray(0, length)
        const valid = open ? length >= layoutBytes : length === layoutBytes
        expect(readOrRefused(frame(other)).length).toBe(valid ? 1 : 0)
      }
    },
  )

  test('any numbers and bytes in a fixed layout -> come back as they were, in views into the frame', () => {
    const whole = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER })
    const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array))
    const messages = fc.oneof(
      fc.record({ type: fc.constantFrom('ack', 'commit'), zxid: whole }),
      fc.record({ type: fc.constantFrom('heartbeat', 'heartbeatAck'), round: whole }),
      fc.record({ type: fc.constantFrom('sync', 'synced'), id: whole }),
      fc.record({ type: fc.constantFrom('requests', 'message'), bytes }),
      fc.record({ type: fc.constant('propose'), commit: whole, lastZxid: whole, records: bytes }),
    ) as fc.Arbitrary<ReplicationMessage>
    fc.assert(
      fc.property(messages, (message) => {
        const encoded = encodeFrame(message)
        const reader = new FrameReader()
        reader.push(encoded, (back) => {
          expect(back).toEqual(message)
          for (const value of Object.values(back)) {
            if (Buffer.isBuffer(value)) expect(value.buffer).toBe(encoded.buffer)
          }
          return true
        })
      }),
    )
  })

  test.each([-1, 0.5, 2 ** 53, Number.NaN])('a zxid of %d -> is not sent', (zxid) => {
    expect(() => encodeFrame({ type: 'ack', zxid })).toThrow('is to be sent')
  })

  test('random bytes, and frames with a few bytes changed -> messages or FrameError, nothing else', () => {
    const random = new SeededRandom('frames')
    let refused = 0
    const feed = (bytes: Buffer): void => {
      try {
        read([bytes])
      } catch (error) {
        expect(error).toBeInstanceOf(FrameError)
        refused++
      }
    }
    for (let i = 0; i < 4000; i++) feed(frame(random.bytes(random.below(60) + 1)))
    for (let i = 0; i < 12_000; i++) {
      const bytes = Buffer.from(encodeFrame(random.pick(sampleMessages)))
      for (let n = random.below(3); n >= 0; n--) bytes[9 + random.below(bytes.length - 9)] = random.below(256)
      // Sealed again, so that it is not the checksum alone that refuses it.
      bytes.writeUInt32BE(crc32(bytes.subarray(9)), 5)
      feed(bytes)
    }
    expect(refused).toBeGreaterThan(8000)
  })
})

const plain = (message: ReplicationMessage): ReplicationMessage => structuredClone(message)
