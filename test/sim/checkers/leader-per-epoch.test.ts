import { expect, it } from 'vitest'
import { LeaderPerEpoch } from '../../../src/sim/checkers/leader-per-epoch.ts'

const reign = (leader: number, epoch: number) => ({ leader, epoch, leading: false })

it('one leader per epoch: all who serve name the same, also in a later epoch -> nothing', () => {
  const checker = new LeaderPerEpoch()
  for (const server of [1, 2, 3]) expect(checker.serves(server, reign(3, 1))).toBeNull()
  for (const server of [2, 1]) expect(checker.serves(server, reign(2, 2))).toBeNull()
  // It comes late, and still belongs to the earlier epoch.
  expect(checker.serves(3, reign(3, 1))).toBeNull()
})

it('one leader per epoch: a follower serves under another leader in the same epoch -> found, with both', () => {
  const checker = new LeaderPerEpoch()
  checker.serves(3, reign(3, 7))
  checker.serves(1, reign(2, 6))
  expect(checker.serves(1, reign(2, 7))).toEqual({
    rule: 'one leader per epoch',
    problem: 'epoch 7 is led by server 2 to server 1, by server 3 to server 3',
  })
})
