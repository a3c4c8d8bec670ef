import { describe, expect, test } from 'vitest'
import { javaDate } from '../../../src/server/four-letter-words/java-text.ts'
import { Harness } from '../client-side-harness.ts'
import type { RawClient } from '../raw-client.ts'
import { say } from './say.ts'

const hex = (id: number | undefined) => `0x${(id ?? 0).toString(16)}`
const ephemeral = 1

describe('four-letter words that list', () => {
  test('cons -> a full line for a session, a short one for the asker, an empty one at the end', async () => {
    const harness = await Harness.serving()
    const client = harness.client()
    client.ask(client.create('/a'))
    harness.time.pass(7)
    client.ask(client.get('/a'))
    const [line, own, ...rest] = (await say(harness, 'cons')).split('\n')
    const { port } = client.connection.remote
    const estMs = Date.UTC(2026, 0, 1)
    expect(line).toBe(
      ` /127.0.0.1:${port}[1](queued=0,recved=3,sent=3,sid=${hex(client.session?.sessionId)},lop=GETD,est=${estMs},to=4000,` +
        'lcxid=0x2,lzxid=0x100000002,lresp=1007,llat=0,minlat=0,avglat=0,maxlat=0)',
    )
    expect(own).toMatch(/^ \/127\.0\.0\.1:\d+\[0\]\(queued=0,recved=1,sent=0\)$/)
    expect(rest).toEqual(['', ''])
  })

  test('cons, a write that took its time -> its latency; a ping is an operation, and no xid', async () => {
    const harness = await Harness.serving()
    const client = harness.client()
    harness.replica.committing = false
    client.send(client.create('/a'))
    harness.time.endTurns()
    harness.time.pass(20)
    harness.commit()
    client.ask(client.ping())
    const line = (await say(harness, 'cons')).split('\n')[0]
    expect(line).toContain(',lop=PING,')
    expect(line).toContain(',lcxid=0x1,')
    expect(line).toMatch(/llat=0,minlat=0,avglat=7,maxlat=20\)$/)
    const mntr = await say(harness, 'mntr')
    expect(mntr).toContain('\nzk_max_updatelatency\t20\nzk_cnt_updatelatency\t1\n')
    expect(mntr).toContain('\nzk_p50_updatelatency\t20\n')
  })

  test('crst -> every connection is counted anew, and has no xid', async () => {
    const harness = await Harness.serving()
    const client = harness.client()
    client.ask(client.get('/'))
    expect(await say(harness, 'crst')).toBe('Connection stats reset.\n')
    const line = (await say(harness, 'cons')).split('\n')[0]
    expect(line).toContain('(queued=0,recved=0,sent=0,sid=0x')
    expect(line).toContain(',lop=NA,')
    expect(line).toContain(',to=4000,lzxid=0xffffffffffffffff,lresp=0,')
  })

  test('wchs, wchc, wchp -> watches on data and existence, not on children', async () => {
    const harness = await Harness.serving()
    const [a, b] = [harness.client(), harness.client()]
    a.ask(a.get('/', true), a.exists('/none', true), a.children('/', true))
    b.ask(b.exists('/none', true))
    const [first, second] = [hex(a.session?.sessionId), hex(b.session?.sessionId)]
    expect(await say(harness, 'wchs')).toBe('2 connections watching 2 paths\nTotal watches:3\n')
    expect(await say(harness, 'wchc')).toBe(`${first}\n\t/\n\t/none\n${second}\n\t/none\n\n`)
    expect(await say(harness, 'wchp')).toBe(`/\n\t${first}\n/none\n\t${first}\n\t${second}\n\n`)
  })

  test('dump of the leader -> sessions by when they expire, ephemeral nodes, connections', async () => {
    const harness = await Harness.serving()
    const client = harness.client({ timeoutMs: 4000 })
    harness.client({ timeoutMs: 9000 })
    client.ask(client.create('/e', ephemeral))
    const lines = (await say(harness, 'dump')).split('\n')
    const id = hex(client.session?.sessionId)
    const at = (inMs: number) => javaDate(Date.UTC(2026, 0, 1) + inMs)
    expect(lines).toEqual([
      'SessionTracker dump:',
      'Session Sets (2)/(2):',
      `1 expire at ${at(4000)}:`,
      `\t${id}`,
      `1 expire at ${at(9000)}:`,
      expect.stringMatching(/^\t0x/),
      'ephemeral nodes dump:',
      'Sessions with Ephemerals (1):',
      `${id}:`,
      '\t/e',
      'Connections dump:',
      'Connections Sets (1)/(3):',
      `3 expire at ${at(10_000)}:`,
      `\tip: /127.0.0.1:${client.connection.remote.port} sessionId: ${id}`,
      expect.stringMatching(/^\tip: \/127\.0\.0\.1:\d+ sessionId: 0x1/),
      expect.stringMatching(/^\tip: \/127\.0\.0\.1:\d+ sessionId: 0x0$/),
      '',
    ])
  })

  test('dump of a follower -> the sessions with their timeouts: only the leader knows when they expire', async () => {
    const harness = await Harness.serving()
    const client = harness.client({ timeoutMs: 4000 })
    harness.side.tree.endReign()
    expect((await say(harness, 'dump')).split('\n').slice(0, 4)).toEqual([
      'SessionTracker dump:',
      'Global Sessions(1):',
      `${hex(client.session?.sessionId)}\t4000ms`,
      'ephemeral nodes dump:',
    ])
  })

  test('a date -> as Java prints it', () => {
    expect(javaDate(Date.UTC(2026, 10, 21, 10, 19, 9))).toBe('Sat Nov 21 10:19:09 UTC 2026')
    expect(javaDate(Date.UTC(2026, 2, 1, 0, 0, 0))).toBe('Sun Mar 01 00:00:00 UTC 2026')
  })

  test('100,000 watches -> many small writes, turns between them, nothing made before it is sent', async () => {
    const harness = await Harness.serving()
    const client = harness.client()
    watch(harness, client, '/none/', 100_000)
    for (const word of ['wchc', 'wchp']) {
      const asker = harness.dial()
      asker.connection.handlers?.onData(Buffer.from(word))
      expect(asker.connection.writes).toBe(1)
      expect(asker.connection.received.length).toBeLessThan(128 * 1024)
      expect(asker.connection.ended).toBeNull()
      harness.time.endTurns()
      const text = asker.text()
      expect(text.match(/\/none\//g)).toHaveLength(100_000)
      expect(text.endsWith('\n\n')).toBe(true)
      expect(asker.connection.writes).toBeGreaterThan(20)
      expect(asker.connection.ended).toBe('orderly')
    }
  })

  test('an asker that does not read -> gets no more until it does, and is closed in the end', async () => {
    const harness = await Harness.serving()
    const client = harness.client()
    watch(harness, client, '/none/', 20_000)
    const [slow, stuck] = [harness.dial(), harness.dial()]
    for (const asker of [slow, stuck]) {
      asker.connection.stuck = true
      asker.send(Buffer.from('wchp'))
    }
    harness.time.endTurns()
    expect(slow.connection.bufferedBytes).toBeLessThan(128 * 1024)
    slow.connection.unstick()
    harness.time.endTurns()
    expect(slow.text().endsWith('\n\n')).toBe(true)
    expect(slow.connection.ended).toBe('orderly')
    client.send(client.ping())
    harness.time.pass(11_000)
    expect(stuck.connection.closed).toBe(true)
  })

  test('what is listed changes while it is listed -> an end all the same', async () => {
    const harness = await Harness.serving()
    const client = harness.client()
    watch(harness, client, '/n', 10_000)
    const asker = harness.dial()
    asker.connection.handlers?.onData(Buffer.from('wchp'))
    watch(harness, client, '/later', 10_000)
    harness.time.endTurns()
    expect(asker.text().match(/^\//gm)?.length).toBe(10_000)
    expect(asker.connection.ended).toBe('orderly')
  })
})

function watch(harness: Harness, client: RawClient, prefix: string, count: number): void {
  const connection = [...harness.side.connections].find(
    ({ sessionId }) => sessionId === client.session?.sessionId,
  )
  if (connection === undefined) throw new Error('the client has no connection')
  for (let i = 0; i < count; i++) harness.side.watches.watchData(`${prefix}${i}`, connection)
}
