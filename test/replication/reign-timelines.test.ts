import { expect, test } from 'vitest'
import { type Mutation, Violation } from './reign-model.ts'
import { ReignWalk } from './reign-walk.ts'

/**
 * The timelines by which a transaction would be lost, or an epoch led twice, if one rule were left out: each is played
 * with the rule, and without it to show that it is this rule that prevents it.
 */
function timeline(name: string, without: Mutation, play: (walk: ReignWalk) => void): void {
  test(`${name} -> nothing is lost`, () => {
    const walk = new ReignWalk(3, name)
    play(walk)
    const before = walk.committed
    walk.settle()
    expect(walk.committed.slice(0, before.length)).toEqual(before)
  })

  test(`${name}, without the rule -> it is`, () => {
    expect(() => play(new ReignWalk(3, name, without))).toThrow(Violation)
  })
}

timeline(
  'amnesia (Viewstamped Replication, recovery): 2 promises epoch 2 to 3, loses its disk, is asked by 1 of epoch 1',
  'no amnesia rule',
  (walk) => {
    walk.script()
    walk.stand(3)
    walk.join(2, 3)
    walk.work(2, 3)
    // 3 has chosen its history with the promise of 2; before 2 takes it over, its disk is gone.
    walk.script(false)
    walk.crash(2, 'disk')
    walk.tell(1, 2)
    walk.tell(3, 2)
    walk.join(2, 1)
    walk.work(1, 2)
    walk.propose(1, 1, 2)
    walk.join(1, 3)
    walk.work(1, 3)
  },
)

timeline(
  'discovery: 2 promises epoch 2 to 3 and loses its disk before 3 has promised itself; 3 still counts it',
  'promises are not confirmed',
  (walk) => {
    walk.script()
    walk.stand(3)
    walk.join(2, 3)
    walk.up(3, 3)
    walk.up(3, 2)
    walk.down(2)
    walk.write(2)
    walk.down(3)
    // The promise of 2 is on its way, that of 3 is being written.
    walk.crash(2, 'disk')
    walk.tell(1, 2)
    walk.tell(3, 2)
    walk.join(2, 1)
    walk.work(1, 2)
    walk.propose(1, 1, 2)
    walk.up(3, 2)
    walk.work(3)
    walk.join(1, 3)
    walk.work(1, 3)
  },
)

timeline(
  'discovery: 1 and 3 pick the same epoch, and 2 promises it to one after the other',
  'same epoch counts twice',
  (walk) => {
    walk.script()
    walk.stand(1)
    walk.join(2, 1)
    walk.up(1, 1)
    walk.up(1, 2)
    walk.stand(3)
    walk.join(2, 3)
    walk.work(2, 3)
    walk.propose(3, 2, 3)
    walk.join(2, 1)
    walk.work(1, 2)
  },
)

timeline(
  'founding: 3 is cut off before it hears that the founding is done, then 1 is down and 2 loses its disk',
  'fresh found beside provisional',
  (walk) => {
    walk.script(false)
    walk.stand(1)
    walk.join(3, 1)
    walk.untilCurrent(3, 1)
    walk.crash(3)
    walk.work(1)
    walk.tell(1, 2)
    walk.tell(3, 2)
    walk.join(2, 1)
    walk.work(1, 2)
    walk.propose(1, 1, 2)
    expect(walk.committed).toHaveLength(1)
    walk.crash(1)
    walk.crash(2, 'disk')
    walk.tell(3, 2)
    walk.stand(3)
    walk.join(2, 3)
    walk.work(2, 3)
    expect(walk.phaseOf(3)).not.toBe('broadcast')
  },
)
