import fc from 'fast-check'
import { expect, it } from 'vitest'
import {
  checkQueue,
  type Enqueued,
  type Listed,
  type QueueHistory,
  type Taken,
} from '../../../src/sim/checkers/queue.ts'
import { quickestMs } from './quickest-ms.ts'

const never = Number.POSITIVE_INFINITY
const nameOf = (number: number): string => `item-${String(number).padStart(10, '0')}`

/** Item `number`, made by zxid `czxid`, between these times. */
function put(number: number, calledUs: number, returnedUs: number, czxid = calledUs, client = 1): Enqueued {
  const output = { name: nameOf(number), czxid }
  return { client, calledUs, returnedUs, token: `t${number}`, outcome: { kind: 'ok', output } }
}

function take(number: number, calledUs: number, returnedUs: number, outcome: Taken['outcome'] = done): Taken {
  return { client: 2, calledUs, returnedUs, name: nameOf(number), token: `t${number}`, outcome }
}

const done: Taken['outcome'] = { kind: 'ok', output: undefined }
const noNode: Taken['outcome'] = { kind: 'refused', code: 'noNode' }
const lost: Taken['outcome'] = { kind: 'unknown', code: 'connectionLoss' }
const list = (calledUs: number, ...numbers: number[]): Listed => ({
  client: 3,
  calledUs,
  returnedUs: calledUs + 5,
  names: numbers.map(nameOf),
})
const leftOf = (...numbers: number[]): ReadonlyMap<string, string> =>
  new Map(numbers.map((number) => [nameOf(number), `t${number}`]))

function rulesOf(history: Partial<QueueHistory>): string[] {
  const whole = { enqueued: [], taken: [], listed: [], left: leftOf(), ...history }
  return checkQueue(whole).map(({ rule }) => rule)
}

const two = [put(1, 10, 20), put(2, 30, 40)]

const good: [string, Partial<QueueHistory>][] = [
  [
    'one taken, one left',
    { enqueued: two, taken: [take(1, 50, 60)], listed: [list(45, 1, 2), list(70, 2)], left: leftOf(2) },
  ],
  [
    'a delete of unknown fate, and it is gone',
    { enqueued: two, taken: [take(1, 50, never, lost)], left: leftOf(2) },
  ],
  [
    'a delete of unknown fate, and it is there',
    { enqueued: two, taken: [take(1, 50, never, lost)], left: leftOf(1, 2) },
  ],
  [
    'gone, as another takes it at that time',
    { enqueued: two, taken: [take(1, 50, 70), take(1, 50, 60, noNode)], left: leftOf(2) },
  ],
  [
    'of two at a time, either is first',
    { enqueued: [put(2, 10, 90, 50), put(1, 20, 80, 40, 2)], left: leftOf(1, 2) },
  ],
  [
    'a create of unknown fate is left',
    { enqueued: [{ ...put(1, 10, never), outcome: { kind: 'unknown', code: 'x' } }], left: leftOf(1) },
  ],
]
for (const [name, history] of good) {
  it(`queue: ${name} -> accepted`, () => {
    expect(rulesOf(history)).toEqual([])
  })
}

const bad: [string, string, Partial<QueueHistory>][] = [
  ['an acknowledged item is gone', 'nothing lost', { enqueued: two, left: leftOf(2) }],
  [
    'gone when wanted, and nobody took it',
    'nothing lost',
    { enqueued: two, taken: [take(1, 50, 60, noNode)], left: leftOf(2) },
  ],
  [
    'two take the same',
    'taken once',
    { enqueued: two, taken: [take(1, 50, 60), take(1, 55, 65)], left: leftOf(2) },
  ],
  ['taken, and still there', 'taken once', { enqueued: two, taken: [take(1, 50, 60)], left: leftOf(1, 2) }],
  [
    'its version changed',
    'taken once',
    { enqueued: two, taken: [take(1, 50, 60, { kind: 'refused', code: 'badVersion' })], left: leftOf(1, 2) },
  ],
  [
    'numbers against zxids',
    'sequential names',
    { enqueued: [put(2, 10, 90, 50), put(1, 20, 80, 60, 2)], left: leftOf(1, 2) },
  ],
  [
    'a name given twice',
    'sequential names',
    { enqueued: [put(1, 10, 20), { ...put(1, 30, 40), token: 't1' }], left: leftOf(1) },
  ],
  [
    'older though asked for later',
    'order in time',
    { enqueued: [put(2, 10, 20, 50), put(1, 30, 40, 40, 2)], left: leftOf(1, 2) },
  ],
  [
    'out of the order of the session',
    'session order',
    { enqueued: [put(2, 10, 90, 50), put(1, 20, 80, 40)], left: leftOf(1, 2) },
  ],
  [
    'one call made two',
    'exactly once',
    { enqueued: two, left: new Map([...leftOf(1, 2), [nameOf(3), 't2']]) },
  ],
  ['an item of nobody', 'one history', { enqueued: two, left: leftOf(1, 2, 3) }],
  [
    'not listed behind a sync',
    'linearizability',
    { enqueued: two, listed: [list(45, 2)], left: leftOf(1, 2) },
  ],
  [
    'listed behind a sync though taken',
    'linearizability',
    { enqueued: two, taken: [take(1, 50, 60)], listed: [list(70, 1, 2)], left: leftOf(2) },
  ],
]
for (const [name, rule, history] of bad) {
  it(`queue: ${name} -> refused`, () => {
    expect(rulesOf(history)).toContain(rule)
  })
}

it('queue: any honest queue -> accepted; with one item dropped from the end -> refused', () => {
  const steps = fc.array(fc.record({ puts: fc.boolean(), lasts: fc.nat(9) }), { minLength: 1, maxLength: 80 })
  fc.assert(
    fc.property(steps, fc.nat(), (program, where) => {
      const enqueued: Enqueued[] = []
      const taken: Taken[] = []
      const listed: Listed[] = []
      const inside: number[] = []
      for (const [i, { puts, lasts }] of program.entries()) {
        const atUs = i * 10
        if (puts) {
          enqueued.push(put(i, atUs, atUs + lasts, atUs, i))
          inside.push(i)
        } else {
          listed.push(list(atUs, ...inside))
          const first = inside.shift()
          if (first !== undefined) taken.push(take(first, atUs + 6, atUs + 7))
        }
      }
      expect(rulesOf({ enqueued, taken, listed, left: leftOf(...inside) })).toEqual([])
      if (inside.length === 0) return
      inside.splice(where % inside.length, 1)
      expect(rulesOf({ enqueued, taken, listed, left: leftOf(...inside) })).toContain('nothing lost')
    }),
    { numRuns: 200 },
  )
})

it('queue: 2,000 calls -> checked in well under 100 ms', () => {
  const enqueued: Enqueued[] = []
  const taken: Taken[] = []
  const listed: Listed[] = []
  for (let i = 0; i < 1000; i++) {
    enqueued.push(put(i, i * 20, i * 20 + 5))
    taken.push(take(i, i * 20 + 10, i * 20 + 15))
    if (i % 3 === 0) listed.push(list(i * 20 + 5.5, i))
  }
  expect(quickestMs(100, () => expect(rulesOf({ enqueued, taken, listed })).toEqual([]))).toBeLessThan(100)
})
