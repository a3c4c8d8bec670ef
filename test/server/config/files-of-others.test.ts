import { describe, expect, it } from 'vitest'
import { parseConfig, type ServerConfig } from '../../../src/server/config/index.ts'

interface Shape {
  readonly text: string
  readonly serverId?: number
  readonly dynamic?: string
  readonly expected: Partial<ServerConfig>
  readonly members: number
  /** The keys that are warned of. */
  readonly warnedOf: readonly string[]
}

/** Files as other projects' test harnesses, packages and manuals write them: each is to start as it is. */
const shapes: Record<string, Shape> = {
  'a test harness for Python, one server': {
    text: `
tickTime=2000
dataDir=/tmp/tmpq1x/data
clientPort=20000
maxClientCnxns=0
admin.serverPort=20003
authProvider.1=org.apache.zookeeper.server.auth.SASLAuthenticationProvider
4lw.commands.whitelist=*
`,
    serverId: 1,
    expected: { standalone: true, clientPort: 20_000, maxClientCnxns: 0, fourLetterWords: '*' },
    members: 1,
    warnedOf: ['admin.serverPort', 'authProvider.1'],
  },
  'a test harness for Python, three servers, settings of the test in the middle': {
    text: `
tickTime=2000
dataDir=/tmp/tmp 1/data
clientPort=20010
maxClientCnxns=0
admin.serverPort=20013
authProvider.1=org.apache.zookeeper.server.auth.SASLAuthenticationProvider
secureClientPort=20014
serverCnxnFactory=org.apache.zookeeper.server.NettyServerCnxnFactory
ssl.keyStore.location=/tmp/k.jks
ssl.keyStore.password=apassword
ssl.trustStore.location=/tmp/t.jks
ssl.clientAuth=none

initLimit=4
syncLimit=2
server.2=localhost:20011:20012:participant
server.1=localhost:20001:20002:participant
server.3=localhost:20021:20022:participant
peerType=participant
`,
    serverId: 2,
    expected: {
      standalone: false,
      clientPort: 20_010,
      clientHost: '0.0.0.0',
      serverDir: '/tmp/tmp 1/data',
      initLimitTicks: 4,
      syncLimitTicks: 2,
    },
    members: 3,
    warnedOf: [
      'admin.serverPort',
      'authProvider.1',
      'secureClientPort',
      'serverCnxnFactory',
      'ssl.keyStore.location',
      'ssl.keyStore.password',
      'ssl.trustStore.location',
      'ssl.clientAuth',
    ],
  },
  'a test harness for Go, three servers': {
    text: `dataDir=/tmp/gozk1/srv2
tickTime=500
initLimit=10
syncLimit=5
clientPort=10003
autopurge.snapRetainCount=3
autopurge.purgeInterval=1
reconfigEnabled=true
4lw.commands.whitelist=*
server.1=127.0.0.1:10001:10002
server.2=127.0.0.1:10004:10005
server.3=127.0.0.1:10007:10008
`,
    serverId: 2,
    expected: { tickTimeMs: 500, clientPort: 10_003, fourLetterWords: '*', standalone: false },
    members: 3,
    warnedOf: ['autopurge.snapRetainCount', 'autopurge.purgeInterval', 'reconfigEnabled'],
  },
  'a test server for the JVM that writes Java properties, with their date': {
    text: `#Sat Nov 21 10:00:00 UTC 2026
maxClientCnxns=0
dataDir=/tmp/1700000000000-0
clientPort=41233
tickTime=1000
server.1=localhost\\:41234\\:41235;localhost\\:41233
initLimit=10
syncLimit=5
`,
    expected: { standalone: true, tickTimeMs: 1000, clientPort: 41_233, clientHost: 'localhost' },
    members: 1,
    warnedOf: [],
  },
  'a test script for C, with TLS beside the plain port': {
    text: `tickTime=500
initLimit=10
syncLimit=5
dataDir=/tmp/zkdata
maxClientCnxns=200
clientPort=22181
secureClientPort=22281
ssl.keyStore.location=/tmp/certs/server.jks
ssl.keyStore.password=password
ssl.trustStore.location=/tmp/certs/servertrust.jks
ssl.trustStore.password=password
ssl.hostnameVerification=false
zookeeper.extendedTypesEnabled=true
zookeeper.4lw.commands.whitelist=ruok,stat , srvr
snapCount=1
`,
    expected: {
      maxClientCnxns: 200,
      extendedTypesEnabled: true,
      snapCount: 2,
      fourLetterWords: new Set(['ruok', 'stat', 'srvr']),
    },
    members: 1,
    warnedOf: [
      'snapCount',
      'secureClientPort',
      'ssl.keyStore.location',
      'ssl.keyStore.password',
      'ssl.trustStore.location',
      'ssl.trustStore.password',
      'ssl.hostnameVerification',
    ],
  },
  'an integration test of a database, in containers that each listen on all addresses': {
    text: `tickTime=2500
initLimit=10
syncLimit=5
dataDir=/var/lib/zookeeper
clientPort=2181
server.1=zoo1:2888:3888
server.2=0.0.0.0:2888:3888
server.3=zoo3:2888:3888
4lw.commands.whitelist=*
snapCount=3000000
preAllocSize=131072
maxSessionTimeout=60000000
autopurge.purgeInterval=1
forceSync=no
`,
    serverId: 2,
    expected: { clientPort: 2181, maxSessionTimeoutMs: 60_000_000, snapCount: 3_000_000 },
    members: 3,
    warnedOf: ['preAllocSize', 'autopurge.purgeInterval', 'forceSync'],
  },
  'the properties of a message broker': {
    text: `# licensed to somebody
# the directory where the snapshot is stored.
dataDir=/tmp/zookeeper
# the port at which the clients will connect
clientPort=2181
# disable the per-ip limit on the number of connections since this is a non-production config
maxClientCnxns=0
admin.enableServer=false
# admin.serverPort=8080
`,
    expected: { standalone: true, maxClientCnxns: 0, dataDir: '/tmp/zookeeper' },
    members: 1,
    warnedOf: ['admin.enableServer'],
  },
  'a table store that manages its own ensemble': {
    text: `tickTime=6000
initLimit=10
syncLimit=5
dataDir=/var/lib/hbase-zookeeper/
clientPort=2222
maxClientCnxns=300
jute.maxbuffer=50000000
server.1=127.0.0.1:2888:3888
hbase.zookeeper.quorum=localhost
`,
    expected: { tickTimeMs: 6000, dataDir: '/var/lib/hbase-zookeeper', juteMaxBuffer: 16 * 1024 * 1024 },
    members: 1,
    warnedOf: ['jute.maxbuffer', 'hbase.zookeeper.quorum'],
  },
  'a search engine, three servers': {
    text: `# The number of milliseconds of each tick
tickTime=2000
initLimit=5
syncLimit=2
dataDir=/var/lib/zookeeper/1
clientPort=2181
server.1=localhost:2888:3888
server.2=localhost:2889:3889
server.3=localhost:2890:3890
autopurge.snapRetainCount=3
autopurge.purgeInterval=1
4lw.commands.whitelist=mntr,conf,ruok
jute.maxbuffer=0x9fffff
`,
    serverId: 1,
    expected: {
      juteMaxBuffer: 0x9fffff,
      fourLetterWords: new Set(['mntr', 'conf', 'ruok', 'srvr']),
    },
    members: 3,
    warnedOf: ['autopurge.snapRetainCount', 'autopurge.purgeInterval'],
  },
  'the file of a Linux package, everything else a comment': {
    text: `# http://hadoop.apache.org/zookeeper/docs/current/zookeeperAdmin.html

# The number of milliseconds of each tick
tickTime=2000
initLimit=10
syncLimit=5
# the directory where the snapshot is stored.
dataDir=/var/lib/zookeeper
# Place the dataLogDir to a separate physical disc for better performance
# dataLogDir=/disk2/zookeeper

# the port at which the clients will connect
clientPort=2181

# specify all zookeeper servers
#server.1=zookeeper1:2888:3888
#server.2=zookeeper2:2888:3888

#jute.maxbuffer=0
`,
    expected: { standalone: true, serverDir: '/var/lib/zookeeper', serverId: 1 },
    members: 1,
    warnedOf: [],
  },
  'a container image, one server with its client port in the line': {
    text: `dataDir=/data
dataLogDir=/datalog
tickTime=2000
initLimit=5
syncLimit=2
autopurge.snapRetainCount=3
autopurge.purgeInterval=0
maxClientCnxns=60
standaloneEnabled=true
admin.enableServer=true
server.1=localhost:2888:3888;2181
`,
    serverId: 1,
    expected: { standalone: true, clientPort: 2181, clientHost: '0.0.0.0' },
    members: 1,
    warnedOf: ['dataLogDir', 'autopurge.snapRetainCount', 'autopurge.purgeInterval', 'admin.enableServer'],
  },
  'an operator in a cluster, members in a dynamic file that a server has rewritten': {
    text: `4lw.commands.whitelist=cons, envi, conf, crst, srvr, stat, mntr, ruok
dataDir=/data
standaloneEnabled=false
reconfigEnabled=true
skipACL=yes
metricsProvider.className=org.apache.zookeeper.metrics.prometheus.PrometheusMetricsProvider
metricsProvider.httpPort=7000
initLimit=10
syncLimit=2
tickTime=2000
globalOutstandingLimit=1000
preAllocSize=65536
snapCount=10000
commitLogCount=500
snapSizeLimitInKb=4194304
maxCnxns=0
maxClientCnxns=60
minSessionTimeout=4000
maxSessionTimeout=40000
quorumListenOnAllIPs=false
dynamicConfigFile=/data/zoo.cfg.dynamic.100000000
`,
    dynamic: `server.1=zk-0.zk-headless.default.svc.cluster.local:2888:3888:participant;0.0.0.0:2181
server.2=zk-1.zk-headless.default.svc.cluster.local:2888:3888:participant;0.0.0.0:2181
server.3=zk-2.zk-headless.default.svc.cluster.local:2888:3888:participant;0.0.0.0:2181
`,
    serverId: 3,
    expected: { clientPort: 2181, standalone: false, snapCount: 10_000, globalOutstandingLimit: 1000 },
    members: 3,
    warnedOf: [],
  },
  'a file from Windows, with a byte order mark': {
    text: '\uFEFFtickTime=2000\r\ninitLimit = 10\r\nsyncLimit = 5\r\ndataDir=/zk/data\r\nclientPort=2181\r\n\r\n',
    expected: { tickTimeMs: 2000, dataDir: '/zk/data', clientPort: 2181 },
    members: 1,
    warnedOf: [],
  },
  'every key with its property prefix': {
    text: `zookeeper.tickTime=1000
zookeeper.dataDir=/zk
zookeeper.clientPort=2181
zookeeper.server.1=a:1:2
zookeeper.server.2=b:1:2
zookeeper.server.3=c:1:2
zookeeper.jute.maxbuffer=2000000
zookeeper.secureClientPort=2281
zookeeper.serverCnxnFactory=org.apache.zookeeper.server.NettyServerCnxnFactory
`,
    serverId: 3,
    expected: { tickTimeMs: 1000, clientPort: 2181, juteMaxBuffer: 2_000_000 },
    members: 3,
    warnedOf: ['secureClientPort', 'serverCnxnFactory'],
  },
  'keys of a logger, keys misspelt, keys twice, keys without a value': {
    text: `clientPort=2181
dataDir=/zk
log4j.rootLogger=INFO, CONSOLE
tickTme=1000
tickTime=1000
tickTime=3000
syncLimit=5
syncLimit=5
server.1=a:1:2
server.1=a:1:2
4lw.commands.whitelist=
clientPortAddress=
`,
    expected: { tickTimeMs: 3000, clientHost: '0.0.0.0', standalone: true },
    members: 1,
    warnedOf: ['tickTime', 'log4j.rootLogger', 'tickTme', '4lw.commands.whitelist', 'clientPortAddress'],
  },
}

