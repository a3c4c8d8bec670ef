import { conditionOf } from '../../../src/replication/condition.ts'
import { Violation } from './ledger.ts'
import { lastOf, names } from './transactions.ts'
import { World } from './world.ts'

const turnsMax = 2000
const heartbeatEveryTurns = 20

/** Without faults: everything that these servers have to do with each other and their disks happens, for so many turns at most. */
export function calm(world: World, ids?: readonly number[], turns = turnsMax): void {
  const servers = ids ?? world.servers.map(({ id }) => id)
  for (let turn = 0; turn < turns; turn++) {
    let busy = false
    for (const id of servers) busy = calmServer(world, id, servers, turn) || busy
    if (!busy) return
  }
  if (turns === turnsMax) throw new Violation('the messages do not come to an end')
}

/** Whether anything happened. */
function calmServer(world: World, id: number, servers: readonly number[], turn: number): boolean {
  const before = world.look(id)
  const job = before.leading?.jobs[0]
  let busy = before.writes.length > 0 || (before.following?.down.length ?? 0) > 0
  world.write(id)
  if (job !== undefined && lastOf(world.look(id).log) >= job.upTo) {
    busy = true
    world.sendHistory(id)
  }
  world.deliverDown(id)
  const discovers = world.look(id).leading?.machine.phase === 'discovery'
  if (discovers && turn % heartbeatEveryTurns === heartbeatEveryTurns - 1) world.heartbeat(id)
  for (const from of world.waiting(id)) {
    if (!servers.includes(from)) continue
    busy = true
    world.deliverUp(id, from)
  }
  return busy
}

/**
 * A founded ensemble that server 1 leads, all in step, with one transaction. The reign is its second: in the first one the
 * leader itself was new, and takes those who come for founders.
 */
export function foundedEnsemble(size: number): World {
  const world = new World(size)
  const others = world.servers.map(({ id }) => id).filter((id) => id !== 1)
  world.stand(1)
  for (const id of others) world.join(id, 1)
  calm(world)
  for (const id of others) if (world.look(id).following === null) joinInformed(world, id, 1)
  calm(world)
  if (others.some((id) => world.look(id).following === null)) throw new Violation('not all of them founded')
  world.stand(1)
  for (const id of others) world.join(id, 1)
  calm(world)
  world.propose(1)
  calm(world)
  return world
}

/** No more faults: somebody who can leads, all others follow, everything is delivered. Then all must agree. */
export function heal(world: World): void {
  for (let attempt = 1; attempt <= 6; attempt++) if (heals(world)) return
  throw new Violation('all servers are up and connected, and no reign comes about')
}

function heals(world: World): boolean {
  const ids = world.servers.map(({ id }) => id)
  for (const id of ids) world.endAttempt(id, 'faults are over')
  const rank = (id: number): number => (conditionOf(world.look(id).durable) === 'fresh' ? 0 : world.size) + id
  const best = ids.reduce((one, other) => (rank(other) > rank(one) ? other : one))
  const others = ids.filter((id) => id !== best)
  for (const id of others) for (const from of ids) world.tell(from, id)
  world.stand(best)
  for (const id of others) world.join(id, best)
  calm(world)
  for (const id of others) if (world.look(id).following === null) joinInformed(world, id, best)
  calm(world)
  if (!world.canPropose(best) || ids.some((id) => world.look(id).following === null)) return false
  world.propose(best)
  calm(world)
  const expected = names(world.ledger.committed)
  for (const { id, log } of world.servers) {
    if (names(log) !== expected) {
      throw new Violation(`in the end server ${id} holds ${names(log)}, committed is ${expected}`)
    }
  }
  return true
}

function joinInformed(world: World, id: number, leader: number): void {
  for (const { id: from } of world.servers) world.tell(from, id)
  world.join(id, leader)
}
