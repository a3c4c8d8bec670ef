import { crc32 } from 'node:zlib'
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

const frame = (body: Buffer, version = protocolVersion): Buffer => {
  const bytes = Buffer.alloc(9 + body.length)
  bytes.writeUInt32BE(body.length + 5, 0)
  bytes[4] = version
  bytes.writeUInt32BE(crc32(body), 5)
  body.copy(bytes, 9)
  return bytes
}

/** `{ type: <text> }` and what follows it, in msgpack by hand. */
const typed = (type: string, rest: number[] = [], fields = 1): Buffer =>
  Buffer.concat([
    Buffer.from([0x80 + fields, 0xa4]),
    Buffer.from('type'),
    Buffer.from([0xa0 + type.length]),
    Buffer.from(type),
    Buffer.from(rest),
  ])

describe('frames', () => {
  test('an ack -> these bytes, and no others, as long as the version is 4', () => {
    const bytes = encodeFrame({ type: 'ack', zxid: 0x500000007 })
    expect(bytes.toString('hex')).toBe(
      '0000001d' + '04' + '31273efc' + '82' + 'a474797065' + 'a361636b' + 'a47a786964' + 'cb42140000001c0000',
    )
  })

  test('a commit of a small zxid -> these bytes', () => {
    expect(encodeFrame({ type: 'commit', zxid: 5 }).toString('hex')).toBe(
      '00000018' + '04' + '0f95b32e' + '82' + 'a474797065' + 'a6636f6d6d6974' + 'a47a786964' + '05',
    )
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
    ['a length without a body', Buffer.from('00000005' + '0400000000', 'hex')],
    ['a negative length', Buffer.from('ffffffff', 'hex')],
    [
      'a length above what is allowed',
      Buffer.from((strangerFrameBytesMax + 1).toString(16).padStart(8, '0'), 'hex'),
    ],
    ['another version', frame(typed('crown'), protocolVersion + 1)],
    ['an unknown type', frame(typed('nonsense'))],
    ['a type from the prototype', frame(typed('toString'))],
    ['a type that is a number', frame(Buffer.from([0x81, 0xa4, ...Buffer.from('type'), 7]))],
    [
      'a type that is an object',
      frame(Buffer.from([0x81, 0xa4, ...Buffer.from('type'), 0x81, 0xa8, ...Buffer.from('toString'), 1])),
    ],
    ['no object', frame(Buffer.from([0x07]))],
    ['nil', frame(Buffer.from([0xc0]))],
    ['a body cut short', frame(Buffer.from([0x82, 0xa4]))],
    ['bytes behind the body', frame(Buffer.concat([typed('crown'), Buffer.from([1, 2, 3])]))],
    [
      'a 64-bit number that is none of ours',
      frame(typed('ack', [0xa4, ...Buffer.from('zxid'), 0xcf, 255, 255, 255, 255, 255, 255, 255, 255], 2)),
    ],
    ['lists within lists without end', frame(Buffer.alloc(10_000, 0x91))],
    ['a list said to be huge', frame(Buffer.from('ddffffffff', 'hex'))],
  ])('%s -> FrameError', (_name, bytes) => {
    expect(() => read([bytes], strangerFrameBytesMax)).toThrow(FrameError)
  })

  test('a length that is too large -> is refused before any of it is gathered', () => {
    const reader = new FrameReader()
    expect(() => reader.push(Buffer.from('7fffffff', 'hex'), () => true)).toThrow('2147483647 bytes')
  })

  test('one bit of a frame turned over, at every place -> FrameError, or a frame that waits for more; never a message', () => {
    const whole = encodeFrame({ type: 'ack', zxid: 0x500000007 })
    for (let bit = 0; bit < whole.length * 8; bit++) {
      const bytes = Buffer.from(whole)
      bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7))
      const messages: unknown[] = []
      try {
        messages.push(...read([bytes]))
      } catch (error) {
        expect(error).toBeInstanceOf(FrameError)
      }
      expect(messages).toEqual([])
    }
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
