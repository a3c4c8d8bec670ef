import type { FollowerEffect, FollowerFacts, FollowerState } from '../../../src/replication/follower.ts'
import {
  type FollowerInReign,
  type LeaderState,
  newLeaderState,
} from '../../../src/replication/leader-state.ts'
import type { FollowerMessage, LeaderMessage, WireSummary } from '../../../src/replication/messages.ts'
import type { DurableState } from '../../../src/storage/storage.ts'
import type { Zxid } from '../../../src/tree/zxid.ts'
import type { Transaction } from './transactions.ts'

/**
 * One server with its disk and what is on its way to it: plain data. Messages, transactions, effects and histories are never
 * changed once made, so copies share them.
 */
export interface ServerState {
  readonly id: number
  /** On the disk. */
  durable: DurableState
  log: readonly Transaction[]
  /** A history that is being built beside it. */
  building: readonly Transaction[] | null
  /** Asked of the disk and not done, in order. */
  writes: Write[]
  /** What it has been told of promises since its disk was found empty. */
  heard: Map<number, number>
  leading: Leading | null
  following: Following | null
}

export type Write = Extract<
  FollowerEffect,
  {
    kind:
      | 'saveState'
      | 'append'
      | 'truncate'
      | 'startReplacement'
      | 'replacementSnapshot'
      | 'replacementRecords'
      | 'finishReplacement'
      | 'whenDurable'
  }
>

export interface Leading {
  /** Attempts are numbered in the order in which servers stood. */
  readonly attempt: number
  machine: LeaderState
  /** By follower, its own among them. */
  links: Map<number, Incoming>
  jobs: HistoryJob[]
  /** The reign's history, from the synchronization on. */
  history: readonly Transaction[] | null
  serving: boolean
  /** What was committed when a `sync` was asked for. */
  syncs: Map<number, Zxid>
}

/** The leader's end of a link. */
export interface Incoming {
  /** Whether the follower is still there: what the leader sends otherwise gets lost. */
  connected: boolean
  /** On its way here; null is the end of the link, read behind everything before it. */
  up: (FollowerMessage | null)[]
}

export interface HistoryJob {
  to: number
  summary: WireSummary
  upTo: Zxid
}

export interface Following {
  readonly leader: number
  readonly attempt: number
  readonly facts: FollowerFacts
  machine: FollowerState
  /** Whether the leader is still there. */
  connected: boolean
  down: (LeaderMessage | null)[]
}

export const emptyDisk: DurableState = Object.freeze({
  ensembleId: null,
  founded: false,
  promisedEpoch: 0,
  promisedTo: null,
  currentEpoch: 0,
})

export const newServer = (id: number): ServerState => ({
  id,
  durable: emptyDisk,
  log: [],
  building: null,
  writes: [],
  heard: new Map(),
  leading: null,
  following: null,
})

export const newLeading = (attempt: number): Leading => ({
  attempt,
  machine: newLeaderState(),
  links: new Map(),
  jobs: [],
  history: null,
  serving: false,
  syncs: new Map(),
})

export function copyServer(server: ServerState): ServerState {
  return {
    ...server,
    writes: server.writes.slice(),
    heard: new Map(server.heard),
    leading: server.leading === null ? null : copyLeading(server.leading),
    following: server.following === null ? null : copyFollowing(server.following),
  }
}

function copyFollowing(following: Following): Following {
  return { ...following, machine: { ...following.machine }, down: following.down.slice() }
}

function copyLeading(leading: Leading): Leading {
  return {
    ...leading,
    machine: copyLeader(leading.machine),
    links: copyMap(leading.links, (link) => ({ ...link, up: link.up.slice() })),
    jobs: leading.jobs.slice(),
    syncs: new Map(leading.syncs),
  }
}

function copyLeader(state: LeaderState): LeaderState {
  const { discovery, confirmation } = state
  return {
    ...state,
    followers: copyMap(
      state.followers,
      (follower): FollowerInReign => ({ ...follower, held: follower.held.slice() }),
    ),
    discovery: {
      ...discovery,
      joins: new Map(discovery.joins),
      acks: new Map(discovery.acks),
      confirmed: new Set(discovery.confirmed),
      electors: new Set(discovery.electors),
    },
    confirmation: {
      ...confirmation,
      answered: new Map(confirmation.answered),
      waiting: confirmation.waiting.slice(),
    },
  }
}

function copyMap<K, V>(map: ReadonlyMap<K, V>, copy: (value: V) => V): Map<K, V> {
  const copied = new Map<K, V>()
  for (const [key, value] of map) copied.set(key, copy(value))
  return copied
}

export const canPropose = ({ leading }: ServerState): boolean =>
  leading?.serving === true &&
  leading.history !== null &&
  leading.machine.phase === 'broadcast' &&
  leading.machine.successor === null
