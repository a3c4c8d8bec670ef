import { expect, test } from 'vitest'
import { Amnesia } from '../../src/replication/amnesia.ts'
import { statusOf } from './peer-status.ts'

const amnesia = (members: number[]): Amnesia => new Amnesia({ self: 1, members })

test('amnesia: fewer than a majority counted without itself -> knows nothing, and says for whom it waits', () => {
  const memory = amnesia([1, 2, 3])
  expect(memory.promisedEpoch).toBeNull()
  memory.hear(new Map([[2, statusOf({ promisedEpoch: 7 })]]))
  expect(memory.promisedEpoch).toBeNull()
  expect(memory.waitingFor).toMatch('1 more of servers 3 must tell')
})

test('amnesia: a majority of others has told -> the highest of their promises, whoever is live at the end', () => {
  const memory = amnesia([1, 2, 3, 4, 5])
  memory.hear(new Map([[2, statusOf({ promisedEpoch: 7 })]]))
  memory.hear(new Map([[3, statusOf({ promisedEpoch: 4 })]]))
  expect(memory.promisedEpoch).toBeNull()
  memory.hear(new Map([[5, statusOf({ promisedEpoch: 5, condition: 'provisional' })]]))
  expect(memory.promisedEpoch).toBe(7)
})

test('amnesia: a fresh peer -> has nothing to tell', () => {
  const memory = amnesia([1, 2, 3])
  const fresh = statusOf({ condition: 'fresh', promisedEpoch: 9 })
  memory.hear(
    new Map([
      [2, statusOf()],
      [3, fresh],
    ]),
  )
  expect(memory.promisedEpoch).toBeNull()
})
