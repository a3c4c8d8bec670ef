import { conditionOf } from '../../src/replication/condition.ts'
import { quorumSize } from '../../src/replication/quorum.ts'
import type { BoundName, Bounds } from './bounds.ts'
import { waitsForOthers } from './eager.ts'
import type { Leading, ServerState } from './model/state.ts'
import { lastOf } from './model/transactions.ts'
import type { World } from './model/world.ts'
import { heartbeatDecides } from './settled.ts'
import type { View } from './view.ts'

/** One thing that can happen next. */
export type Choice =
  | { kind: 'stand'; server: number }
  /** Before it joins, those tell it what they have promised. */
  | { kind: 'join'; server: number; leader: number; told: readonly number[] }
  | { kind: 'tell'; from: number; to: number }
  | { kind: 'crash'; server: number; what: 'process' | 'disk' }
  | { kind: 'cut'; server: number; seenBy: 'follower' | 'leader' }
  | { kind: 'stepDown'; server: number }
  | { kind: 'loseRest'; leader: number; follower: number }
  /** `full`: if a candidate fetches the history, it is sent in full. */
  | { kind: 'readDown'; server: number; full: boolean }
  | { kind: 'readUp'; leader: number; follower: number }
  | { kind: 'write'; server: number }
  | { kind: 'sendHistory'; leader: number; full: boolean }
  | { kind: 'heartbeat'; server: number }
  | { kind: 'propose'; server: number }
  | { kind: 'sync'; server: number }
  | { kind: 'crown'; server: number }
  | { kind: 'cancelHandOver'; server: number }

/** Which of the bounds a choice takes one of. */
export function costOf(choice: Choice): BoundName | null {
  switch (choice.kind) {
    case 'stand':
      return 'stands'
    case 'crash':
      return choice.what === 'disk' ? 'wipes' : 'crashes'
    case 'cut':
    case 'stepDown':
      return 'cuts'
    case 'sendHistory':
    case 'readDown':
      return choice.full ? 'fulls' : null
    case 'propose':
      return 'proposals'
    case 'sync':
      return 'syncs'
    case 'crown':
      return 'crowns'
    default:
      return null
  }
}

export function take(world: World, left: Bounds, choice: Choice): void {
  const cost = costOf(choice)
  if (cost !== null) left[cost]--
  switch (choice.kind) {
    case 'stand':
      return world.stand(choice.server)
    case 'join':
      for (const from of choice.told) world.tell(from, choice.server)
      return world.join(choice.server, choice.leader)
    case 'tell':
      return world.tell(choice.from, choice.to)
    case 'crash':
      return world.crash(choice.server, choice.what)
    case 'cut':
      return world.cut(choice.server, choice.seenBy)
    case 'stepDown':
      return world.endAttempt(choice.server, 'it steps down')
    case 'loseRest':
      return world.loseRest(choice.leader, choice.follower)
    case 'readDown':
      return choice.full ? world.deliverDown(choice.server, 1) : world.deliverDown(choice.server)
    case 'readUp':
      return world.deliverUp(choice.leader, choice.follower)
    case 'write':
      return world.write(choice.server)
    case 'sendHistory':
      return choice.full ? world.sendHistory(choice.leader, 1) : world.sendHistory(choice.leader)
    case 'heartbeat':
      return world.heartbeat(choice.server)
    case 'propose':
      return world.propose(choice.server)
    case 'sync':
      return world.askSync(choice.server)
    case 'crown':
      return world.askCrown(choice.server)
    case 'cancelHandOver':
      return world.cancelHandOver(choice.server)
  }
}

/** The same choice in an ensemble whose servers have other ids. */
export function renameChoice(choice: Choice, idOf: (id: number) => number): Choice {
  switch (choice.kind) {
    case 'join':
      return {
        ...choice,
        server: idOf(choice.server),
        leader: idOf(choice.leader),
        told: choice.told.map(idOf).sort(ascending),
      }
    case 'tell':
      return { ...choice, from: idOf(choice.from), to: idOf(choice.to) }
    case 'loseRest':
    case 'readUp':
      return { ...choice, leader: idOf(choice.leader), follower: idOf(choice.follower) }
    case 'sendHistory':
      return { ...choice, leader: idOf(choice.leader) }
    default:
      return { ...choice, server: idOf(choice.server) }
  }
}

/** All that can happen next, within the bounds; `plain`: without the reductions of `eager.ts`. */
export function choices(world: View, left: Bounds, plain: boolean): Choice[] {
  const found: Choice[] = []
  // Without a leader, now or later, nothing comes of anything but what has begun.
  const over = left.stands === 0 && world.servers.every(({ leading }) => leading === null)
  for (const server of world.servers) {
    addSteps(found, world, left, server, plain)
    if (over) continue
    addAttempts(found, world, left, server, plain)
    addFaults(found, world, left, server)
  }
  return found
}

