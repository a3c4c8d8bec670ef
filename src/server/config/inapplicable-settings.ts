/**
 * Keys of ZooKeeper's that a working zoo.cfg may hold and that change nothing here, each with the reason that the
 * warning gives. A name that ends in `*` stands for all that begin so.
 */
const reasons: readonly (readonly [reason: string, names: readonly string[]])[] = [
  [
    'TLS is not in this version, all ports speak plain TCP',
    [
      'secureClientPort',
      'secureClientPortAddress',
      'ssl.*',
      'sslQuorum',
      'portUnification',
      'client.portUnification',
      'client.secure',
      'fips-mode',
      'X509AuthenticationProvider.*',
    ],
  ],
  ['there is no HTTP admin server in this version; use the four-letter words', ['admin.*']],
  [
    'clients authenticate by the schemes digest and ip in this version, not by SASL',
    [
      'superUser',
      'superUser.*',
      'letAnySaslUserDoX',
      'allowSaslFailedClients',
      'requireClientAuthScheme',
      'jaasLoginRenew',
      'kerberos.*',
      'sasl.*',
    ],
  ],
  ['the scheme digest is always there', ['DigestAuthenticationProvider.enabled']],
  [
    'every access control list is checked once, by the leader, in the order of the writes',
    ['enableEagerACLCheck'],
  ],
  [
    'servers do not authenticate each other in this version: keep their ports private',
    ['quorum.*', 'ensembleAuthName'],
  ],
  ['figures are given by the four-letter word mntr', ['metricsProvider.*']],
  ['old snapshots and logs are always removed when a newer snapshot covers them', ['autopurge.*']],
  ['the log is kept beside the snapshots, in dataDir', ['dataLogDir']],
  ['log files have a fixed size', ['preAllocSize', 'snapSizeLimitInKb']],
  [
    'peer and leader ports listen on the host of their server line',
    ['quorumListenOnAllIPs', 'multiAddress.*'],
  ],
  ["the operating system's default is used", ['clientPortListenBacklog', 'tcpKeepAlive']],
  ['joining a leader is bounded by initLimit', ['connectToLearnerMasterLimit', 'cnxTimeout']],
  [
    'the election has one algorithm, the highest id wins',
    ['electionAlg', 'fastleader.*', 'electionPortBindRetry'],
  ],
  ['the leader always serves clients', ['leaderServes']],
  ['observers are not in this version', ['observerMasterPort', 'syncEnabled', 'observer.*']],
  ['membership is fixed by the file in this version', ['reconfigEnabled']],
  ['there is only one way in which a time to live (TTL) is stored', ['emulate353TTLNodes']],
  ['every session is known to the whole ensemble', ['localSessionsEnabled', 'localSessionsUpgradingEnabled']],
  [
    'there is no read-only mode in this version: a server without a quorum closes client connections',
    ['readonlymode.enabled'],
  ],
  [
    'requests in flight are bounded by jute.maxbuffer, globalOutstandingLimit and fixed bounds on bytes',
    ['largeRequestMaxBytes', 'largeRequestThreshold'],
  ],
  ['every write is on the disks of a quorum before it is answered', ['forceSync', 'fsync.*', 'flushDelay']],
  [
    'it tunes a part that this server does not have',
    [
      'serverCnxnFactory',
      'nio.*',
      'netty.*',
      'commitProcessor.*',
      'learner.*',
      'leader.*',
      'follower.*',
      'maxResponseCacheSize',
      'maxGetChildrenResponseCacheSize',
      'maxBatchSize',
      'maxWriteQueuePollTime',
      'maxCommitsBatchSize',
      'watchManagerName',
      'watcherCleanIntervalInSeconds',
      'watcherCleanThreadsNum',
      'watcherCleanThreshold',
      'maxInProcessingDeadWatchers',
      'bitHashCacheSize',
      'jvm.pause.*',
      'jute.maxbuffer.extrasize',
      'request_throttler.*',
      'request_throttle_*',
      'throttledOpWaitTime',
      'connectionTokenFillTime',
      'connection_throttle_*',
      'connectionMaxTokens',
      'requestThrottle*',
      'requestStale*',
      'warningthresholdms',
      'outstandingChangesHandoff',
      'digest.enabled',
      'closeSessionTxn.enabled',
      'serializeLastProcessedZxid.enabled',
      'snapshot.*',
      'skipTxnEnabled',
      'audit.*',
      'maxConcurrentSnapSyncs',
      'maxConcurrentDiffSyncs',
      'commitLogCount',
      'snapsyncLogFactor',
      'traceMask',
      'intBufferStartingSizeBytes',
      'zk.*',
    ],
  ],
]

const exact = new Map<string, string>()
const prefixes: [prefix: string, reason: string][] = []
for (const [reason, names] of reasons) {
  for (const name of names) {
    if (name.endsWith('*')) prefixes.push([name.slice(0, -1), reason])
    else exact.set(name, reason)
  }
}

/** Why a key of ZooKeeper's does nothing here; null when it is not such a key. */
export function whyInapplicable(key: string): string | null {
  return exact.get(key) ?? prefixes.find(([prefix]) => key.startsWith(prefix))?.[1] ?? null
}
