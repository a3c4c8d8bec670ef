import { expect, test } from 'vitest'
import { Confirmation } from '../../src/replication/confirmation.ts'

test('confirmation: a round that began before the request -> does not confirm it', () => {
  const confirmation = new Confirmation<string>(2)
  const before = confirmation.nextRound()
  confirmation.hold('sync')
  expect(confirmation.answer(1, before)).toEqual([])
  expect(confirmation.answer(2, before)).toEqual([])
  const after = confirmation.nextRound()
  expect(confirmation.answer(1, after)).toEqual([])
  expect(confirmation.answer(3, after)).toEqual(['sync'])
  expect(confirmation.waiting).toBe(0)
})

test('confirmation: one server answering twice -> is one', () => {
  const confirmation = new Confirmation<string>(2)
  confirmation.hold('sync')
  confirmation.nextRound()
  expect(confirmation.answer(1, 1)).toEqual([])
  expect(confirmation.answer(1, 1)).toEqual([])
  expect(confirmation.answer(2, 1)).toEqual(['sync'])
})

test('confirmation: a server that left -> its answer counts no more', () => {
  const confirmation = new Confirmation<string>(2)
  confirmation.hold('sync')
  confirmation.nextRound()
  confirmation.answer(1, 1)
  confirmation.leave(1)
  expect(confirmation.answer(2, 1)).toEqual([])
  expect(confirmation.answer(3, 1)).toEqual(['sync'])
})

test('confirmation: an answer to a round that never was -> is ignored', () => {
  const confirmation = new Confirmation<string>(1)
  confirmation.hold('sync')
  expect(confirmation.answer(1, 7)).toEqual([])
})

test('confirmation: requests while a round is under way -> share the next one', () => {
  const confirmation = new Confirmation<string>(2)
  confirmation.hold('a')
  expect(confirmation.wantsRound).toBe(true)
  confirmation.nextRound()
  for (const request of ['b', 'c']) {
    confirmation.hold(request)
    expect(confirmation.wantsRound).toBe(false)
  }
  confirmation.answer(1, 1)
  expect(confirmation.answer(2, 1)).toEqual(['a'])
  expect(confirmation.wantsRound).toBe(true)
  confirmation.nextRound()
  confirmation.answer(1, 2)
  expect(confirmation.answer(2, 2)).toEqual(['b', 'c'])
  expect(confirmation.wantsRound).toBe(false)
})