function addSteps(found: Choice[], world: View, left: Bounds, server: ServerState, plain: boolean): void {
  const { id, leading, following } = server
  if (server.writes.length > 0) found.push({ kind: 'write', server: id })
  if (following !== null && following.down.length > 0) {
    found.push({ kind: 'readDown', server: id, full: false })
    if (left.fulls > 0 && following.down[0]?.type === 'fetch')
      found.push({ kind: 'readDown', server: id, full: true })
  }
  if (leading !== null) {
    for (const [follower, link] of leading.links) {
      if (link.up.length === 0) continue
      if (!plain && link.up[0] === null && mayStayUnread(left, server, leading)) continue
      const answers = link.up[0]?.type === 'heartbeatAck'
      if (!plain && follower === id && answers && waitsForOthers(server, quorumSize(world.size))) continue
      found.push({ kind: 'readUp', leader: id, follower })
      // What was sent before the end may be lost with the link, any part of it from its end.
      if (!link.connected && link.up.length > 1) found.push({ kind: 'loseRest', leader: id, follower })
    }
    const job = leading.jobs[0]
    if (job !== undefined && lastOf(server.log) >= job.upTo) {
      found.push({ kind: 'sendHistory', leader: id, full: false })
      if (left.fulls > 0) found.push({ kind: 'sendHistory', leader: id, full: true })
    }
    if (heartbeatDecides(world.size, server)) found.push({ kind: 'heartbeat', server: id })
    if (left.proposals > 0 && world.canPropose(id)) found.push({ kind: 'propose', server: id })
    if (leading.machine.successor !== null) found.push({ kind: 'cancelHandOver', server: id })
  }
  if (following?.machine.stage !== 'following' || !following.connected) return
  if (left.syncs > 0) found.push({ kind: 'sync', server: id })
  if (left.crowns > 0 && id > following.leader) found.push({ kind: 'crown', server: id })
}

/**
 * Where the history is chosen, a follower that is gone and not known to be is one that is silent: its acknowledgements
 * stay, so the more is committed. What the leader does when it knows, it does not do otherwise.
 */
const mayStayUnread = (left: Bounds, { id }: ServerState, { machine }: Leading): boolean =>
  left.syncs === 0 &&
  (machine.phase === 'synchronization' || machine.phase === 'broadcast') &&
  machine.discovery.joins.get(id)?.condition === 'founded'

function addAttempts(found: Choice[], world: View, left: Bounds, server: ServerState, plain: boolean): void {
  const { id } = server
  if (left.stands > 0) found.push({ kind: 'stand', server: id })
  const news = newsFor(world, server)
  // Nobody turns from a later attempt to an earlier one while it has its link: what that comes to is a cut and a join.
  const present = server.leading?.attempt ?? server.following?.attempt ?? 0
  for (const { id: leader, leading } of world.servers) {
    if (leader === id || leading === null || leading.attempt <= present) continue
    found.push({ kind: 'join', server: id, leader, told: [] })
    if (plain) continue
    for (const told of subsets(news)) {
      if (hasHeardEnough(world, server, told)) found.push({ kind: 'join', server: id, leader, told })
    }
  }
  for (const from of news) {
    if (plain || promisesNext(world.look(from))) found.push({ kind: 'tell', from, to: id })
  }
}

/** Who could tell a server with an empty disk of promises that it does not know. */
function newsFor(world: View, { id, durable, heard }: ServerState): number[] {
  if (conditionOf(durable) !== 'fresh') return nobody
  const others = world.servers.filter((other) => other.id !== id && conditionOf(other.durable) !== 'fresh')
  const telling = others.filter((other) => heard.get(other.id) !== other.durable.promisedEpoch)
  return telling.map((other) => other.id)
}

const nobody: number[] = []

/**
 * What it was told counts when it joins somebody, and only if it is enough. So it is told just before, and else only while
 * what is told is about to change.
 */
const hasHeardEnough = ({ size }: View, { heard }: ServerState, told: readonly number[]): boolean =>
  new Set([...heard.keys(), ...told]).size >= quorumSize(size)

function promisesNext({ writes }: ServerState): boolean {
  const write = writes[0]
  return write?.kind === 'saveState' && write.changes.promisedEpoch !== undefined
}

/** All but the empty one. */
function subsets(ids: readonly number[]): number[][] {
  const found: number[][] = [[]]
  for (const id of ids) found.push(...found.map((subset) => [...subset, id]))
  return found.slice(1)
}

const ascending = (one: number, other: number): number => one - other

function addFaults(found: Choice[], world: View, left: Bounds, server: ServerState): void {
  const { id, leading, following } = server
  const busy = leading !== null || following !== null
  const wasTold = server.heard.size > 0 && conditionOf(server.durable) === 'fresh'
  if (left.crashes > 0 && (busy || wasTold)) found.push({ kind: 'crash', server: id, what: 'process' })
  // One lost disk at a time: the next only when everybody remembers.
  const others = world.servers.filter((other) => other !== server)
  if (left.wipes > 0 && others.every((other) => conditionOf(other.durable) !== 'fresh')) {
    found.push({ kind: 'crash', server: id, what: 'disk' })
  }
  if (left.cuts === 0) return
  const follows = leading === null && following !== null
  // To all others, and to its disk, a process that ends is one that leaves: where it may crash, that needs no second look,
  // unless it remembers what it was told.
  if (left.crashes === 0 || wasTold) {
    if (leading !== null) found.push({ kind: 'stepDown', server: id })
    if (follows) found.push({ kind: 'cut', server: id, seenBy: 'follower' })
  }
  if (follows && following.connected) found.push({ kind: 'cut', server: id, seenBy: 'leader' })
}
