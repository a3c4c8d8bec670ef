import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { FrameError, FrameSplitter } from '../../src/wire/frame-splitter.ts'

const stream = Buffer.from('00000003616263' + '0000000178' + '0000000579797a7a7a', 'hex')
const payloads = ['abc', 'x', 'yyzzz']

function split(chunks: Buffer[], frameBytesMax = 100): string[] {
  const splitter = new FrameSplitter(frameBytesMax)
  const frames: string[] = []
  for (const chunk of chunks) splitter.push(chunk, (frame) => frames.push(frame.toString('latin1')))
  return frames
}

describe('frame splitter', () => {
  test('whole stream in one chunk -> every frame', () => {
    expect(split([stream])).toEqual(payloads)
  })

  test('byte by byte -> every frame', () => {
    expect(split([...stream].map((byte) => Buffer.from([byte])))).toEqual(payloads)
  })

  test('cut at every pair of points -> every frame', () => {
    for (let a = 0; a <= stream.length; a++) {
      for (let b = a; b <= stream.length; b++) {
        const chunks = [stream.subarray(0, a), stream.subarray(a, b), stream.subarray(b)]
        expect(split(chunks), `cut at ${a} and ${b}`).toEqual(payloads)
      }
    }
  })

  test('a chunk that is reused by its owner -> a kept beginning is not changed', () => {
    const splitter = new FrameSplitter(100)
    const frames: string[] = []
    const chunk = Buffer.from('0000000461', 'hex')
    splitter.push(chunk, (frame) => frames.push(frame.toString('latin1')))
    chunk.fill(0xff)
    splitter.push(Buffer.from('bcd', 'latin1'), (frame) => frames.push(frame.toString('latin1')))
    expect(frames).toEqual(['abcd'])
  })

  test.each([
    ['zero', '00000000', 0],
    ['negative', 'ffffffff', -1],
    ['one above the limit', '00000065', 101],
  ])('length %s -> FrameError, at once, also when cut', (_name, header, found) => {
    const bytes = Buffer.from(header, 'hex')
    for (const cut of [0, 1, 3, 4]) {
      const frames: Buffer[] = []
      const splitter = new FrameSplitter(100)
      const push = () => {
        splitter.push(bytes.subarray(0, cut), (frame) => frames.push(frame))
        splitter.push(bytes.subarray(cut), (frame) => frames.push(frame))
      }
      expect(push).toThrow(FrameError)
      expect(push).toThrow(`found a frame of ${found} bytes, expected 1 to 100`)
      expect(frames).toEqual([])
    }
  })

  test('length at the limit -> accepted', () => {
    const frame = Buffer.concat([Buffer.from('00000064', 'hex'), Buffer.alloc(100, 0x61)])
    expect(split([frame])).toEqual(['a'.repeat(100)])
  })

  test('frames before a bad length -> delivered', () => {
    const frames: string[] = []
    const splitter = new FrameSplitter(100)
    const bytes = Buffer.concat([stream, Buffer.from('80000000', 'hex')])
    expect(() => splitter.push(bytes, (frame) => frames.push(frame.toString('latin1')))).toThrow(FrameError)
    expect(frames).toEqual(payloads)
  })

  test('an announced length -> nothing is reserved for it before it comes', () => {
    const splitter = new FrameSplitter(2 ** 30)
    splitter.push(Buffer.from('3fffffff61', 'hex'), () => {})
    expect(splitter.pendingBytes).toBe(5)
  })

  test('stop from within a frame -> nothing more is delivered', () => {
    const splitter = new FrameSplitter(100)
    const frames: string[] = []
    const onFrame = (frame: Buffer) => {
      frames.push(frame.toString('latin1'))
      splitter.stop()
    }
    splitter.push(stream, onFrame)
    splitter.push(stream, onFrame)
    expect(frames).toEqual(['abc'])
  })

  test('property: any frames, any cuts -> the same frames', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ minLength: 1, maxLength: 50 }), { maxLength: 10 }),
        fc.array(fc.nat(600), { maxLength: 10 }),
        (contents, cuts) => {
          const parts = contents.map((content) => {
            const frame = Buffer.alloc(4 + content.length)
            frame.writeInt32BE(content.length)
            frame.set(content, 4)
            return frame
          })
          const whole = Buffer.concat(parts)
          const points = [0, ...cuts.filter((cut) => cut < whole.length).sort((a, b) => a - b), whole.length]
          const chunks = points.slice(1).map((end, i) => whole.subarray(points[i], end))
          expect(split(chunks)).toEqual(contents.map((content) => Buffer.from(content).toString('latin1')))
        },
      ),
    )
  })
})
