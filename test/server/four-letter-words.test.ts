import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { Harness } from './client-side-harness.ts'

const refusal = (word: string): string => `${word} is not executed because it is not in the whitelist.\n`
const notServing = 'This ZooKeeper instance is not currently serving requests\n'

describe('four-letter words', () => {
  test('ruok -> imok without a newline, also when not serving; the connection ends', async () => {
    const harness = await Harness.start()
    const asker = harness.dial()
    expect(await say(harness, 'ruok', asker)).toBe('imok')
    expect(asker.connection.ended).toBe('orderly')
  })

  test('a word in pieces, with more behind it -> answered', async () => {
    const harness = await Harness.serving()
    const asker = harness.dial()
    asker.send(Buffer.from('r'))
    asker.send(Buffer.from('uo'))
    expect(await say(harness, 'k\nwhatever', asker)).toBe('imok')
  })

  test.each(['srvr', 'stat', 'mntr', 'conf'])(
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
      expect.stringMatching(/^ \/127\.0\.0\.1:\d+\[1\]\(queued=0,recved=0,sent=0\)$/),
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
    expect(lines.every((line) => /^zk_[a-z_]+\t\S/.test(line))).toBe(true)
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

async function say(harness: Harness, text: string, asker = harness.dial()): Promise<string> {
  asker.send(Buffer.from(text))
  for (let i = 0; i < 10; i++) await Promise.resolve()
  return asker.text()
}
