import type { LeaderState } from '../../src/replication/leader-state.ts'
import type { FollowerMessage } from '../../src/replication/messages.ts'
import type { Bounds } from './bounds.ts'
import { type Choice, take } from './choices.ts'
import type { Leading, ServerState } from './model/state.ts'
import { lastOf } from './model/transactions.ts'
import type { World } from './model/world.ts'
import { forgetRounds } from './rounds.ts'
import { nextOf } from './settled.ts'
import type { View } from './view.ts'

/**
 * Steps that need no branching: what can happen from here can happen after such a step as well, or worse. Each of them
 *
 * - commutes with every event at another server: all it does there is to put a message behind others;
 * - commutes with every other event at its own server, or is undone by it: a crash, or a link that ends, loses what was not yet
 *   written and may lose what was sent (`loseRest`), so that both lead to the same with the step and without;
 * - only adds to what is known to be committed. That knowledge decides nothing in the machines, it is only told on; and
 *   the more is committed, the more is checked.
 *
 * Each takes a message or a write away, so they come to an end, and to the same end in whichever order.
 */
export function takeEagerSteps(world: World, left: Bounds): void {
  for (let step = eagerStep(world, left); step !== null; step = eagerStep(world, left))
    take(world, left, step)
  if (left.syncs === 0) for (const server of world.servers) forgetRounds(server)
}

export function eagerStep(world: View, left: Bounds): Choice | null {
  const nothingInterrupts = !mayInterrupt(world, left)
  for (const server of world.servers) {
    const { id, leading } = server
    if (mayRead(world, left, server)) return { kind: 'readDown', server: id, full: false }
    const certain = nothingInterrupts && server.following?.connected === true
    if (server.writes.length > 0 && (certain || isVolatile(left, server))) {
      return { kind: 'write', server: id }
    }
    if (leading === null) continue
    for (const [follower, { up, connected }] of leading.links) {
      const message = up[0]
      if (message === undefined) continue
      if (message === null) {
        if (mayForget(server, leading, follower)) return { kind: 'readUp', leader: id, follower }
        continue
      }
      if (mayTake(world, left, server, leading, connected, follower, message)) {
        return { kind: 'readUp', leader: id, follower }
      }
    }
    const job = leading.jobs[0]
    if (job === undefined || left.fulls > 0 || lastOf(server.log) < job.upTo) continue
    // What is proposed meanwhile is held and sent behind it: the same messages in the same order.
    if (remembersFounding(leading.machine, server.id)) return { kind: 'sendHistory', leader: id, full: false }
  }
  return null
}

/**
 * A follower's next message. It is taken in without a word or a change of the disk: what it asks of the disk waits there like
 * the message did. An answer sent at once must not overtake one that waits for the disk; to leave would forget
 * what waits for it.
 */
function mayRead(world: View, left: Bounds, server: ServerState): boolean {
  const { leading, following, writes } = server
  const message = following?.down[0]
  if (following === null || message === undefined) return false
  if (message === null) return writes.length === 0 && leading === null
  if (message.type === 'fetch' && left.fulls > 0) return false
  if (message.type === 'heartbeat') {
    return writes.length === 0 || !following.connected || !asksForAnswers(world, left, following.leader)
  }
  const { leaves, speaks } = nextOf(server)
  if (leaves) return writes.length === 0 && leading === null
  return !speaks || writes.length === 0 || !following.connected
}

/** Whether it matters to this leader when a heartbeat is answered. */
function asksForAnswers(world: View, left: Bounds, leader: number): boolean {
  return left.syncs > 0 || world.look(leader).leading?.machine.phase === 'discovery'
}

/**
 * Whether a write may yet be lost, or what it writes be told before it is written. Where nothing fails any more and one
 * server leads, only the end of that attempt could forget a write of those who follow it, and behind it nothing happens.
 */
function mayInterrupt({ servers }: View, left: Bounds): boolean {
  if (left.stands > 0 || left.crashes > 0 || left.wipes > 0 || left.cuts > 0 || left.syncs > 0) return true
  if (left.crowns > 0 || servers.some(({ leading }) => leading !== null && mayHandOver(leading))) return true
  if (servers.filter(({ leading }) => leading !== null).length !== 1) return true
  return servers.some(({ durable }) => !durable.founded)
}

