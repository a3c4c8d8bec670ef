import type { LeaderState } from '../../src/replication/leader-state.ts'
import { type Bounds, boundNames } from './bounds.ts'
import { addConstant, addNumber, addValue, begin, Fingerprint, finish } from './fingerprint.ts'
import type { Following, Incoming, Leading, ServerState } from './model/state.ts'
import type { World } from './model/world.ts'

/**
 * The fingerprint of all that can make a difference from here on. What the machines never look at again is left out, so that
 * states that differ in their past alone are one.
 */
export function printOf(world: World, left: Bounds): Fingerprint {
  const print = new Fingerprint()
  begin(print, world.size)
  for (const server of world.servers) {
    const own = printOfServer(server)
    addNumber(print, own.a)
    addNumber(print, own.b)
  }
  for (const name of boundNames) addNumber(print, left[name])
  addConstant(print, world.ledger.committed)
  addConstant(print, world.ledger.epochs)
  finish(print)
  return print
}

const prints = new WeakMap<ServerState, Fingerprint>()

/** A server that a world shares with the one it was copied from is hashed once. */
function printOfServer(server: ServerState): Fingerprint {
  const known = prints.get(server)
  if (known !== undefined) return known
  const print = new Fingerprint()
  begin(print, 3)
  addConstant(print, server.durable)
  addConstant(print, server.log)
  if (server.building !== null) addConstant(print, server.building)
  for (const write of server.writes) addConstant(print, write)
  addValue(print, server.heard)
  addValue(print, server.leading === null)
  if (server.leading !== null) addLeading(print, server.leading)
  addValue(print, server.following === null)
  if (server.following !== null) addFollowing(print, server.following)
  finish(print)
  prints.set(server, print)
  return print
}

function addFollowing(print: Fingerprint, following: Following): void {
  const { facts, down, machine, leader, attempt, connected } = following
  addNumber(print, leader)
  addNumber(print, attempt)
  addValue(print, connected)
  addValue(print, machine)
  // They count until it has taken the history over.
  if (machine.stage !== 'acking' && machine.stage !== 'following') addConstant(print, facts)
  for (const message of down) addMessage(print, message)
}

function addLeading(print: Fingerprint, leading: Leading): void {
  const { links, machine, history, attempt, ...rest } = leading
  addNumber(print, attempt)
  addConstant(print, history ?? [])
  addValue(print, rest)
  addLeader(print, machine)
  for (const [id, link] of [...links].sort(([one], [other]) => one - other)) addLink(print, id, link)
}

function addLink(print: Fingerprint, id: number, { connected, up }: Incoming): void {
  addNumber(print, id)
  addValue(print, connected)
  for (const message of up) addMessage(print, message)
  addNumber(print, -1)
}

function addMessage(print: Fingerprint, message: object | null): void {
  if (message === null) addNumber(print, -2)
  else addConstant(print, message)
}

function addLeader(print: Fingerprint, machine: LeaderState): void {
  const { discovery, source, initialZxid, ...rest } = machine
  addValue(print, rest)
  if (machine.phase !== 'broadcast') addNumber(print, initialZxid)
  if (machine.phase === 'discovery' || machine.phase === 'adopting') {
    addValue(print, source)
    addValue(print, discovery)
    // Among equally fresh histories that of the first to answer is taken.
    for (const id of discovery.acks.keys()) addNumber(print, id)
    return
  }
  // The history is chosen. Of each follower it counts what it remembers, and until it has the history, where that departs
  // and, if its disk was lost, whether it was chosen with its help.
  const { acks, joins, electors, confirmRound, confirmed, ...chosen } = discovery
  addValue(print, chosen)
  for (const [id, { condition, ensembleId }] of [...joins].sort(([one], [other]) => one - other)) {
    addNumber(print, id)
    addValue(print, condition)
    addValue(print, ensembleId)
    const ack = machine.followers.get(id)?.stage === 'synced' ? undefined : acks.get(id)
    if (ack !== undefined) addValue(print, ack.summary)
    if (condition === 'fresh') addValue(print, electors.has(id))
  }
}
