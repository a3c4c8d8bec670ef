import { describe, expect, test } from 'vitest'
import { Discovery, type EpochAck, fresher } from '../../src/replication/discovery.ts'
import type { Condition } from '../../src/replication/messages.ts'
import { epochMax } from '../../src/tree/zxid.ts'

const [fresh, provisional, founded] = ['fresh', 'provisional', 'founded'] as const
const idOf = (condition: Condition): string | null => (condition === 'fresh' ? null : 'the id')

const join = (discovery: Discovery, server: number, condition: Condition, promisedEpoch = 0): void =>
  discovery.join(server, { promisedEpoch, condition, ensembleId: idOf(condition) })

const ack = (currentEpoch: number, lastZxid: number, counts = true): EpochAck => ({
  counts,
  currentEpoch,
  lastZxid,
  summary: [],
})

/** All of them joined, promised and confirmed it, in this order. */
function all(members: number, ...conditions: Condition[]): Discovery {
  const discovery = new Discovery(members)
  for (const [i, condition] of conditions.entries()) join(discovery, i + 1, condition)
  discovery.maybeChooseEpoch(0)
  for (const [i] of conditions.entries()) discovery.ack(i + 1, ack(0, 0))
  discovery.confirmFrom(1)
  for (const [i] of conditions.entries()) discovery.confirm(i + 1, 1)
  return discovery
}

describe('discovery: who joined -> whether they can choose a history', () => {
  const cases: [Condition[], number, boolean][] = [
    [[founded], 3, false],
    [[founded, founded], 3, true],
    [[founded, fresh], 3, false],
    [[founded, fresh, fresh], 3, false],
    [[founded, provisional], 3, true],
    [[fresh], 3, false],
    [[fresh, fresh], 3, true],
    [[provisional, fresh], 3, false],
    [[provisional, provisional], 3, true],
    [[provisional, fresh, fresh], 3, true],
    [[provisional, provisional, fresh], 3, true],
    [[founded], 1, true],
    [[fresh], 1, true],
    [[provisional], 1, true],
    [[fresh, fresh, fresh], 5, true],
    [[provisional, fresh, fresh], 5, false],
    [[provisional, provisional, fresh, fresh], 5, false],
    [[provisional, provisional, provisional, fresh], 5, true],
    [[provisional, fresh, fresh, fresh, fresh], 5, true],
    [[founded, provisional, fresh], 5, false],
    [[founded, provisional, provisional, fresh, fresh], 5, true],
    [[fresh, fresh], 4, false],
    [[fresh, fresh, fresh], 4, true],
  ]
  test.each(cases)('%j of %i -> %s', (conditions, members, enough) => {
    const discovery = all(members, ...conditions)
    expect(discovery.epoch > 0).toBe(enough)
    expect(discovery.chosen(1) !== null).toBe(enough)
  })
})

test('discovery: the epoch -> above all promises of who joined and of who was only heard of', () => {
  const promises = (elsewhere: number): number | null => {
    const discovery = new Discovery(3)
    join(discovery, 1, founded, 4)
    expect(discovery.maybeChooseEpoch(elsewhere)).toBeNull()
    join(discovery, 3, founded, 6)
    return discovery.maybeChooseEpoch(elsewhere)
  }
  expect(promises(0)).toBe(7)
  expect(promises(9)).toBe(10)
  expect(() => promises(epochMax)).toThrow('the last one')
})

test('discovery: once chosen, the epoch stays', () => {
  const discovery = all(3, founded, founded)
  join(discovery, 3, founded, 30)
  expect(discovery.maybeChooseEpoch(0)).toBeNull()
  expect(discovery.epoch).toBe(1)
})

test('discovery: a fresh server’s promise does not decide, however high its claim to history', () => {
  const discovery = all(3, founded, fresh)
  discovery.ack(2, ack(9, 9))
  expect(discovery.promised).toBe(false)
  expect(discovery.chosen(1)).toBeNull()
})

