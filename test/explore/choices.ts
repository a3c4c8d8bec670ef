import { conditionOf } from '../../src/replication/condition.ts'
import { Discovery } from '../../src/replication/discovery.ts'
import type { Bounds } from './bounds.ts'
import { copyServer, type Leading, type ServerState } from './model/state.ts'
import { lastOf } from './model/transactions.ts'
import type { World } from './model/world.ts'

/** One thing that can happen next. */
export type Choice =
  | { kind: 'stand'; server: number }
  | { kind: 'join'; server: number; leader: number }
  | { kind: 'tell'; from: number; to: number }
  | { kind: 'crash'; server: number; what: 'process' | 'disk' }
  | { kind: 'cut'; server: number; seenBy: 'follower' | 'leader' }
  | { kind: 'stepDown'; server: number }
  | { kind: 'loseRest'; leader: number; follower: number }
  | { kind: 'readDown'; server: number }
  | { kind: 'readUp'; leader: number; follower: number }
  | { kind: 'write'; server: number }
  | { kind: 'sendHistory'; leader: number; full: boolean }
  | { kind: 'heartbeat'; server: number }
  | { kind: 'propose'; server: number }
  | { kind: 'sync'; server: number }

export function take(world: World, left: Bounds, choice: Choice): void {
  switch (choice.kind) {
    case 'stand':
      left.stands--
      return world.stand(choice.server)
    case 'join':
      return world.join(choice.server, choice.leader)
    case 'tell':
      return world.tell(choice.from, choice.to)
    case 'crash':
      if (choice.what === 'disk') left.wipes--
      else left.crashes--
      return world.crash(choice.server, choice.what)
    case 'cut':
      left.cuts--
      return world.cut(choice.server, choice.seenBy)
    case 'stepDown':
      left.cuts--
      return world.endAttempt(choice.server, 'it steps down')
    case 'loseRest':
      return world.loseRest(choice.leader, choice.follower)
    case 'readDown':
      return world.deliverDown(choice.server)
    case 'readUp':
      return world.deliverUp(choice.leader, choice.follower)
    case 'write':
      return world.write(choice.server)
    case 'sendHistory':
      if (!choice.full) return world.sendHistory(choice.leader)
      left.fulls--
      return world.sendHistory(choice.leader, 1)
    case 'heartbeat':
      return world.heartbeat(choice.server)
    case 'propose':
      left.proposals--
      return world.propose(choice.server)
    case 'sync':
      left.syncs--
      return world.askSync(choice.server)
  }
}

/** All that can happen next, within the bounds. */
export function choices(world: World, left: Bounds): Choice[] {
  const found: Choice[] = []
  // Without a leader, now or later, nothing comes of anything but what has begun.
  const over = left.stands === 0 && world.servers.every(({ leading }) => leading === null)
  for (const server of world.servers) {
    addSteps(found, world, left, server)
    if (over) continue
    addAttempts(found, world, left, server)
    addFaults(found, world, left, server)
  }
  return found
}

function addSteps(found: Choice[], world: World, left: Bounds, server: ServerState): void {
  const { id, leading, following } = server
  if (server.writes.length > 0) found.push({ kind: 'write', server: id })
  if (following !== null && following.down.length > 0) found.push({ kind: 'readDown', server: id })
  if (leading !== null) {
    for (const [follower, link] of leading.links) {
      if (link.up.length === 0 || (link.up[0] === null && mayStayUnread(left, server, leading))) continue
      found.push({ kind: 'readUp', leader: id, follower })
      // What was sent before the end may be lost with the link, any part of it from its end.
      if (!link.connected && link.up.length > 1) found.push({ kind: 'loseRest', leader: id, follower })
    }
    const job = leading.jobs[0]
    if (job !== undefined && lastOf(server.log) >= job.upTo) {
      found.push({ kind: 'sendHistory', leader: id, full: false })
      if (left.fulls > 0) found.push({ kind: 'sendHistory', leader: id, full: true })
    }
    if (heartbeatDecides(world, server)) found.push({ kind: 'heartbeat', server: id })
    if (left.proposals > 0 && world.canPropose(id)) found.push({ kind: 'propose', server: id })
  }
  if (left.syncs > 0 && following?.machine.stage === 'following' && following.connected) {
    found.push({ kind: 'sync', server: id })
  }
}

/**
 * Where the history is chosen, a follower that is gone and not known to be is one that is silent: its acknowledgements
 * stay, so the more is committed. What the leader does when it knows, it does not do otherwise.
 */
const mayStayUnread = (left: Bounds, { id }: ServerState, { machine }: Leading): boolean =>
  left.syncs === 0 &&
  (machine.phase === 'synchronization' || machine.phase === 'broadcast') &&
  machine.discovery.joins.get(id)?.condition === 'founded'

/**
 * Rounds of heartbeats have no end, and all but one kind do nothing that the rounds begun by the leader itself do not: the one by
 * which a candidate stops waiting for further founders.
 */
function heartbeatDecides(world: World, server: ServerState): boolean {
  if (server.leading?.machine.phase !== 'discovery') return false
  if (!server.leading.machine.discovery.confirmed.has(server.id)) return false
  const { leading } = copyServer(server)
  return leading !== null && new Discovery(world.size, leading.machine.discovery).chosen(server.id) !== null
}

function addAttempts(found: Choice[], world: World, left: Bounds, server: ServerState): void {
  const { id } = server
  if (left.stands > 0) found.push({ kind: 'stand', server: id })
  // Nobody turns from a later attempt to an earlier one while it has its link: what that comes to is a cut and a join.
  const present = server.leading?.attempt ?? server.following?.attempt ?? 0
  for (const other of world.servers) {
    if (other.id === id) continue
    if (other.leading !== null && other.leading.attempt > present) {
      found.push({ kind: 'join', server: id, leader: other.id })
    }
    const news = conditionOf(other.durable) !== 'fresh' && conditionOf(server.durable) === 'fresh'
    if (news && server.heard.get(other.id) !== other.durable.promisedEpoch) {
      found.push({ kind: 'tell', from: other.id, to: id })
    }
  }
}

function addFaults(found: Choice[], world: World, left: Bounds, server: ServerState): void {
  const { id, leading, following } = server
  const busy = leading !== null || following !== null
  // To all others, and to its disk, a process that ends is one that leaves: where it may crash, that needs no second look.
  if (left.crashes > 0 && (busy || server.heard.size > 0)) {
    found.push({ kind: 'crash', server: id, what: 'process' })
  }
  // One lost disk at a time: the next only when everybody remembers.
  const others = world.servers.filter((other) => other !== server)
  if (left.wipes > 0 && others.every((other) => conditionOf(other.durable) !== 'fresh')) {
    found.push({ kind: 'crash', server: id, what: 'disk' })
  }
  if (left.cuts === 0) return
  const follows = leading === null && following !== null
  if (left.crashes === 0 && leading !== null) found.push({ kind: 'stepDown', server: id })
  if (left.crashes === 0 && follows) found.push({ kind: 'cut', server: id, seenBy: 'follower' })
  if (follows && following.connected) found.push({ kind: 'cut', server: id, seenBy: 'leader' })
}
