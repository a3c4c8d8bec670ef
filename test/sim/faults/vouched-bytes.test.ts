import { expect, it } from 'vitest'
import { vouchedBytes } from '../../../src/sim/faults/vouched-bytes.ts'
import {
  encodeSegmentHeader,
  markBytes,
  segmentHeaderBytes,
  writeMark,
} from '../../../src/storage/segment-format.ts'

function segmentOf(...groupBytes: number[]): Buffer {
  let segment: Buffer = encodeSegmentHeader({ previous: 0, first: 1 })
  for (const bytes of groupBytes) {
    const mark = Buffer.alloc(markBytes)
    writeMark(mark, 0, { offset: segment.length, commit: 0 })
    segment = Buffer.concat([segment, mark, Buffer.alloc(bytes, 0xaa)])
  }
  return segment
}

it('vouched bytes: one group -> none; several -> up to the last mark; a mark that is not sound does not count', () => {
  expect(vouchedBytes(Buffer.alloc(0))).toBe(0)
  expect(vouchedBytes(segmentOf())).toBe(0)
  expect(vouchedBytes(segmentOf(100))).toBe(0)
  const second = segmentHeaderBytes + markBytes + 100
  expect(vouchedBytes(segmentOf(100, 50))).toBe(second)
  const third = second + markBytes + 50
  const segment = segmentOf(100, 50, 0)
  expect(vouchedBytes(segment)).toBe(third)
  segment[third + 5] = 1
  expect(vouchedBytes(segment)).toBe(second)
})
