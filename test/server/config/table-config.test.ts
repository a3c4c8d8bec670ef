import { describe, expect, it } from 'vitest'
import { standardAccess } from '../../../src/server/config/access-settings.ts'
import { ConfigError, parseConfig } from '../../../src/server/config/index.ts'

const three = `# a comment
1  127.0.0.1  2181  3181  4181
2  127.0.0.1  2182  3182  4182   # behind a line
3  127.0.0.1  2183  3183  4183

dataDir=data
`

/** Everything that is wrong with a text, as the messages that a person sees. */
function problemsOf(text: string, file = '/etc/banyan.txt', serverId?: number): string[] {
  try {
    parseConfig(text, file, serverId === undefined ? {} : { serverId })
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split('\n')
    throw error
  }
  return []
}

describe('table config', () => {
  it('three servers -> a complete configuration with defaults', () => {
    const { config, warnings } = parseConfig(three, '/etc/banyan.txt', { serverId: 2 })
    expect(warnings).toEqual([])
    expect(config).toEqual({
      serverId: 2,
      servers: [1, 2, 3].map((id) => ({
        id,
        host: '127.0.0.1',
        clientPort: 2180 + id,
        clientHost: '127.0.0.1',
        peerPort: 3180 + id,
        leaderPort: 4180 + id,
      })),
      standalone: false,
      membership: [
        'server.1=127.0.0.1:4181:3181:participant;127.0.0.1:2181',
        'server.2=127.0.0.1:4182:3182:participant;127.0.0.1:2182',
        'server.3=127.0.0.1:4183:3183:participant;127.0.0.1:2183',
        'version=100000000',
      ].join('\n'),
      format: 'table',
      dataDir: '/etc/data',
      serverDir: '/etc/data/2',
      clientPort: 2182,
      clientHost: '127.0.0.1',
      tickTimeMs: 2000,
      initLimitTicks: 10,
      syncLimitTicks: 5,
      minSessionTimeoutMs: 4000,
      maxSessionTimeoutMs: 40_000,
      maxClientCnxns: 60,
      maxCnxns: 0,
      sessionlessCnxnTimeoutMs: 10_000,
      globalOutstandingLimit: 10_000,
      snapCount: 100_000,
      juteMaxBuffer: 1_048_575,
      extendedTypesEnabled: false,
      reapIntervalMs: 60_000,
      reapedPerMinuteMax: 10_000,
      neverUsedContainerMs: 300_000,
      fourLetterWords: new Set('ruok isro srvr stat conf cons dirs envi mntr wchs hash gtmk'.split(' ')),
      access: standardAccess,
      enforceQuota: false,
      heartbeatMs: 100,
      peerTimeoutMs: 1000,
      leaderPreemption: true,
      replication: 'passive',
      resync: 'auto',
    })
  })

  it('every setting given -> every setting taken', () => {
    const text = `${three}
      tickTime = 500
      initLimit=20
      syncLimit=8
      minSessionTimeout=700
      maxSessionTimeout=9000
      maxClientCnxns=0
      globalOutstandingLimit=50
      zookeeper.snapCount=1000
      jute.maxbuffer=0x400000
      4lw.commands.whitelist=*
      zookeeper.extendedTypesEnabled=true
      znode.container.checkIntervalMs=1000
      zookeeper.znode.container.maxPerMinute=60
      znode.container.maxNeverUsedIntervalMs=0
      clientPortAddress=0.0.0.0
      heartbeat=50
      peerTimeout=400
      leaderPreemption=no
      replication=passive
      resync=full`
    const { config } = parseConfig(text, '/etc/banyan.txt', { serverId: 1 })
    expect(config).toMatchObject({
      tickTimeMs: 500,
      initLimitTicks: 20,
      syncLimitTicks: 8,
      minSessionTimeoutMs: 700,
      maxSessionTimeoutMs: 9000,
      maxClientCnxns: 0,
      globalOutstandingLimit: 50,
      snapCount: 1000,
      juteMaxBuffer: 0x400000,
      fourLetterWords: '*',
      extendedTypesEnabled: true,
      reapIntervalMs: 1000,
      reapedPerMinuteMax: 60,
      neverUsedContainerMs: 0,
      clientHost: '0.0.0.0',
      heartbeatMs: 50,
      peerTimeoutMs: 400,
      leaderPreemption: false,
      resync: 'full',
    })
  })

  it('a single server -> standalone, and its id need not be given', () => {
    const { config } = parseConfig('7 localhost 2181 3181 4181\ndataDir=/var/b', '/etc/b.txt')
    expect(config).toMatchObject({ serverId: 7, standalone: true, serverDir: '/var/b/7' })
    const asked = parseConfig('7 localhost 2181 3181 4181\ndataDir=/b\nstandaloneEnabled=false', '/etc/b.txt')
    expect(asked.config.standalone).toBe(false)
  })

  it('an even number of servers -> a warning that the last one buys nothing', () => {
    const { warnings } = parseConfig('1 a 1 2 3\n2 b 1 2 3\ndataDir=d', '/b.txt', { serverId: 1 })
    expect(warnings).toEqual(['/b.txt: 2 servers survive no more failures than 1'])
  })

  it('IPv6 hosts, with brackets and without -> taken, and bracketed in the membership text', () => {
    const text = '1 [::1] 2181 3181 4181\n2 fe80::2 2181 3181 4181\n3 c 2181 3181 4181\ndataDir=d'
    const { config } = parseConfig(text, '/b.txt', { serverId: 1 })
    expect(config.servers.map((server) => server.host)).toEqual(['::1', 'fe80::2', 'c'])
    expect(config.membership).toBe(
      [
        'server.1=[::1]:4181:3181:participant;[::1]:2181',
        'server.2=[fe80::2]:4181:3181:participant;[fe80::2]:2181',
        'server.3=c:4181:3181:participant;c:2181',
        'version=100000000',
      ].join('\n'),
    )
  })

  it('carriage returns and a byte order mark -> no matter', () => {
    const text = `\uFEFF${three.replaceAll('\n', '\r\n')}`
    expect(parseConfig(text, '/etc/b.txt', { serverId: 3 }).config.clientPort).toBe(2183)
  })
})

