import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { RegisterOperation } from '../../../src/sim/checkers/register-model.ts'
import { checkRegister, describeRegisterOperation } from '../../../src/sim/checkers/register-model.ts'
import { quickestMs } from './quickest-ms.ts'
import {
  create,
  gone,
  isLinearizableByTrying,
  linearizableHistory,
  lost,
  ok,
  operation,
  read,
  refused,
  remove,
  set,
} from './register-histories.ts'

const never = Number.POSITIVE_INFINITY
const made = operation(0, 0, 10, create('a'), ok('a', 0))

const good: [string, RegisterOperation[]][] = [
  ['nothing', []],
  [
    'one after the other',
    [made, operation(1, 20, 30, set('b', 0), ok('b', 1)), operation(2, 40, 50, read, ok('b', 1))],
  ],
  [
    'a read beside a write sees the old value',
    [made, operation(1, 20, 60, set('b'), ok('b', 1)), operation(2, 30, 40, read, ok('a', 0))],
  ],
  [
    'a read beside a write sees the new value',
    [made, operation(1, 20, 60, set('b'), ok('b', 1)), operation(2, 30, 40, read, ok('b', 1))],
  ],
  ['a refused set says what is true', [made, operation(1, 20, 30, set('b', 4), refused('badVersion'))]],
  [
    'a lost write is seen later',
    [
      made,
      operation(1, 20, never, set('b'), lost),
      operation(2, 30, 40, read, ok('a', 0)),
      operation(2, 90, 99, read, ok('b', 1)),
    ],
  ],
  [
    'a lost write is never seen',
    [made, operation(1, 20, never, set('b'), lost), operation(2, 30, 40, read, ok('a', 0))],
  ],
  [
    'a lost write only shows in the version',
    [made, operation(1, 20, never, set('b'), lost), operation(2, 30, 40, set('c'), ok('c', 2))],
  ],
  [
    'a lost delete',
    [
      made,
      operation(1, 20, never, remove(), lost),
      operation(2, 30, 40, read, ok('a', 0)),
      operation(2, 50, 60, read, gone),
    ],
  ],
]
for (const [name, history] of good) {
  it(`register: ${name} -> linearizable`, () => {
    expect(checkRegister(history)).toEqual({ kind: 'linearizable' })
  })
}

const bad: [string, RegisterOperation[]][] = [
  [
    'a stale read',

    [made, operation(1, 20, 30, set('b'), ok('b', 1)), operation(2, 40, 50, read, ok('a', 0))],
  ],
  [
    'two winners of one version',

    [made, operation(1, 20, 60, set('b', 0), ok('b', 1)), operation(2, 20, 60, set('c', 0), ok('c', 1))],
  ],
  ['a value that nobody wrote', [made, operation(1, 20, 30, read, ok('x', 0))]],
  [
    'an acknowledged write is lost',

    [made, operation(1, 20, 30, set('b'), ok('b', 1)), operation(2, 40, 50, set('c'), ok('c', 1))],
  ],
  [
    'a refused write is seen',

    [made, operation(1, 20, 30, set('b', 3), refused('badVersion')), operation(2, 40, 50, read, ok('b', 1))],
  ],
  ['a refusal without a reason', [made, operation(1, 20, 30, set('b', 0), refused('badVersion'))]],
  [
    'a lost write takes effect twice',

    [
      made,
      operation(1, 20, never, set('b'), lost),
      operation(2, 30, 40, read, ok('b', 1)),
      operation(2, 50, 60, read, ok('b', 2)),
    ],
  ],
  [
    'a retried create finds its own node',

    [operation(0, 0, 10, create('a'), refused('nodeExists')), operation(0, 20, 30, read, ok('a', 0))],
  ],
  [
    'two readers disagree on the order',

    [
      made,
      operation(1, 20, 200, set('b'), ok('b', 1)),
      operation(2, 30, 40, read, ok('b', 1)),
      operation(3, 50, 60, read, ok('a', 0)),
      operation(3, 300, 310, read, ok('b', 1)),
    ],
  ],
  [
    'a deleted node is read',

    [made, operation(1, 20, 30, remove(), gone), operation(2, 40, 50, read, ok('a', 0))],
  ],
]
for (const [name, history] of bad) {
  it(`register: ${name} -> refused`, () => {
    expect(checkRegister(history).kind).toBe('violated')
  })
}

