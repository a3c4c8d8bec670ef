import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { NodeContent } from '../../../src/sim/checkers/node-order.ts'
import type { Outcome } from '../../../src/sim/checkers/operation.ts'
import { checkTransfers, type Look, type Transfer } from '../../../src/sim/checkers/transfers.ts'

const telling = { client: 1, sessionId: 7, calledUs: 0, returnedUs: 0, floorZxid: 0, ceilingZxid: 1000 }

/** `[balance, token, version, zxid]` of account a, then of b; both were made by zxid 1. */
type Account = [number, string, number, number]

const contentOf = ([balance, token, version, mzxid]: Account): NodeContent => ({
  czxid: 1,
  mzxid,
  version,
  value: `${balance} ${token}`,
})

function contents(a: Account, b: Account): ReadonlyMap<string, NodeContent> {
  return new Map([
    ['/a', contentOf(a)],
    ['/b', contentOf(b)],
  ])
}

const look = (a: Account, b: Account, floorZxid = 0): Look => ({
  ...telling,
  floorZxid,
  contents: contents(a, b),
})

const transfer = (
  token: string,
  outcome: Outcome<ReadonlyMap<string, NodeContent>>,
  poisoned = false,
): Transfer => ({ ...telling, token, poisoned, outcome })

const rulesOf = (transfers: Transfer[], looks: Look[]): string[] =>
  checkTransfers(200, transfers, looks).map(({ rule }) => rule)

const start: [Account, Account] = [
  [100, 'start', 0, 1],
  [100, 'start', 0, 1],
]
const moved: [Account, Account] = [
  [90, 't1', 1, 5],
  [110, 't1', 1, 5],
]
const ok = (a: Account, b: Account): Outcome<ReadonlyMap<string, NodeContent>> => ({
  kind: 'ok',
  output: contents(a, b),
})

it('transfers: money moves, and everybody sees all of it or nothing -> accepted', () => {
  expect(rulesOf([transfer('t1', ok(...moved))], [look(...start), look(...moved)])).toEqual([])
})

it('transfers: one whose answer was lost is seen, another is not -> accepted', () => {
  const lost: Transfer['outcome'] = { kind: 'unknown', code: 'connectionLoss' }
  expect(rulesOf([transfer('t1', lost), transfer('t2', lost)], [look(...moved)])).toEqual([])
})

it('transfers: half a transaction is seen -> refused', () => {
  expect(rulesOf([transfer('t1', ok(...moved))], [look(moved[0], start[1])])).toContain('constant sum')
})

it('transfers: two halves that make up the sum by chance -> refused, for they are not of one moment', () => {
  const later: [Account, Account] = [
    [80, 't2', 2, 9],
    [120, 't2', 2, 9],
  ]
  const mixed = look([90, 't1', 1, 5], [110, 't3', 3, 12])
  const rules = rulesOf([transfer('t1', ok(...moved)), transfer('t2', ok(...later))], [mixed])
  expect(rules).toContain('never back in time')
})

it('transfers: a look behind a sync does not show what was acknowledged -> refused', () => {
  expect(rulesOf([transfer('t1', ok(...moved))], [look(...start, 5)])).toContain('never back in time')
})

it('transfers: something of a refused transaction is seen -> refused', () => {
  const refused = transfer('t1', { kind: 'refused', code: 'badVersion' })
  expect(rulesOf([refused], [look(...moved)])).toContain('all or nothing')
})

it('transfers: a transaction with an impossible operation is carried out -> refused', () => {
  expect(rulesOf([transfer('t1', ok(...moved), true)], [])).toContain('all or nothing')
})

it('transfers: a transaction is refused for no reason -> refused', () => {
  expect(rulesOf([transfer('t1', { kind: 'refused', code: 'nodeExists' })], [])).toEqual(['all or nothing'])
  expect(rulesOf([transfer('t1', { kind: 'refused', code: 'nodeExists' }, true)], [])).toEqual([])
})

it('transfers: one transaction has two zxids -> refused', () => {
  expect(rulesOf([transfer('t1', ok([90, 't1', 1, 5], [110, 't1', 1, 6]))], [])).toContain('all or nothing')
})

it('transfers: two transactions take the same versions -> refused', () => {
  const second = transfer('t2', ok([95, 't2', 1, 6], [105, 't2', 1, 6]))
  expect(rulesOf([transfer('t1', ok(...moved)), second], [])).toContain('one history')
})

it('transfers: any run of transfers, one balance altered in one look -> accepted before, refused after', () => {
  const amounts = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 40 })
  fc.assert(
    fc.property(amounts, fc.nat(), fc.integer({ min: 1, max: 9 }), (moves, where, error) => {
      const states: [Account, Account][] = [start]
      for (const [i, amount] of moves.entries()) {
        const [a, b] = states[i] as [Account, Account]
        const zxid = 5 + i
        states.push([
          [a[0] - amount, `t${i}`, i + 1, zxid],
          [b[0] + amount, `t${i}`, i + 1, zxid],
        ])
      }
      const transfers = states.slice(1).map(([a, b], i) => transfer(`t${i}`, ok(a, b)))
      const looks = states.map(([a, b]) => look(a, b))
      expect(rulesOf(transfers, looks)).toEqual([])
      const [a, b] = states[where % states.length] as [Account, Account]
      const altered = look([a[0] + error, a[1], a[2], a[3]], b)
      expect(rulesOf(transfers, [...looks, altered])).toContain('constant sum')
    }),
    { numRuns: 100 },
  )
})
