import type { ReplicaStatus } from '../../replication/replica-config.ts'
import type { ClientConnection } from '../client-connection.ts'
import type { ClientServices } from '../client-services.ts'

export type ServerMode = 'standalone' | 'leader' | 'follower'

/** What the four-letter words tell of a server. */
export interface ServerView
  extends Pick<ClientServices, 'config' | 'metrics' | 'state' | 'watches' | 'inFlight'> {
  readonly connections: ReadonlySet<ClientConnection>
  /** Null while it does not serve. */
  mode(): ServerMode | null
  replica(): ReplicaStatus
  uptimeMs(): number
  /** Since this server leads; 0 when it does not. */
  leaderUptimeMs(): number
  /** Bytes that its files take. */
  dataBytes(): Promise<number>
}

/** As Java prints a double: at least one decimal; here at most four. */
export function javaDouble(value: number): string {
  const rounded = Math.round(value * 10_000) / 10_000
  return Number.isInteger(rounded) ? `${rounded}.0` : String(rounded)
}
