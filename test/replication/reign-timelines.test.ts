import { expect, test } from 'vitest'
import { calm, foundedEnsemble, heal } from '../explore/model/calm.ts'
import { Violation } from '../explore/model/ledger.ts'
import type { Mutation } from '../explore/model/mutation.ts'
import { World } from '../explore/model/world.ts'

/**
 * The timelines by which a transaction would be lost, or an epoch led twice, if one rule were left out: each is played
 * with the rule, and without it to show that it is this rule that prevents it.
 */
function timeline(
  name: string,
  start: (mutation: Mutation | null) => World,
  without: Mutation,
  play: (world: World) => void,
): void {
  test(`${name} -> nothing is lost`, () => {
    const world = start(null)
    play(world)
    const before = world.ledger.committed
    heal(world)
    expect(world.ledger.committed.slice(0, before.length)).toEqual(before)
  })

  test(`${name}, without the rule -> it is`, () => {
    expect(() => play(start(without))).toThrow(Violation)
  })
}

const founded = (mutation: Mutation | null): World => foundedEnsemble(3).copy(mutation)
const empty = (mutation: Mutation | null): World => new World(3, { mutation })

/** Everything happens until a server has taken over the history of this reign, and is not told of its establishment. */
function calmUntilCurrent(world: World, id: number, leader: number): void {
  for (let turn = 0; turn < 100; turn++) {
    if (world.look(id).durable.currentEpoch > 0) return
    const phase = world.look(leader).leading?.machine.phase
    calm(world, phase === 'discovery' ? undefined : [id], 1)
    if (phase === 'discovery' && turn % 20 === 19) world.heartbeat(leader)
    if (phase === 'synchronization') world.sendHistory(leader)
  }
  throw new Error(`server ${id} does not take the history over`)
}

timeline(
  'amnesia (Viewstamped Replication, recovery): 2 promises epoch 3 to 3, loses its disk, is asked by 1 of epoch 2',
  founded,
  'no amnesia rule',
  (world) => {
    world.stand(3)
    world.join(2, 3)
    calm(world, [2, 3])
    // 3 has chosen its history with the promise of 2; before 2 takes it over, its disk is gone.
    world.crash(2, 'disk')
    world.tell(1, 2)
    world.tell(3, 2)
    world.join(2, 1)
    calm(world, [1, 2])
    world.propose(1)
    calm(world, [1, 2])
    world.join(1, 3)
    calm(world, [1, 3])
  },
)

timeline(
  'discovery: 2 promises epoch 3 to 3 and loses its disk before 3 has promised itself; 3 still counts it',
  founded,
  'promises are not confirmed',
  (world) => {
    world.stand(3)
    world.join(2, 3)
    world.deliverUp(3, 3)
    world.deliverUp(3, 2)
    world.deliverDown(2)
    world.write(2)
    world.deliverDown(3)
    // The promise of 2 is on its way, that of 3 is being written.
    world.crash(2, 'disk')
    world.tell(1, 2)
    world.tell(3, 2)
    world.join(2, 1)
    calm(world, [1, 2])
    world.propose(1)
    calm(world, [1, 2])
    world.deliverUp(3, 2)
    calm(world, [3])
    world.join(1, 3)
    calm(world, [1, 3])
  },
)

timeline(
  'discovery: 1 and 3 pick the same epoch, and 2 promises it to one after the other',
  founded,
  'same epoch counts twice',
  (world) => {
    world.stand(1)
    world.join(2, 1)
    world.deliverUp(1, 1)
    world.deliverUp(1, 2)
    world.stand(3)
    world.join(2, 3)
    calm(world, [2, 3])
    world.propose(3)
    calm(world, [2, 3])
    world.join(2, 1)
    calm(world, [1, 2])
  },
)

timeline(
  'founding: 3 is cut off before it hears that the founding is done, then 1 is down and 2 loses its disk',
  empty,
  'fresh found beside provisional',
  (world) => {
    world.stand(1)
    world.join(3, 1)
    calmUntilCurrent(world, 3, 1)
    world.crash(3)
    calm(world, [1])
    world.tell(1, 2)
    world.tell(3, 2)
    world.join(2, 1)
    calm(world, [1, 2])
    world.propose(1)
    calm(world, [1, 2])
    expect(world.ledger.committed).toHaveLength(1)
    world.crash(1)
    world.crash(2, 'disk')
    world.tell(3, 2)
    world.stand(3)
    world.join(2, 3)
    calm(world, [2, 3])
    expect(world.look(3).leading?.machine.phase).not.toBe('broadcast')
  },
)

test('synchronization: 1 learns late that a quorum took over its epoch 3, 2 and 3 have committed in epoch 4 -> it commits nothing', () => {
  const world = founded(null)
  world.stand(1)
  world.join(2, 1)
  world.deliverUp(1, 1)
  world.deliverUp(1, 2)
  world.deliverDown(1)
  world.deliverDown(2)
  world.write(1)
  world.write(2)
  world.deliverUp(1, 1)
  world.deliverUp(1, 2)
  world.deliverDown(1)
  world.deliverDown(2)
  world.deliverUp(1, 2)
  world.deliverUp(1, 1)
  world.sendHistory(1)
  world.deliverDown(1)
  world.deliverDown(2)
  world.deliverDown(2)
  world.write(2)
  world.deliverUp(1, 2)
  // 2 holds the history of epoch 3; the disk of 1 is slow. 1 does not hear that 2 goes on without it.
  world.stand(2)
  world.join(3, 2)
  calm(world, [2, 3])
  world.propose(2)
  calm(world, [2, 3])
  const committed = world.ledger.committed
  expect(world.ledger.epochs).toEqual([1, 2, 4])
  calm(world, [1])
  expect(world.ledger.epochs).toEqual([1, 2, 3, 4])
  world.propose(1)
  calm(world, [1])
  expect(world.ledger.committed).toEqual(committed)
  heal(world)
  expect(world.ledger.committed.slice(0, committed.length)).toEqual(committed)
})