describe('zoo.cfg files that others write', () => {
  for (const [name, shape] of Object.entries(shapes)) {
    it(`${name} -> taken as it is`, () => {
      const dynamic = { text: shape.dynamic ?? '', file: '/data/zoo.cfg.dynamic.100000000' }
      const { config, warnings } = parseConfig(shape.text, '/conf/zoo.cfg', {
        ...(shape.serverId === undefined ? {} : { serverId: shape.serverId }),
        ...(shape.dynamic === undefined ? {} : { dynamic }),
      })
      expect(config.format).toBe('zoo')
      expect(config).toMatchObject(shape.expected)
      expect(config.servers).toHaveLength(shape.members)
      // Settings that are not honoured now may be later: then their warning goes.
      const warned = warnings.map((warning) => warning.split(/:? /)[1] ?? '')
      expect(shape.warnedOf.filter((key) => !warned.includes(key))).toEqual([])
    })
  }

  it('a misspelt key -> warned of, with what was perhaps meant', () => {
    const { warnings } = parseConfig('clientPort=1\ndataDir=/d\ntickTme=5\nlog4j.x=1', '/zoo.cfg')
    expect(warnings).toEqual([
      '/zoo.cfg:3: tickTme is not a known setting and does nothing; perhaps tickTime was meant',
      '/zoo.cfg:4: log4j.x is not a known setting and does nothing',
    ])
  })

  it('a key twice -> the last one, with a warning when the values differ', () => {
    const text = 'clientPort=1\nclientPort=2\ndataDir=/d\ndataDir=/d\nzookeeper.dataDir=/e'
    const { config, warnings } = parseConfig(text, '/zoo.cfg')
    expect(config).toMatchObject({ clientPort: 2, dataDir: '/e' })
    expect(warnings).toEqual([
      '/zoo.cfg:2: clientPort is given a second time, line 1 has it already: the last one counts, as in ZooKeeper',
      '/zoo.cfg:5: dataDir is given a second time, line 4 has it already: the last one counts, as in ZooKeeper',
    ])
  })
})