test('discovery: epoch promised to another candidate -> does not count', () => {
  const discovery = all(3, founded, founded)
  discovery.ack(2, ack(0, 0, false))
  expect(discovery.promised).toBe(false)
  expect(discovery.chosen(1)).toBeNull()
})

test('discovery: the highest current epoch wins, then the last zxid, then who is preferred (Zab, phase 1)', () => {
  const best = (...acks: [number, number][]): number | undefined => {
    const discovery = all(3, founded, founded, founded)
    for (const [i, [epoch, zxid]] of acks.entries()) discovery.ack(i + 1, ack(epoch, zxid))
    return discovery.chosen(3)?.server
  }
  expect(best([2, 1], [1, 9], [1, 5])).toBe(1)
  expect(best([2, 1], [2, 9], [2, 5])).toBe(2)
  expect(best([2, 9], [2, 9], [2, 9])).toBe(3)
  expect(best([2, 9], [2, 9], [2, 5])).toBe(1)
  expect(fresher({ currentEpoch: 1, lastZxid: 1 }, { currentEpoch: 1, lastZxid: 1 })).toBe(false)
})

describe('discovery: a promise counts when its server answers a round behind all promises', () => {
  const promised = (): Discovery => {
    const discovery = new Discovery(3)
    join(discovery, 1, founded)
    join(discovery, 2, founded)
    discovery.maybeChooseEpoch(0)
    discovery.ack(1, ack(0, 0))
    expect(discovery.promised).toBe(false)
    discovery.ack(2, ack(0, 0))
    expect(discovery.promised).toBe(true)
    return discovery
  }

  test('unanswered, or answered to an earlier round -> nothing is chosen', () => {
    const discovery = promised()
    discovery.confirm(1, 5)
    discovery.confirmFrom(6)
    discovery.confirm(1, 6)
    discovery.confirm(2, 5)
    expect(discovery.chosen(1)).toBeNull()
    discovery.confirm(2, 7)
    expect(discovery.chosen(1)?.server).toBe(1)
  })

  test('the server leaves and comes back -> it has to promise and answer again', () => {
    const discovery = promised()
    discovery.confirmFrom(1)
    discovery.confirm(2, 1)
    discovery.leave(2)
    join(discovery, 2, founded)
    discovery.confirm(1, 1)
    discovery.confirm(2, 1)
    expect(discovery.chosen(1)).toBeNull()
    discovery.ack(2, ack(0, 0))
    expect(discovery.chosen(1)).toBeNull()
    discovery.confirm(2, 2)
    expect(discovery.chosen(1)).not.toBeNull()
  })

  test('elected are those whose promises stood then, as long as their links last', () => {
    const discovery = promised()
    join(discovery, 3, founded)
    discovery.ack(3, ack(0, 0))
    discovery.confirmFrom(1)
    discovery.confirm(1, 1)
    discovery.confirm(2, 1)
    expect(discovery.unanimous).toBe(false)
    discovery.chosen(1)
    discovery.confirm(3, 1)
    expect([1, 2, 3].filter((server) => discovery.elected(server))).toEqual([1, 2])
    discovery.leave(2)
    expect(discovery.elected(2)).toBe(false)
  })
})

test('discovery: of two interrupted foundings -> the id of the one whose history is chosen; a founded one before all', () => {
  const discovery = new Discovery(3)
  discovery.join(1, { promisedEpoch: 2, condition: provisional, ensembleId: 'first' })
  discovery.join(2, { promisedEpoch: 2, condition: provisional, ensembleId: 'second' })
  expect(discovery.ensembleId(2)).toBe('second')
  expect(discovery.ensembleId(1)).toBe('first')
  discovery.join(3, { promisedEpoch: 2, condition: founded, ensembleId: 'third' })
  expect(discovery.ensembleId(2)).toBe('third')
  expect(all(3, fresh, fresh).ensembleId(1)).toBeNull()
})