it('register: a long history goes wrong once -> the prefix ends there, and shows it', () => {
  const history = [made]
  for (let i = 1; i <= 20; i++) history.push(operation(1, i * 20, i * 20 + 10, set(`b${i}`), ok(`b${i}`, i)))
  history.push(operation(2, 215, 225, read, ok('b3', 3)))
  const verdict = checkRegister(history)
  if (verdict.kind !== 'violated') throw new Error(verdict.kind)
  expect(describeRegisterOperation(verdict.last)).toBe(
    '0.000215..0.000225 client 2 session 0x3: sync and read -> b3, version 3',
  )
  expect(verdict.prefix).toHaveLength(13)
  expect(verdict.prefix.at(-1)?.calledUs).toBeLessThanOrEqual(225)
})

it('register: history of a linearizable register -> accepted', () => {
  fc.assert(
    fc.property(linearizableHistory(60), (history) => {
      expect(checkRegister(history)).toEqual({ kind: 'linearizable' })
    }),
    { numRuns: 300 },
  )
})

it('register: small history with one answer altered -> judged as by trying every order', () => {
  let refusedCount = 0
  fc.assert(
    fc.property(linearizableHistory(7), fc.nat(), fc.nat(5), (history, where, version) => {
      const altered = history.map((call, i) =>
        i === where % history.length && call.outcome.kind === 'ok'
          ? { ...call, outcome: ok(call.outcome.output.value, version) }
          : call,
      )
      const expected = isLinearizableByTrying(altered)
      if (!expected) refusedCount++
      expect(checkRegister(altered).kind).toBe(expected ? 'linearizable' : 'violated')
    }),
    { numRuns: 1000 },
  )
  expect(refusedCount).toBeGreaterThan(100)
})

it('register: a prefix found wrong -> wrong by trying every order, right without its last answer', () => {
  let foundCount = 0
  fc.assert(
    fc.property(linearizableHistory(7, 0), fc.nat(), fc.nat(5), (history, where, version) => {
      const altered = history.map((call, i) =>
        i === where % history.length && call.outcome.kind === 'ok'
          ? { ...call, outcome: ok(call.outcome.output.value, version) }
          : call,
      )
      const verdict = checkRegister(altered)
      if (verdict.kind !== 'violated') return
      foundCount++
      const endUs = verdict.last.returnedUs
      expect(isLinearizableByTrying(verdict.prefix, endUs)).toBe(false)
      expect(isLinearizableByTrying(verdict.prefix, endUs - 1)).toBe(true)
    }),
    { numRuns: 1000 },
  )
  expect(foundCount).toBeGreaterThan(100)
})

it('register: a value read by many changed in a long history -> refused', () => {
  fc.assert(
    fc.property(linearizableHistory(60), fc.nat(), (history, where) => {
      const reads = history.filter(({ input, outcome }) => input.kind === 'read' && outcome.kind === 'ok')
      const victim = reads[where % Math.max(1, reads.length)]
      if (victim === undefined) return
      const altered = history.map((call) =>
        call === victim ? { ...call, outcome: ok('of nobody', 0) } : call,
      )
      expect(checkRegister(altered).kind).toBe('violated')
    }),
    { numRuns: 200 },
  )
})

it('register: fifty unanswered writes beside a stale read -> refused, in bounded memory', () => {
  const history = [made]
  for (let i = 0; i < 50; i++) history.push(operation(i, 20 + i, never, set(`lost ${i}`), lost))
  history.push(operation(1, 100, 110, set('b'), ok('b', 30)), operation(2, 120, 130, read, ok('a', 0)))
  expect(checkRegister(history, { configurationsMax: 5000 }).kind).toBe('violated')
})

it('register: more configurations than allowed -> undecided, and says so', () => {
  const history = [made]
  for (let i = 0; i < 50; i++) history.push(operation(i, 20 + i, never, set(`lost ${i}`), lost))
  history.push(operation(2, 120, 130, read, ok('x', 0)))
  expect(checkRegister(history, { configurationsMax: 20 }).kind).toBe('undecided')
})

it('register: 2,000 calls of ten clients, forty of them unanswered -> checked in well under 100 ms', () => {
  const history: RegisterOperation[] = [made]
  let version = 0
  for (let i = 1; i < 2000; i++) {
    const atUs = i * 10
    if (i % 50 === 0) history.push(operation(i % 10, atUs - 45, never, set(`v${i}`), lost))
    else if (i % 3 === 0)
      history.push(operation(i % 10, atUs - 45, atUs + 45, set(`v${i}`), ok(`v${i}`, ++version)))
    else if (version > 0) {
      const last = history.findLast(({ outcome, input }) => input.kind === 'set' && outcome.kind === 'ok')
      if (last?.outcome.kind === 'ok')
        history.push(operation(i % 10, atUs - 45, atUs + 45, read, last.outcome))
    }
  }
  expect(quickestMs(100, () => expect(checkRegister(history).kind).toBe('linearizable'))).toBeLessThan(100)
})