const mayHandOver = ({ machine, links }: Leading): boolean =>
  machine.successor !== null ||
  [...links.values()].some(({ up }) => up.some((message) => message?.type === 'crown'))

/** Builds what is lost in a crash as if it had never begun; or changes nothing, and its answer has none beside it. */
function isVolatile(left: Bounds, { writes }: ServerState): boolean {
  switch (writes[0]?.kind) {
    case 'startReplacement':
    case 'replacementSnapshot':
    case 'replacementRecords':
      return true
    case 'whenDurable':
      return left.syncs === 0
    default:
      return false
  }
}

/** A leader's next message from one of its followers. */
function mayTake(
  world: View,
  left: Bounds,
  { id }: ServerState,
  leading: Leading,
  connected: boolean,
  from: number,
  message: FollowerMessage,
): boolean {
  const { phase, discovery } = leading.machine
  // Nothing is chosen before its own follower has joined.
  if (from === id && message.type === 'join') return true
  // The history that is being fetched goes on to its own follower.
  if (message.type.startsWith('history')) return phase === 'adopting'
  if (message.type === 'heartbeatAck' && phase !== 'discovery') return left.syncs === 0
  // Its answer is to a round that is not asked for any more.
  if (message.type === 'heartbeatAck') {
    return remembersFounding(leading.machine, id) && message.round < discovery.confirmRound
  }
  // Read behind others' promises, its own begins one round for all of them. Read before them, each begins one: the last round asks
  // all of them as well, and nobody looks at the rounds before it.
  if (from === id && message.type === 'ackEpoch' && phase === 'discovery')
    return remembersFounding(leading.machine, id)
  if (message.type === 'join' && phase === 'discovery') {
    return (
      remembersFounding(leading.machine, id) && maySettleEpoch(world, leading, from, message.promisedEpoch)
    )
  }
  if ((phase !== 'synchronization' && phase !== 'broadcast') || !remembersFounding(leading.machine, id))
    return false
  switch (message.type) {
    case 'ack':
    case 'ackLeader':
      return left.syncs === 0 && leading.machine.successor === null
    case 'join':
      return message.promisedEpoch <= discovery.epoch
    case 'ackEpoch':
      // Where its history ends depends on what was proposed before.
      return left.proposals === 0 || !connected
    default:
      return false
  }
}

/** That a follower is gone which had no part in anything yet: without its end being read, it goes on having none. */
function mayForget({ id }: ServerState, { machine }: Leading, from: number): boolean {
  if (from === id || !remembersFounding(machine, id)) return false
  const { phase, discovery, followers } = machine
  if (phase === 'discovery') return discovery.epoch !== 0 && !discovery.acks.has(from)
  return (phase === 'synchronization' || phase === 'broadcast') && (followers.get(from)?.ackedZxid ?? 0) < 0
}

/**
 * A candidate's own answer counts only together with enough others. It is read behind those that it is to count with: read
 * before them it leads to the same.
 */
export function waitsForOthers({ id, leading }: ServerState, quorum: number): boolean {
  if (leading?.machine.phase !== 'discovery' || !remembersFounding(leading.machine, id)) return false
  const { confirmed, acks, joins } = leading.machine.discovery
  const standing = [...confirmed].filter(
    (other) => other !== id && acks.get(other)?.counts === true && joins.get(other)?.condition !== 'fresh',
  )
  return standing.length + 1 < quorum
}

/**
 * A candidate hears at once who joins: that others could be heard before is what happens when they join before. Only
 * where it left a leader that was fetching its history, that leader may be the other one.
 */
function maySettleEpoch(world: View, leading: Leading, from: number, promisedEpoch: number): boolean {
  const { epoch } = leading.machine.discovery
  if (epoch !== 0 && promisedEpoch > epoch) return false
  return !world.servers.some((server) => {
    const machine = server.leading?.machine
    return machine?.phase === 'adopting' && machine.source === from
  })
}

/** Founders have more to find out from each other than their promises. */
const remembersFounding = ({ discovery }: LeaderState, id: number): boolean =>
  discovery.joins.get(id)?.condition === 'founded'
