import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { PendingRequest } from '../../src/client/pending-request.ts'
import { otherIdFirst, RequestQueue } from '../../src/client/request-queue.ts'

function request(isWrite: boolean): PendingRequest {
  const end = { onReply() {}, onFailure() {} }
  return new PendingRequest({ path: '/a', isWrite, frame: Buffer.alloc(12), end })
}

function takeAll(queue: RequestQueue, writesMax: number): PendingRequest[] {
  const taken: PendingRequest[] = []
  for (;;) {
    const next = queue.takeNext(writesMax)
    if (next === null) return taken
    taken.push(next)
  }
}

const unlimited = Number.POSITIVE_INFINITY

describe('request queue', () => {
  test('ids: writes are numbered from 1, reads have numbers of their own, both stand in the frame', () => {
    const queue = new RequestQueue(10)
    for (const isWrite of [true, false, true]) queue.add(request(isWrite))
    const taken = takeAll(queue, unlimited)
    expect(taken.map(({ xid }) => xid)).toEqual([1, otherIdFirst, 2])
    expect(taken.map(({ frame }) => frame.readInt32BE(4))).toEqual([1, otherIdFirst, 2])
  })

  test('limit: full -> the next one is not taken', () => {
    const queue = new RequestQueue(2)
    expect([queue.add(request(true)), queue.add(request(true)), queue.add(request(true))]).toEqual([
      true,
      true,
      false,
    ])
  })

  test('reply with an id whose turn it is not -> null, and nothing is lost', () => {
    const queue = new RequestQueue(10)
    queue.add(request(true))
    queue.add(request(true))
    takeAll(queue, unlimited)
    expect(queue.answered(2)).toBeNull()
    expect(queue.answered(1)?.xid).toBe(1)
  })

  test('window: a write that must wait holds back the read behind it', () => {
    const queue = new RequestQueue(10)
    const all = [request(true), request(true), request(false)]
    for (const one of all) queue.add(one)
    expect(takeAll(queue, 1)).toEqual([all[0]])
    queue.answered(1)
    expect(takeAll(queue, 1)).toEqual([all[1], all[2]])
  })

  test('connection lost, exactly once: everything unanswered goes out again, in order, with the same ids', () => {
    const queue = new RequestQueue(10)
    for (const isWrite of [true, true, false]) queue.add(request(isWrite))
    const before = takeAll(queue, unlimited).map(({ xid }) => xid)
    queue.add(request(true))
    expect(queue.connectionLost(true)).toEqual([])
    expect(takeAll(queue, unlimited).map(({ xid }) => xid)).toEqual([...before, 3])
  })

  test('connection lost, plain: unanswered writes are handed back, reads go out again', () => {
    const queue = new RequestQueue(10)
    const [write, read, later] = [request(true), request(false), request(true)]
    queue.add(write)
    queue.add(read)
    takeAll(queue, unlimited)
    queue.add(later)
    expect(queue.connectionLost(false)).toEqual([write])
    expect(takeAll(queue, unlimited)).toEqual([read, later])
  })

  test('connection lost with a write on its way behind a read: the read is handed back, for the write may be done', () => {
    const queue = new RequestQueue(10)
    const [before, read, write, behind] = [request(true), request(false), request(true), request(false)]
    for (const one of [before, read, write, behind]) queue.add(one)
    takeAll(queue, unlimited)
    const unsent = request(true)
    queue.add(unsent)
    expect(queue.connectionLost(true)).toEqual([read])
    expect(takeAll(queue, unlimited)).toEqual([before, write, behind, unsent])
    expect(queue.connectionLost(false)).toEqual([before, write, behind, unsent])
  })

  test('connection lost twice, a new write sent in between: the read before it is handed back', () => {
    const queue = new RequestQueue(10)
    const [read, write] = [request(false), request(true)]
    queue.add(read)
    takeAll(queue, unlimited)
    expect(queue.connectionLost(true)).toEqual([])
    queue.add(write)
    takeAll(queue, unlimited)
    expect(queue.connectionLost(true)).toEqual([read])
  })

  test('any mix of calls, replies and lost connections: order kept, ids without gap, window kept', () => {
    const step = fc.constantFrom('write', 'read', 'send', 'reply', 'lose')
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), fc.integer({ min: 1, max: 4 }), (steps, writesMax) => {
        const queue = new RequestQueue(1000)
        const called: PendingRequest[] = []
        const answered: PendingRequest[] = []
        const firstSent: PendingRequest[] = []
        let onTheWire: PendingRequest[] = []
        const lost = new Set<PendingRequest>()
        for (const what of steps) {
          if (what === 'write' || what === 'read') {
            const one = request(what === 'write')
            called.push(one)
            queue.add(one)
          } else if (what === 'send') {
            for (const one of takeAll(queue, writesMax)) {
              onTheWire.push(one)
              if (!firstSent.includes(one)) firstSent.push(one)
            }
            expect(onTheWire.filter(({ isWrite }) => isWrite).length).toBeLessThanOrEqual(writesMax)
          } else if (what === 'reply') {
            const head = onTheWire.shift()
            if (head !== undefined) {
              expect(queue.answered(head.xid)).toBe(head)
              answered.push(head)
            }
          } else {
            const unanswered = called.filter((one) => !answered.includes(one) && !lost.has(one))
            const lastWrite = unanswered.findLastIndex((one) => one.isWrite && firstSent.includes(one))
            const overtaken = unanswered.filter((one, i) => !one.isWrite && i < lastWrite)
            expect(queue.connectionLost(true)).toEqual(overtaken)
            for (const one of overtaken) lost.add(one)
            onTheWire = []
          }
        }
        // Answered in the order of the calls, sent in the order of the calls, nothing lost but what must be.
        const kept = called.filter((one) => !lost.has(one))
        expect(answered).toEqual(kept.slice(0, answered.length))
        expect(firstSent).toEqual(called.slice(0, firstSent.length))
        expect(queue.clear()).toEqual(kept.slice(answered.length))
        const ids = firstSent.filter(({ isWrite }) => isWrite).map(({ xid }) => xid)
        expect(ids).toEqual(ids.map((_id, index) => index + 1))
      }),
    )
  })
})
