import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { nodeEnvironment } from '../../../src/runtime/node-environment.ts'
import { versionLine } from '../../../src/server/version.ts'
import { Harness } from '../client-side-harness.ts'
import { say } from './say.ts'

const refusal = (word: string): string => `${word} is not executed because it is not in the whitelist.\n`
const notServing = 'This ZooKeeper instance is not currently serving requests\n'

describe('four-letter words', () => {
  test('ruok -> imok without a newline, also when not serving; the connection ends', async () => {
    const harness = await Harness.start()
    const asker = harness.dial()
    expect(await say(harness, 'ruok', asker)).toBe('imok')
    expect(asker.connection.ended).toBe('orderly')
  })

  test('isro -> rw, and null of a server that does not serve; no newline', async () => {
    const harness = await Harness.start()
    expect(await say(harness, 'isro')).toBe('null')
    harness.replica.lead()
    expect(await say(harness, 'isro')).toBe('rw')
  })

  test('hash of a server that does not serve -> says so without a newline', async () => {
    const harness = await Harness.start()
    expect(await say(harness, 'hash')).toBe(notServing.trimEnd())
  })

  test('gtmk, stmk -> the mask in decimal, kept; the eight bytes may come apart', async () => {
    const harness = await Harness.serving()
    expect(await say(harness, 'gtmk')).toBe('306')
    const asker = harness.dial()
    asker.send(Buffer.from('stmk\0\0\0\0', 'latin1'))
    expect(asker.text()).toBe('')
    expect(await say(harness, Buffer.from([0, 0, 1, 50]), asker)).toBe('306')
    expect(await say(harness, Buffer.from('stmk\xff\xff\xff\xff\xff\xff\xff\xfe', 'latin1'))).toBe('-2')
    expect(await say(harness, 'gtmk')).toBe('-2')
  })

  test('dirs -> the bytes on disk, of both kinds', async () => {
    const harness = await Harness.serving()
    expect(await say(harness, 'dirs')).toBe('datadir_size: 4096\nlogdir_size: 4096\n')
  })

  test('envi -> the version, and what the process tells', async () => {
    const harness = await Harness.start()
    expect(await say(harness, 'envi')).toBe(`Environment:\nzookeeper.version=${versionLine}\n`)
    const keys = nodeEnvironment.properties().map(([key]) => key)
    expect(keys).toEqual(
      (
        'host.name java.version java.vendor java.home java.class.path java.library.path java.io.tmpdir java.compiler ' +
        'os.name os.arch os.version user.name user.home user.dir jvm.memory.free jvm.memory.max jvm.memory.total'
      ).split(' '),
    )
    for (const [key, value] of nodeEnvironment.properties()) {
      if (key.startsWith('jvm.')) expect(value).toMatch(/^\d+MB$/)
    }
  })

  test('hash -> the digest at every 128th transaction, in decimal; none of a state before', async () => {
    const harness = await Harness.serving()
    expect(await say(harness, 'hash')).toBe('')
    const client = harness.client()
    while (harness.side.state.lastApplied % 256 !== 0) client.ask(client.create('/n', 2))
    const digest = BigInt(`0x${harness.side.state.digest()}`)
    expect(await say(harness, 'hash')).toMatch(new RegExp(`^100000080: \\d+\n100000100: ${digest}\n$`))
    const pieces = await harness.snapshot()
    harness.replica.adrift()
    await harness.load(harness.side.state.lastApplied, pieces)
    expect(harness.side.digests.entries).toEqual([])
  })

  test('srst -> the traffic of the server is counted anew', async () => {
    const harness = await Harness.serving()
    harness.client()
    expect(await say(harness, 'srst')).toBe('Server stats reset.\n')
    expect(await say(harness, 'srvr')).toContain('\nReceived: 1\nSent: 1\n')
  })

  test('a word in pieces, with more behind it -> answered', async () => {
    const harness = await Harness.serving()
    const asker = harness.dial()
    asker.send(Buffer.from('r'))
    asker.send(Buffer.from('uo'))
    expect(await say(harness, 'k\nwhatever', asker)).toBe('imok')
  })

  test.each('srvr stat conf cons crst srst dirs dump wchs wchc wchp mntr'.split(' '))(
    '%s of a server that does not serve -> says so',
    async (word) => {
      const harness = await Harness.start()
      expect(await say(harness, word)).toBe(notServing)
      harness.replica.lead()
      expect(await say(harness, word)).not.toBe(notServing)
      harness.replica.adrift()
      expect(await say(harness, word)).toBe(notServing)
    },
  )

  test("a word that is not on the whitelist -> refused in ZooKeeper's words; an unknown one -> closed as a bad frame", async () => {
    const harness = await Harness.serving({ fourLetterWords: new Set(['srvr']) })
    expect(await say(harness, 'ruok')).toBe(refusal('ruok'))
    expect(await say(harness, 'srvr')).toContain('Mode: ')
    expect(await say(harness, 'wchs')).toBe(refusal('wchs'))
    const stranger = harness.dial()
    expect(await say(harness, 'abcd', stranger)).toBe('')
    expect(stranger.connection.closed).toBe(true)
    expect(harness.side.metrics.malformedFrames).toBe(1)
  })

  test('srvr -> the lines of ZooKeeper, in its order', async () => {
    const harness = await Harness.serving()
    const client = harness.client()
    client.ask(client.create('/a'))
    const lines = (await say(harness, 'srvr')).split('\n')
    expect(lines).toEqual([
      expect.stringMatching(
        /^Zookeeper version: \d+\.\d+\.\d+-[\w.-]+, built on \d\d\/\d\d\/\d{4} \d\d:\d\d UTC$/,
      ),
      expect.stringMatching(/^Latency min\/avg\/max: \d+\/\d+\.\d{1,4}\/\d+$/),
      'Received: 3',
      'Sent: 2',
      'Connections: 2',
      'Outstanding: 0',
      'Zxid: 0x100000002',
      'Mode: leader',
      'Node count: 6',
      'Proposal sizes last/min/max: 70/60/80',
      '',
    ])
  })

  test('standalone -> says so, and of no proposals', async () => {
    const harness = await Harness.serving({ standalone: true })
    const answer = await say(harness, 'srvr')
    expect(answer).toContain('\nMode: standalone\nNode count: 5\n')
    expect(answer).not.toContain('Proposal')
  })

  test('stat -> srvr with the connections', async () => {
    const harness = await Harness.serving()
    const client = harness.client()
    const lines = (await say(harness, 'stat')).split('\n')
    expect(lines.slice(1, 6)).toEqual([
      'Clients:',
      ` /127.0.0.1:${client.connection.remote.port}[1](queued=0,recved=1,sent=1)`,
      expect.stringMatching(/^ \/127\.0\.0\.1:\d+\[0\]\(queued=0,recved=1,sent=0\)$/),
      '',
      expect.stringMatching(/^Latency /),
    ])
  })

  test('mntr -> a key, a tab, a value per line; version and state first', async () => {
    const harness = await Harness.serving()
    const client = harness.client()
    client.ask(client.exists('/', true))
    const answer = await say(harness, 'mntr')
    const lines = answer.trimEnd().split('\n')
    expect(lines.filter((line) => !/^zk_[a-z_0-9]+\t\S/.test(line))).toEqual([])
    expect(lines.slice(0, 3)).toEqual([
      expect.stringContaining('zk_version\t3.'),
      'zk_server_state\tleader',
      'zk_peer_state\tleading - broadcast',
    ])
    const values = new Map(lines.map((line) => line.split('\t') as [string, string]))
    expect(values.get('zk_num_alive_connections')).toBe('2')
    expect(values.get('zk_watch_count')).toBe('1')
    expect(values.get('zk_znode_count')).toBe('5')
    expect(values.get('zk_global_sessions')).toBe('1')
    expect(values.get('zk_avg_latency')).toMatch(/^\d+\.\d+$/)
    expect(values.get('zk_op_count_exists')).toBe('1')
    expect(values.get('zk_op_count_create_session')).toBe('1')
    expect(values.get('zk_op_count_total')).toBe('2')
    expect(values.has('zk_open_file_descriptor_count')).toBe(false)
    for (const [key, value] of values) expect([key, value]).not.toContain('undefined')
  })

  test('conf -> the settings, and the members of an ensemble', async () => {
    const harness = await Harness.serving()
    const lines = (await say(harness, 'conf')).split('\n')
    expect(lines.map((line) => line.split('=')[0])).toEqual([
      'clientPort',
      'secureClientPort',
      'dataDir',
      'dataDirSize',
      'dataLogDir',
      'dataLogSize',
      'tickTime',
      'maxClientCnxns',
      'minSessionTimeout',
      'maxSessionTimeout',
      'clientPortListenBacklog',
      'serverId',
      'initLimit',
      'syncLimit',
      'electionAlg',
      'electionPort',
      'quorumPort',
      'peerType',
      'membership: ',
      'server.1',
      'version',
    ])
    expect(lines).toContain('dataDirSize=4096')
  })

  test('the version that is told -> that of package.json', async () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }
    const harness = await Harness.serving()
    expect(await say(harness, 'srvr')).toContain(`-banyan-${version},`)
  })
})
