import type { Zxid } from '../tree/zxid.ts'

/** Raised when the meaning of a frame changes; servers of different versions refuse each other by name. */
export const protocolVersion = 5

/**
 * How much a server remembers of its ensemble. It decides who counts in discovery (see `discovery.ts`).
 *
 * - fresh: the data directory is empty. Whatever this server promised and acknowledged before, it has forgotten.
 * - provisional: it took part in a founding and does not know whether the founding was completed.
 * - founded: it is a member of a founded ensemble.
 */
export type Condition = 'fresh' | 'provisional' | 'founded'

/** What a server tells of itself on the peer port, with every heartbeat and at once when it changes. */
export interface PeerStatus {
  state: 'looking' | 'candidate' | 'joining' | 'following' | 'leading'
  /** It belongs to an established reign and has applied that reign's initial history. */
  serving: boolean
  /** The server it leads, follows or tries to follow; null for none. */
  leader: number | null
  epoch: number
  /** Durable. */
  promisedEpoch: number
  condition: Condition
  lastZxid: Zxid
  /** Its log holds everything behind this; who lacks more needs a snapshot. */
  logStartZxid: Zxid
  seesQuorum: boolean
  /** It would win or answer an election: it sees a quorum, remembers, and is not too far behind. */
  stands: boolean
}

/** The first frame of both sides on both ports. */
export interface Hello {
  type: 'hello'
  from: number
  to: number
  /** All server ids of the sender's configuration, ascending: different ones would count different quorums. */
  members: number[]
  ensembleId: string | null
  founded: boolean
}

export type PeerMessage =
  | Hello
  | { type: 'heartbeat'; status: PeerStatus }
  | { type: 'election' }
  /** Answer to an election: the sender holds its own (`stands`), or will not. */
  | { type: 'alive'; stands: boolean }
  /** `leader` has won, or reigns already (`established`). */
  | { type: 'coordinator'; leader: number; established: boolean }

/** [epoch, last counter] pairs, ascending: the last transaction of every epoch in a history. */
export type WireSummary = [number, number][]

/** What a follower says on the leader port. */
export type FollowerMessage =
  | Hello
  | { type: 'join'; promisedEpoch: number; condition: Condition; ensembleId: string | null }
  | {
      type: 'ackEpoch'
      epoch: number
      /** False when this epoch had been promised to another server: then the promise must not be counted. */
      counts: boolean
      currentEpoch: number
      lastZxid: Zxid
      summary: WireSummary
    }
  /** The leader's own follower has taken over the history that was fetched for it. */
  | { type: 'adopted'; lastZxid: Zxid }
  | { type: 'ackLeader'; epoch: number; zxid: Zxid }
  | { type: 'ack'; zxid: Zxid }
  | { type: 'heartbeatAck'; round: number }
  | { type: 'requests'; bytes: Buffer }
  | { type: 'message'; bytes: Buffer }
  | { type: 'sync'; id: number }
  | { type: 'crown' }
  | HistoryMessage

/** A history on its way: from the leader to a follower, or from the freshest follower to the leader. */
export type HistoryMessage =
  /** `common`: what the receiver holds behind it is wiped. `full`: it wipes all, a snapshot or the first record follows. */
  | { type: 'historyStart'; full: boolean; common: Zxid }
  | { type: 'historySnapshot'; bytes: Buffer }
  | { type: 'historyRecords'; bytes: Buffer; lastZxid: Zxid }
  | { type: 'historyEnd'; lastZxid: Zxid }

/** What a leader says on the leader port. */
export type LeaderMessage =
  | Hello
  | { type: 'notLeading'; leader: number | null }
  | { type: 'newEpoch'; epoch: number }
  | { type: 'fetch'; summary: WireSummary }
  | HistoryMessage
  | {
      type: 'newLeader'
      epoch: number
      lastZxid: Zxid
      ensembleId: string
      founded: boolean
      /** The receiver's promise, given on this link, is one of those that the history was chosen by. */
      counted: boolean
    }
  | { type: 'established'; epoch: number; commit: Zxid; ensembleId: string }
  | { type: 'propose'; commit: Zxid; lastZxid: Zxid; records: Buffer }
  | { type: 'commit'; zxid: Zxid }
  | { type: 'heartbeat'; round: number }
  | { type: 'synced'; id: number }
  | { type: 'message'; bytes: Buffer }
  | { type: 'handOver'; successor: number }

export type ReplicationMessage = PeerMessage | FollowerMessage | LeaderMessage
