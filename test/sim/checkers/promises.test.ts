import { expect, it } from 'vitest'
import { Promises } from '../../../src/sim/checkers/promises.ts'

it('promises: rising epochs, the same one to the same leader again, and other servers -> accepted', () => {
  const promises = new Promises()
  expect(promises.promised(1, { epoch: 4, leader: 3 }, 4)).toBeNull()
  expect(promises.promised(1, { epoch: 4, leader: 3 }, 4)).toBeNull()
  expect(promises.promised(2, { epoch: 4, leader: 2 }, 4)).toBeNull()
  expect(promises.promised(1, { epoch: 7, leader: 2 }, 7)).toBeNull()
})

it('promises: one epoch to two leaders -> refused', () => {
  const promises = new Promises()
  promises.promised(1, { epoch: 4, leader: 3 }, 4)
  const violation = promises.promised(1, { epoch: 4, leader: 2 }, 4)
  expect(violation?.rule).toBe('promises are kept')
  expect(violation?.problem).toContain('epoch 4 to server 2 after epoch 4 to server 3')
})

it('promises: an epoch below the promised one -> refused', () => {
  const promises = new Promises()
  promises.promised(1, { epoch: 4, leader: 3 }, 4)
  expect(promises.promised(1, { epoch: 3, leader: 3 }, 4)?.problem).toContain('after epoch 4')
})

it('promises: not on the disk yet -> refused', () => {
  expect(new Promises().promised(1, { epoch: 4, leader: 3 }, 3)?.problem).toContain('its disk holds 3')
})

it('promises: its disk was lost -> it begins anew', () => {
  const promises = new Promises()
  promises.promised(1, { epoch: 4, leader: 3 }, 4)
  promises.forgot(1)
  // Damaged right behind the write of the promise.
  expect(promises.promised(1, { epoch: 2, leader: 2 }, 0)).toBeNull()
  // The leader asks again, over a new connection.
  expect(promises.promised(1, { epoch: 2, leader: 2 }, 0)).toBeNull()
  expect(promises.promised(1, { epoch: 3, leader: 2 }, 0)?.problem).toContain('its disk holds 0')
})
