import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ReplyChecker, WrongReply } from '../../bench/load/reply-checker.ts'
import { JuteWriter } from '../../src/wire/jute-writer.ts'
import { ReplyHeader } from '../../src/wire/records.ts'

interface Reply {
  readonly xid: number
  readonly err?: number
  readonly bodyBytes?: number
}

function encode(replies: readonly Reply[]): Buffer {
  const writer = new JuteWriter()
  for (const { xid, err = 0, bodyBytes = 0 } of replies) {
    const mark = writer.beginFrame()
    ReplyHeader.write(writer, { xid, zxid: 4_294_967_296_123, err })
    writer.raw(Buffer.alloc(bodyBytes, 0xff))
    writer.endFrame(mark)
  }
  return writer.take()
}

function take(checker: ReplyChecker, bytes: Buffer, sentXid = 1000): number {
  return checker.take(bytes, bytes.length, sentXid)
}

const bodies = fc.array(fc.record({ bodyBytes: fc.nat(60), event: fc.boolean() }), { maxLength: 20 })

describe('bench reply checker', () => {
  it('good replies among events and pings, cut anywhere -> each counts once, and only when it is whole', () => {
    fc.assert(
      fc.property(bodies, fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), (drawn, cuts) => {
        let xid = 0
        const replies = drawn.map(({ bodyBytes, event }) => ({ xid: event ? -1 : ++xid, bodyBytes }))
        const stream = encode(replies)
        const ends: number[] = []
        let end = 0
        for (const { xid: replyXid, bodyBytes } of replies) {
          end += 20 + bodyBytes
          if (replyXid > 0) ends.push(end)
        }
        const checker = new ReplyChecker()
        let answered = 0
        let at = 0
        for (let i = 0; at < stream.length; i++) {
          const next = Math.min(stream.length, at + (cuts[i % cuts.length] as number))
          answered += take(checker, stream.subarray(at, next))
          at = next
          expect(answered).toBe(ends.filter((whole) => whole <= at).length)
        }
        expect(checker.errors).toBe(0)
      }),
    )
  })

  it('only the first bytes of the buffer were received -> what an earlier read left behind them is not looked at', () => {
    const checker = new ReplyChecker()
    const bytes = encode([{ xid: 1 }, { xid: 77 }])
    expect(checker.take(bytes, 20, 1000)).toBe(1)
    expect(take(checker, encode([{ xid: 2 }]))).toBe(1)
  })

  it('an error code -> counted, and the replies go on', () => {
    const checker = new ReplyChecker()
    expect(take(checker, encode([{ xid: 1, err: -101 }, { xid: 2 }]))).toBe(2)
    expect(checker.errors).toBe(1)
  })

  it.each([
    ['a reply left out', [1, 3]],
    ['two replies in the wrong order', [2, 1]],
    ['the same reply twice', [1, 1]],
    ['an xid that nobody sent', [1, 2, 3, 4, 5, 6]],
  ])('%s -> refused', (_what, xids) => {
    expect(() => take(new ReplyChecker(), encode(xids.map((xid) => ({ xid }))), 5)).toThrow(WrongReply)
  })

  it.each([-1, 0, 15, 17 * 1024 * 1024])('a frame of %i bytes -> refused', (length) => {
    const bytes = encode([{ xid: 1 }])
    bytes.writeInt32BE(length)
    expect(() => take(new ReplyChecker(), bytes)).toThrow(/expected 16 to/)
  })

  it('a frame broken within its cut head -> refused', () => {
    const checker = new ReplyChecker()
    const bytes = encode([{ xid: 9 }])
    expect(take(checker, bytes.subarray(0, 6))).toBe(0)
    expect(() => take(checker, bytes.subarray(6))).toThrow(WrongReply)
  })
})
