import { describe, expect, it } from 'vitest'
import { ConfigError, parseConfig } from '../../../src/server/config/index.ts'

const ensemble = `tickTime=2000
initLimit=10
syncLimit=5
dataDir=/var/lib/zookeeper
clientPort=2181
server.1=zoo1:2888:3888
server.2=zoo2:2888:3888:participant
server.3=[fd00::3]:2888:3888
`

function problemsOf(text: string, serverId = 1): string[] {
  try {
    parseConfig(text, '/etc/zoo.cfg', { serverId })
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split('\n')
    throw error
  }
  return []
}

describe('zoo.cfg', () => {
  it('an ensemble with a separate client port -> ports under their names, files in dataDir itself', () => {
    const { config, warnings } = parseConfig(ensemble, '/etc/zoo.cfg', { serverId: 3 })
    expect(warnings).toEqual([])
    expect(config).toMatchObject({
      serverId: 3,
      standalone: false,
      format: 'zoo',
      serverDir: '/var/lib/zookeeper',
      clientPort: 2181,
      clientHost: '0.0.0.0',
    })
    expect(config.servers[2]).toEqual({
      id: 3,
      host: 'fd00::3',
      clientPort: 2181,
      clientHost: '0.0.0.0',
      peerPort: 3888,
      leaderPort: 2888,
    })
    expect(config.servers[0]).toMatchObject({ host: 'zoo1', clientPort: null, clientHost: null })
    expect(config.membership).toBe(
      `server.1=zoo1:2888:3888:participant
server.2=zoo2:2888:3888:participant
server.3=[fd00::3]:2888:3888:participant
version=100000000`,
    )
  })

  it('client ports in the server lines -> the same, for every server', () => {
    const text = `dataDir=d
      server.1=a:1:2;2181
      server.2=b:1:2:PARTICIPANT;10.0.0.2:2182
      server.3=c:1:2;[::1]:2183;2283`
    const { config, warnings } = parseConfig(text, '/etc/zoo.cfg', { serverId: 2 })
    expect(config.membership).toBe(
      `server.1=a:1:2:participant;0.0.0.0:2181
server.2=b:1:2:participant;10.0.0.2:2182
server.3=c:1:2:participant;[::1]:2183
version=100000000`,
    )
    for (const serverId of [1, 3]) {
      expect(parseConfig(text, '/etc/zoo.cfg', { serverId }).config.membership).toBe(config.membership)
    }
    expect(config.servers.map((server) => [server.clientHost, server.clientPort])).toEqual([
      ['0.0.0.0', 2181],
      ['10.0.0.2', 2182],
      ['::1', 2183],
    ])
    expect(config).toMatchObject({
      clientPort: 2182,
      clientHost: '10.0.0.2',
      dataDir: '/etc/d',
      tickTimeMs: 3000,
    })
    expect(warnings).toEqual([
      '/etc/zoo.cfg:4: secure client port "2283" is not served: TLS is not in this version',
    ])
  })

  it('limits of connections -> honoured; keys of the same family that tune threads -> a warning', () => {
    const { config, warnings } = parseConfig(
      'dataDir=/d\nclientPort=2181\nmaxCnxns=500\nzookeeper.nio.sessionlessCnxnTimeout=700\nnio.numSelectorThreads=2',
      '/z/zoo.cfg',
    )
    expect(config).toMatchObject({ maxCnxns: 500, sessionlessCnxnTimeoutMs: 700 })
    expect(warnings).toEqual([expect.stringContaining('nio.numSelectorThreads is accepted and does nothing')])
  })

  it('read-only mode and local sessions -> a warning that says what happens instead', () => {
    const { warnings } = parseConfig(
      'dataDir=/d\nclientPort=2181\nreadonlymode.enabled=true\nlocalSessionsEnabled=true',
      '/z/zoo.cfg',
    )
    expect(warnings).toEqual([
      expect.stringContaining('a server without a quorum closes client connections'),
      expect.stringContaining('every session is known to the whole ensemble'),
    ])
  })

  it('no server lines -> one standalone server with id 1, unless myid says another', () => {
    const { config } = parseConfig('dataDir=/d\nclientPort=2181\nmaxClientCnxns=0', '/z/zoo.cfg')
    expect(config).toMatchObject({ serverId: 1, standalone: true, clientPort: 2181, maxClientCnxns: 0 })
    expect(config.servers).toHaveLength(1)
    expect(config.membership).toBe('')
    expect(parseConfig('dataDir=/d\nclientPort=2181', '/z/zoo.cfg', { serverId: 9 }).config.serverId).toBe(9)
  })

  it('what test harnesses write -> accepted, one warning line for each key that does nothing', () => {
    const text = `${ensemble}
      secureClientPort=2281
      ssl.keyStore.location=/k.jks
      ssl.keyStore.password=pa=ss:word
      serverCnxnFactory=org.apache.zookeeper.server.NettyServerCnxnFactory
      admin.enableServer=false
      admin.serverPort=8080
      authProvider.1=org.apache.zookeeper.server.auth.SASLAuthenticationProvider
      quorumListenOnAllIPs=true
      autopurge.purgeInterval=1
      metricsProvider.className=org.example.M
      4lw.commands.whitelist=*
      maxClientCnxns=0
      preAllocSize=65536
      forceSync=no`
    const { config, warnings } = parseConfig(text, '/etc/zoo.cfg', { serverId: 1 })
    expect(config.fourLetterWords).toBe('*')
    expect(config.maxClientCnxns).toBe(0)
    const keys =
      'secureClientPort ssl.keyStore.location ssl.keyStore.password serverCnxnFactory admin.enableServer admin.serverPort quorumListenOnAllIPs autopurge.purgeInterval metricsProvider.className preAllocSize forceSync'
    const idle = warnings.map((warning) => / (\S+) is accepted and does nothing: \S+/.exec(warning)?.[1])
    expect(idle.filter((key) => key !== undefined)).toEqual(keys.split(' '))
    expect(config.access.aclSchemes).toContain('sasl')
    expect(warnings[0]).toBe(
      '/etc/zoo.cfg:10: secureClientPort is accepted and does nothing: TLS is not in this version, all ports speak plain TCP',
    )
  })

  it('the forms that Java allows -> the same settings', () => {
    const text = 'dataDir = /d\\\n   /e\n! note\nclientPort: 2181\ntickTime 1000\nclientPortAddress=\\[::1\\]'
    const { config } = parseConfig(text, '/z/zoo.cfg')
    expect(config).toMatchObject({ dataDir: '/d/e', clientPort: 2181, tickTimeMs: 1000, clientHost: '::1' })
  })

  it('the four-letter words that are given -> those, and srvr; others are warned of', () => {
    const text = 'dataDir=/d\nclientPort=1\nzookeeper.4lw.commands.whitelist=ruok, isro, foo!'
    const { config, warnings } = parseConfig(text, '/z/zoo.cfg')
    expect(config.fourLetterWords).toEqual(new Set(['ruok', 'isro', 'foo!', 'srvr']))
    expect(warnings).toEqual([
      '/z/zoo.cfg:3: "foo!" in 4lw.commands.whitelist is not a word that ZooKeeper has',
    ])
  })

  it('server lines in a dynamic file -> joined, settings there refused', () => {
    const dynamic = {
      file: '/etc/zoo.cfg.dynamic',
      text: 'server.1=a:1:2;2181\nserver.2=b:1:2;2181\nserver.3=c:1:2;2181',
    }
    const text = 'dataDir=/d\ndynamicConfigFile=/etc/zoo.cfg.dynamic'
    const { config } = parseConfig(text, '/etc/zoo.cfg', { serverId: 2, dynamic })
    expect(config.servers.map((server) => server.host)).toEqual(['a', 'b', 'c'])
    const wrong = { ...dynamic, text: `${dynamic.text}\ntickTime=3` }
    expect(() => parseConfig(text, '/etc/zoo.cfg', { serverId: 2, dynamic: wrong })).toThrow(
      '/etc/zoo.cfg.dynamic:4: found "tickTime" in a dynamic file; expected server lines only',
    )
  })
})

