import { expect, test } from 'vitest'
import { describe, deviations, type Rule } from './compare.ts'

const rules: Record<string, Rule> = {
  syncs: { why: 'One a batch.', tolerance: 0.1, slack: 1, bound: 'both' },
  bytes: { why: 'Copies.', tolerance: 0.5, slack: 0, bound: 'upper' },
}
const table = new Map([['set', { syncs: 100, bytes: 1000 }]])
const movedTo = (figures: Record<string, number>) =>
  deviations(table, new Map([['set', figures]]), rules).map(({ figure }) => figure)

test('work guard: figures at the edge of what is allowed -> nothing has moved', () => {
  expect(movedTo({ syncs: 111, bytes: 1500 })).toEqual([])
  expect(movedTo({ syncs: 89, bytes: 1 })).toEqual([])
})

test('work guard: more than allowed, or less where that counts -> has moved', () => {
  expect(movedTo({ syncs: 112, bytes: 1501 })).toEqual(['syncs', 'bytes'])
  expect(movedTo({ syncs: 88, bytes: 1000 })).toEqual(['syncs'])
})

test('work guard: a figure or load that only one side knows -> has moved; one without a rule is an error', () => {
  expect(movedTo({ bytes: 1000 })).toEqual(['syncs'])
  expect(deviations(table, new Map(), rules)).toHaveLength(1)
  expect(() => movedTo({ syncs: 100, bytes: 1000, frames: 1 })).toThrow(/frames has no rule/)
})

test('work guard: what has moved -> named with what it was, what it is, why it was so, and the way out', () => {
  const moved = deviations(table, new Map([['set', { syncs: 200, bytes: 1000 }]]), rules)
  const text = describe(moved, rules, 'per 1,000 operations', 'Way out.')
  expect(text).toMatch(/set: syncs: 100 -> 200 \(\+100\.0 %\)\. One a batch\.\nWay out\.$/)
  expect(describe([], rules, 'per 1,000 operations', 'Way out.')).toBe('')
})
