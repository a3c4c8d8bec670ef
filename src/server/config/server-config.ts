import type { AccessConfig } from './access-settings.ts'

/** One member of the ensemble, as the configuration names it. */
export interface ServerAddress {
  /** 0 to 255. */
  readonly id: number
  readonly host: string
  /** Null where the file does not say it: a zoo.cfg may leave the client port of other servers to their own files. */
  readonly clientPort: number | null
  /** Where its client port listens; null as above. */
  readonly clientHost: string | null
  /** Heartbeats and election. 0 in a standalone zoo.cfg, which names no such port: nothing is bound. */
  readonly peerPort: number
  /** Followers to leader. 0 as above. */
  readonly leaderPort: number
}

/** Everything that one server is told when it starts: checked, complete, no defaults left to fill in. */
export interface ServerConfig {
  readonly serverId: number
  /** Ascending by id; this server is one of them. */
  readonly servers: readonly ServerAddress[]
  /** One server that calls itself standalone, as ZooKeeper does, rather than the leader of an ensemble of one. */
  readonly standalone: boolean
  /** Who the servers are, as clients may read it; empty for a standalone server. */
  readonly membership: string
  /** `zoo` when the text was a zoo.cfg. */
  readonly format: 'table' | 'zoo'
  /** Absolute: what the file calls dataDir. */
  readonly dataDir: string
  /** Absolute: where this very server keeps its files. `dataDir/<id>` in the table format, dataDir itself in a zoo.cfg. */
  readonly serverDir: string

  readonly clientPort: number
  /** The address that the client port listens on; `0.0.0.0` for all. */
  readonly clientHost: string

  readonly tickTimeMs: number
  /** How long joining and synchronizing may take. */
  readonly initLimitTicks: number
  /** How long a leader may be without a quorum, and a client without a leader. */
  readonly syncLimitTicks: number
  readonly minSessionTimeoutMs: number
  readonly maxSessionTimeoutMs: number
  /** Connections per client address; 0 for any number. */
  readonly maxClientCnxns: number
  /** Connections of all clients together; 0 for any number. */
  readonly maxCnxns: number
  /** A connection that has brought no session by then is closed. */
  readonly sessionlessCnxnTimeoutMs: number
  /** Requests taken from clients and not yet answered, on this server. */
  readonly globalOutstandingLimit: number
  /** Transactions between two snapshots. */
  readonly snapCount: number
  /** The largest request frame, in bytes. */
  readonly juteMaxBuffer: number
  /** Whether nodes with a time to live may be made. */
  readonly extendedTypesEnabled: boolean
  /** How often the leader looks for containers and TTL nodes to remove. */
  readonly reapIntervalMs: number
  readonly reapedPerMinuteMax: number
  /** How long a container that never had a child is left; 0 for ever. */
  readonly neverUsedContainerMs: number
  readonly fourLetterWords: ReadonlySet<string> | '*'
  readonly access: AccessConfig
  /** Whether hard limits of quotas are kept. */
  readonly enforceQuota: boolean

  readonly heartbeatMs: number
  /** Silence of a peer that counts as its failure. */
  readonly peerTimeoutMs: number
  /** Whether a returning higher id asks for the crown. */
  readonly leaderPreemption: boolean
  readonly replication: 'passive'
  readonly resync: 'auto' | 'full'
}

/** ZooKeeper's version of a configuration that was never changed: the zxid with which the first reign begins. */
const firstVersion = 'version=100000000'

/**
 * The membership as /zookeeper/config and `conf` tell it: one line per server, then the version, no final newline. It holds only
 * what the server lines say, and not a clientPort that each file has for itself: so it is the same on all servers.
 */
export function describeMembership(servers: readonly ServerAddress[]): string {
  const lines = servers.map((server) => {
    const client =
      server.clientPort === null ? '' : `;${bracketed(server.clientHost ?? '0.0.0.0')}:${server.clientPort}`
    return `server.${server.id}=${bracketed(server.host)}:${server.leaderPort}:${server.peerPort}:participant${client}`
  })
  return [...lines, firstVersion].join('\n')
}

/** An IPv6 address needs brackets where a port follows it. */
export function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}