describe('zoo.cfg: what is wrong', () => {
  const form = 'server.N=host:leaderPort:peerPort[:participant][;[clientAddress:]clientPort]'
  const cases: [name: string, text: string, problems: string[]][] = [
    [
      'observer',
      `${ensemble}server.4=d:1:2:observer`,
      ['/etc/zoo.cfg:9: found an observer; expected participants only: observers are not in this version'],
    ],
    [
      'observer by peerType',
      `${ensemble}peerType=observer`,
      ['/etc/zoo.cfg:9: found peerType "observer"; expected participant (observers are not in this version)'],
    ],
    [
      'unknown role',
      `${ensemble}server.4=d:1:2:king`,
      ['/etc/zoo.cfg:9: found role "king"; expected participant'],
    ],
    ['one port only', `${ensemble}server.4=d:1`, [`/etc/zoo.cfg:9: found "d:1"; expected ${form}`]],
    [
      'several addresses',
      `${ensemble}server.4=d:1:2|e:1:2`,
      [
        `/etc/zoo.cfg:9: found several addresses for one server, "d:1:2|e:1:2"; expected one address per server: ${form}`,
      ],
    ],
    [
      'duplicate id',
      `${ensemble}server.1=d:1:2`,
      [
        '/etc/zoo.cfg:9: found server id 1 a second time; expected an id of its own for every server (line 6 has 1 already)',
      ],
    ],
    [
      'id no number',
      `${ensemble}server.x=d:1:2`,
      ['/etc/zoo.cfg:9: found server id "x"; expected a whole number from 0 to 255'],
    ],
    [
      'no client port',
      'dataDir=d\nserver.1=a:1:2',
      [
        '/etc/zoo.cfg: found no clientPort; expected a line "clientPort=2181" or ";2181" behind the server line',
      ],
    ],
    [
      'no client port, standalone',
      'dataDir=d',
      ['/etc/zoo.cfg: found no clientPort; expected a line "clientPort=2181"'],
    ],
    [
      'bad client port',
      'dataDir=d\nclientPort=0',
      ['/etc/zoo.cfg:2: found clientPort "0"; expected a whole number from 1 to 65535'],
    ],
    [
      'client port said twice',
      'dataDir=d\nclientPort=5\nserver.1=a:1:2;6',
      ["/etc/zoo.cfg:2: found clientPort 5; expected 6, as server 1's line 3 says"],
    ],
    [
      'client port is the peer port',
      'dataDir=d\nclientPort=2\nserver.1=a:1:2',
      [
        "/etc/zoo.cfg:3: found server 1's peer port 2; expected a port that is free on a: it is server 1's client port",
      ],
    ],
    [
      'a row of the table',
      `${ensemble}1 a 1 2 3`,
      ['/etc/zoo.cfg:9: found "1 a 1 2 3"; expected "key=value" (this file is read as a zoo.cfg)'],
    ],
    [
      'bad client address',
      'dataDir=d\nserver.1=a:1:2;b c:5',
      [
        '/etc/zoo.cfg:2: found client address "b c"; expected a host name, an IPv4 address, or an IPv6 address',
      ],
    ],
  ]
  for (const [name, text, problems] of cases) {
    it(`${name} -> refused`, () => expect(problemsOf(text)).toEqual(problems))
  }
})
