import { conditionOf } from '../../src/replication/condition.ts'
import { type DiscoveryState, fresher } from '../../src/replication/discovery.ts'
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

export function printOfServer(server: ServerState): Fingerprint {
  const print = new Fingerprint()
  begin(print, 3)
  addConstant(print, server.durable)
  addConstant(print, server.log)
  if (server.building !== null) addConstant(print, server.building)
  for (const write of server.writes) addConstant(print, write)
  // A server that remembers by itself does not look at what it was told.
  if (conditionOf(server.durable) === 'fresh') addValue(print, server.heard)
  addValue(print, server.leading === null)
  if (server.leading !== null) addLeading(print, server.leading)
  addValue(print, server.following === null)
  if (server.following !== null) addFollowing(print, server.following)
  finish(print)
  return print
}

/** Something of a server in which ids have no part: other ids change nothing about it. */
export function signatureOf({ id, durable, log, writes, heard, leading, following }: ServerState): number {
  const print = new Fingerprint()
  begin(print, 5)
  const { promisedEpoch, currentEpoch, promisedTo } = durable
  addValue(print, [promisedEpoch, currentEpoch, promisedTo === id, heard.size, leading === null])
  for (const { zxid } of log) addNumber(print, zxid)
  for (const { kind } of writes) addValue(print, kind)
  if (leading !== null) {
    const { attempt, machine, links } = leading
    addValue(print, [attempt, machine.phase, machine.proposedZxid, machine.commitZxid, links.size])
  }
  if (following !== null) {
    const { attempt, leader, connected, machine, down } = following
    addValue(print, [attempt, leader === id, connected, machine])
    for (const message of down) addValue(print, message?.type)
  }
  finish(print)
  return print.a
}

function addFollowing(print: Fingerprint, following: Following): void {
  const { facts, down, machine, leader, attempt, connected } = following
  addNumber(print, leader)
  addNumber(print, attempt)
  addValue(print, connected)
  addValue(print, machine)
  switch (machine.stage) {
    case 'joining':
      addConstant(print, facts)
      break
    // What the history is compared with, and whether it may take one over.
    case 'promised':
      addConstant(print, facts.summary)
      addValue(print, facts.condition === 'fresh' && !facts.recovered)
      break
    case 'receiving':
    case 'replacing':
      addValue(print, facts.condition === 'fresh' && !facts.recovered)
  }
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
    addDiscovery(print, discovery)
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

function addDiscovery(print: Fingerprint, discovery: DiscoveryState): void {
  const { joins, acks, epoch } = discovery
  // Only until the epoch is chosen it counts what they had promised before.
  if (epoch === 0) addValue(print, discovery)
  else {
    addValue(print, { ...discovery, joins: null })
    for (const [id, { condition, ensembleId }] of [...joins].sort(([one], [other]) => one - other)) {
      addNumber(print, id)
      addValue(print, condition)
      addValue(print, ensembleId)
    }
  }
  // Among equally fresh histories that of the first to answer is taken.
  const freshFirst = [...acks].sort(([, one], [, other]) =>
    fresher(one, other) ? -1 : fresher(other, one) ? 1 : 0,
  )
  for (const [id] of freshFirst) addNumber(print, id)
}