describe('table config: what is wrong names file, line, found and expected', () => {
  const cases: [name: string, text: string, problems: string[]][] = [
    [
      'unknown key',
      `${three}tickTine=5`,
      ['/etc/banyan.txt:7: found unknown setting "tickTine"; expected a known setting, perhaps tickTime'],
    ],
    [
      'far unknown key',
      `${three}colour=red`,
      ['/etc/banyan.txt:7: found unknown setting "colour"; expected a setting that docs/operations.md lists'],
    ],
    [
      'duplicate id',
      `${three}2 b 1 2 3`,
      [
        '/etc/banyan.txt:7: found server id 2 a second time; expected an id of its own for every server (line 3 has 2 already)',
      ],
    ],
    [
      'duplicate key',
      `${three}dataDir=x`,
      ['/etc/banyan.txt:7: found dataDir a second time; expected each setting once (line 6 has it already)'],
    ],
    [
      'duplicate key with prefix',
      `${three}tickTime=9000\nzookeeper.tickTime=9000`,
      ['/etc/banyan.txt:8: found tickTime a second time; expected each setting once (line 7 has it already)'],
    ],
    [
      'ports of two servers clash',
      `${three}4 localhost 2184 3181 4184`,
      [
        "/etc/banyan.txt:7: found server 4's peer port 3181; expected a port that is free on localhost: it is server 1's peer port",
      ],
    ],
    [
      'ports of one server clash',
      `${three}4 d 2184 3184 2184`,
      [
        "/etc/banyan.txt:7: found server 4's leader port 2184; expected a port that is free on d: it is server 4's client port",
      ],
    ],
    [
      'bad number',
      `${three}tickTime=2s`,
      ['/etc/banyan.txt:7: found tickTime "2s"; expected a whole number of ms from 10 to 3600000'],
    ],
    [
      'number out of range',
      `${three}snapCount=1`,
      [
        '/etc/banyan.txt:7: found snapCount "1"; expected a whole number of transactions from 2 to 2147483647',
      ],
    ],
    [
      'no number',
      `${three}syncLimit=`,
      [
        '/etc/banyan.txt:7: found syncLimit without a value; expected a whole number of ticks from 1 to 1000000',
      ],
    ],
    [
      'bad port',
      `${three}4 d 99999 1 2`,
      ['/etc/banyan.txt:7: found client port "99999"; expected a whole number from 1 to 65535'],
    ],
    [
      'bad id',
      `${three}x d 5 1 2`,
      ['/etc/banyan.txt:7: found server id "x"; expected a whole number from 0 to 255'],
    ],
    [
      'id out of range',
      `${three}256 d 5 1 2`,
      ['/etc/banyan.txt:7: found server id "256"; expected a whole number from 0 to 255'],
    ],
    [
      'bad address',
      `${three}4 300.1.1.1 5 1 2`,
      [
        '/etc/banyan.txt:7: found host "300.1.1.1"; expected a host name, an IPv4 address, or an IPv6 address',
      ],
    ],
    [
      'bad IPv6 address',
      `${three}4 1::2::3 5 1 2`,
      ['/etc/banyan.txt:7: found host "1::2::3"; expected a host name, an IPv4 address, or an IPv6 address'],
    ],
    [
      'missing field',
      `${three}4 d 5 1`,
      [
        '/etc/banyan.txt:7: found "4 d 5 1" (4 fields); expected a server line "id host clientPort peerPort leaderPort" or a setting "key=value"',
      ],
    ],
    [
      'no dataDir',
      '1 a 1 2 3',
      ['/etc/banyan.txt: found no dataDir; expected a line "dataDir=<folder>", where the data is to be kept'],
    ],
    [
      'empty dataDir',
      '1 a 1 2 3\ndataDir=',
      ['/etc/banyan.txt:2: found dataDir without a value; expected a value behind the "="'],
    ],
    [
      'empty file',
      '',
      [
        '/etc/banyan.txt: found no server line; expected a server line "id host clientPort peerPort leaderPort" or a setting "key=value"',
        '/etc/banyan.txt: found no dataDir; expected a line "dataDir=<folder>", where the data is to be kept',
      ],
    ],
    [
      'clientPort as a setting',
      `${three}clientPort=5`,
      ["/etc/banyan.txt:7: found clientPort; expected client ports only in the servers' lines, third field"],
    ],
    [
      'bad switch',
      `${three}leaderPreemption=maybe`,
      ['/etc/banyan.txt:7: found leaderPreemption "maybe"; expected yes or no'],
    ],
    [
      'bad choice',
      `${three}resync=never`,
      ['/etc/banyan.txt:7: found resync "never"; expected auto or full'],
    ],
    [
      'active replication',
      `${three}replication=active`,
      [
        '/etc/banyan.txt:7: found replication "active"; expected passive (active replication is not in this version)',
      ],
    ],
    [
      'timeouts crossed',
      `${three}minSessionTimeout=9000\nmaxSessionTimeout=8000`,
      [
        '/etc/banyan.txt:7: found minSessionTimeout 9000 ms with maxSessionTimeout 8000 ms; expected a minimum that is not above the maximum',
      ],
    ],
    [
      'failure detector too nervous',
      `${three}heartbeat=600`,
      [
        '/etc/banyan.txt:7: found peerTimeout 1000 ms with heartbeat 600 ms; expected a peerTimeout of at least twice the heartbeat',
      ],
    ],
    [
      'weights',
      `${three}weight.1=2`,
      [
        '/etc/banyan.txt:7: found weight.1=2; expected one equal vote per server: quorums by group or weight are not supported',
      ],
    ],
  ]
  for (const [name, text, problems] of cases) {
    it(`${name} -> refused`, () => expect(problemsOf(text, undefined, 1)).toEqual(problems))
  }

  it('several problems -> all reported, in the order of the lines', () => {
    const text = '1 a 1 2 x\n2 b 1 2 3\ntickTime=0\nfoo=1\n2 b 4 5 6\ndataDir=d'
    expect(problemsOf(text, '/b.txt', 1).map((problem) => problem.split(' ')[0])).toEqual([
      '/b.txt:1:',
      '/b.txt:3:',
      '/b.txt:4:',
      '/b.txt:5:',
    ])
  })

  it('no id, or one that the file lacks -> refused with the ids there are', () => {
    expect(problemsOf(three)).toEqual([
      '/etc/banyan.txt: found no word on which server this is; expected an id (1, 2, 3) on the command line or in dataDir/myid',
    ])
    expect(problemsOf(three, undefined, 4)).toEqual([
      '/etc/banyan.txt: found no server 4; expected an id that the file has: 1, 2, 3',
    ])
    expect(problemsOf(three, undefined, 256)).toEqual([
      '/etc/banyan.txt: found server id 256; expected a whole number from 0 to 255',
    ])
  })
})
