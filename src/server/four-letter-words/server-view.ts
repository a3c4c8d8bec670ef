import type { ReplicaStatus } from '../../replication/replica-config.ts'
import type { Environment } from '../../runtime/environment.ts'
import type { ClientConnection } from '../client-connection.ts'
import type { ClientServices } from '../client-services.ts'
import type { DigestHistory } from '../digest-history.ts'
import type { SessionBucket } from '../sessions/session-tracker.ts'

export type ServerMode = 'standalone' | 'leader' | 'follower'

/** What the four-letter words tell of a server. */
export interface ServerView
  extends Pick<ClientServices, 'clock' | 'config' | 'metrics' | 'state' | 'watches' | 'inFlight'> {
  readonly connections: ReadonlySet<ClientConnection>
  readonly environment: Environment
  readonly digests: DigestHistory
  /** Null while it does not serve. */
  mode(): ServerMode | null
  replica(): ReplicaStatus
  /** Why the disk cannot be used at present; null when it can. */
  diskTrouble(): string | null
  uptimeMs(): number
  /** Since this server leads; 0 when it does not. */
  leaderUptimeMs(): number
  /** Bytes that its files take. */
  dataBytes(): Promise<number>
  /** By time; null on a server that does not lead, and so does not know. */
  sessionBuckets(): readonly SessionBucket[] | null
}

/**
 * The first entries of something that changes while it is gone through, piece by piece: an entry that is taken out and put
 * in again would come by for ever.
 */
export function* firstOf<T>(entries: Iterable<T>, count: number): Generator<T> {
  let left = count
  if (left === 0) return
  for (const entry of entries) {
    yield entry
    left--
    if (left === 0) return
  }
}

/** As ZooKeeper writes ids and zxids. */
export function hex(value: number): string {
  return value < 0 ? '0xffffffffffffffff' : `0x${value.toString(16)}`
}
