import { BrokenInvariant } from '../runtime/assert.ts'
import type { Zxid } from '../tree/zxid.ts'

export interface ReplicaServer {
  id: number
  host: string
  peerPort: number
  leaderPort: number
}

export interface ReplicaConfig {
  serverId: number
  /** All voting servers, this one among them. */
  servers: readonly ReplicaServer[]
  tickTimeMs: number
  /** Ticks that a follower may take to get in step. */
  initLimitTicks: number
  /** Ticks that a leader may be without a quorum. */
  syncLimitTicks: number
  /** Silence that counts as failure. */
  peerTimeoutMs: number
  heartbeatMs: number
  /** A server with a higher id that is in step takes over from the leader. */
  leaderPreemption: boolean
  /** `full`: followers are always synchronized by wiping and replaying all. */
  resync: 'auto' | 'full'
  /** Transactions between two snapshots, at most. */
  snapCount: number
}

export interface Reign {
  leader: number
  epoch: number
  leading: boolean
}

export interface ReplicaEvents {
  /**
   * A reign is established and this server has applied its whole initial history: what was in flight is to be sent again,
   * requests may be sent.
   */
  onServing(reign: Reign): void
  /**
   * There is no reign any more: what was sent and not answered waits. Nothing was decided for `leaderlessMs` before, when it
   * was this server that led too few.
   */
  onAdrift(leaderlessMs: number): void
  /** It promises that leader this epoch, and no other leader. */
  onPromise?(epoch: number, leader: number): void
  /** What the leader's state machine sent with `messageTo`. */
  onMessage(message: Buffer): void
  /** The disk failed, an invariant is broken, or this server belongs to another ensemble: it must stop. */
  onFatal(error: Error): void
}

export interface ReplicaStatus {
  state: 'looking' | 'discovery' | 'synchronization' | 'following' | 'leading' | 'stopped'
  serving: boolean
  /** The server it leads, follows or tries to follow; null for none. */
  leader: number | null
  epoch: number
  promisedEpoch: number
  lastZxid: Zxid
  commitZxid: Zxid
  appliedZxid: Zxid
  /** Why it does not serve, in words; null when it does. */
  waitingFor: string | null
  /** While leading: connected followers, and those in step. */
  followers: number
  syncedFollowers: number
  quorumSize: number
  /** While leading, bytes of proposals; -1 before the first. */
  proposalBytes: Readonly<{ last: number; min: number; max: number }>
  /** Connections refused on the peer and leader ports. */
  refusedConnections: number
}

/** The server of this id, which must be in the configuration. */
export function serverOf(config: ReplicaConfig, id: number): ReplicaServer {
  const server = config.servers.find((candidate) => candidate.id === id)
  if (server === undefined) throw new BrokenInvariant(`server ${id} is not among the servers`)
  return server
}
