import { describe, expect, test } from 'vitest'
import { limits } from '../../src/server/limits.ts'
import { OpCode } from '../../src/wire/opcodes.ts'
import { Harness } from './client-side-harness.ts'
import { connectBody, frameOf, type RawClient } from './raw-client.ts'

/** The lines that a limit has left in the log; each names the client, what was found, the limit and a way out. */
const linesWith = (harness: Harness, part: string): string[] =>
  harness.lines.filter((line) => line.includes(part))

const length = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

/** A read of so many bytes. */
const wideRead = (client: RawClient, bytes: number): Buffer =>
  client.request(OpCode.exists, (body) => body.string('/').bool(false).raw(Buffer.alloc(bytes)))

describe('outstanding requests', () => {
  test('more writes in flight than globalOutstandingLimit -> those with some outstanding are not read from, all are answered', async () => {
    const harness = await Harness.serving({ globalOutstandingLimit: 10 })
    const greedy = harness.client()
    const modest = harness.client()
    harness.replica.committing = false
    greedy.send(...Array.from({ length: 50 }, (_, i) => greedy.create(`/g${i}`)))
    expect(greedy.connection.paused).toBe(true)
    expect(harness.side.inFlight.count).toBe(10)
    modest.send(modest.create('/m'))
    expect(harness.side.inFlight.count).toBe(11)
    for (let round = 0; round < 12; round++) harness.commit()
    expect(greedy.frames().map(({ xid, error }) => [xid, error])).toEqual(
      Array.from({ length: 50 }, (_, i) => [i + 1, 0]),
    )
    expect(modest.frames()).toMatchObject([{ error: 0 }])
    expect(greedy.connection.paused).toBe(false)
    expect(linesWith(harness, 'globalOutstandingLimit')).toEqual([
      expect.stringMatching(
        /^warn: reading from the connection of session 0x\w+ from 127.0.0.1:\d+ pauses: 10 requests .* globalOutstandingLimit is 10 .* raise globalOutstandingLimit/,
      ),
    ])
  })

  test('thousands of requests of one connection wait -> it is not read from until half are done', async () => {
    const harness = await Harness.serving({ globalOutstandingLimit: 100_000 })
    const client = harness.client()
    harness.replica.committing = false
    client.send(...Array.from({ length: 2500 }, (_, i) => client.create(`/n${i}`)))
    expect(client.connection.paused).toBe(true)
    harness.commit(1000)
    expect(client.connection.paused).toBe(true)
    harness.commit(1000)
    expect(client.connection.paused).toBe(false)
    harness.commit()
    expect(client.frames()).toHaveLength(2500)
    expect(linesWith(harness, '2000 and')).toEqual([
      expect.stringMatching(
        /^info: reading from the connection of session \w+ .* pauses: 2000 of its requests/,
      ),
    ])
  })

  test('reads wait behind a write, each in a chunk of its own -> what the chunks keep in memory is counted', async () => {
    const harness = await Harness.serving()
    const client = harness.client()
    harness.replica.committing = false
    client.send(client.create('/a'))
    // A small read at the end of a chunk whose beginning was answered long ago, or waits as well.
    const chunk = (): Buffer[] => [client.exists('/'), wideRead(client, 64 * 1024)]
    let chunks = 0
    while (!client.connection.paused && chunks < 1000) {
      client.send(...chunk())
      chunks++
    }
    expect(chunks).toBeLessThanOrEqual(Math.ceil(limits.connectionWaitingBytesMax / (64 * 1024)))
    expect(harness.side.waiting.total).toBeGreaterThanOrEqual(limits.connectionWaitingBytesMax)
    harness.commit()
    expect(client.frames()).toHaveLength(1 + 2 * chunks)
    expect(harness.side.waiting.total).toBe(0)
    expect(client.connection.paused).toBe(false)
  })

  test('a flood from many connections while nothing commits -> all stop being read, within the bound; then all is answered', async () => {
    const harness = await Harness.serving({ maxClientCnxns: 0 })
    const bytes = 100_000
    const clients = Array.from({ length: 100 }, () => harness.client())
    harness.replica.committing = false
    const sent = clients.map(() => 1)
    for (const client of clients) client.send(client.create(`/c${client.session?.sessionId}`))
    for (let round = 0; round < 100; round++) {
      for (const [i, client] of clients.entries()) {
        if (client.connection.paused) continue
        client.send(wideRead(client, bytes))
        sent[i] = (sent[i] as number) + 1
      }
    }
    expect(clients.every(({ connection }) => connection.paused)).toBe(true)
    // One more chunk each, once memory is tight.
    const bound = limits.waitingBytesMax + clients.length * (bytes + limits.connectionWaitingBytesWhenTight)
    expect(harness.side.waiting.total).toBeGreaterThan(limits.waitingBytesMax)
    expect(harness.side.waiting.total).toBeLessThanOrEqual(bound)
    harness.commit()
    expect(clients.map((client) => client.frames().length)).toEqual(sent)
    expect(harness.side.waiting.total).toBe(0)
    expect(clients.some(({ connection }) => connection.paused)).toBe(false)
  })

  test('a connection with requests that wait is closed -> their bytes count no more', async () => {
    const harness = await Harness.serving()
    const client = harness.client()
    harness.replica.committing = false
    client.send(client.create('/a'), wideRead(client, 10_000), client.exists('/'))
    expect(harness.side.waiting.total).toBeGreaterThan(10_000)
    client.connection.destroy()
    expect(harness.side.waiting.total).toBe(0)
    harness.commit()
    expect(harness.side.waiting.total).toBe(0)
  })
})

describe('a slow reader', () => {
  test('it does not read -> its requests wait, nothing more is read; when it reads again they are answered', async () => {
    const harness = await Harness.serving()
    const client = harness.client()
    client.ask(client.create('/big', 0, 'x'.repeat(500_000)))
    client.connection.stuck = true
    client.send(...Array.from({ length: 10 }, () => client.get('/big')))
    expect(client.connection.paused).toBe(true)
    expect(client.connection.bufferedBytes).toBeLessThan(2_000_000)
    const answered = harness.side.metrics.packetsSent
    client.connection.unstick()
    harness.time.endTurns()
    expect(harness.side.metrics.packetsSent - answered).toBeGreaterThanOrEqual(7)
    expect(client.frames().at(-1)?.xid).toBe(11)
    expect(client.connection.paused).toBe(false)
  })

  test('it never reads again -> its session expires and it is closed, with a line that says why', async () => {
    const harness = await Harness.serving()
    const client = harness.client({ timeoutMs: 4000 })
    client.ask(client.create('/big', 0, 'x'.repeat(500_000)))
    client.connection.stuck = true
    client.send(...Array.from({ length: 10 }, () => client.get('/big')))
    harness.time.pass(6000)
    expect(client.connection.closed).toBe(true)
    expect(harness.side.metrics.slowReadersClosed).toBe(1)
    expect(linesWith(harness, 'does not read')).toHaveLength(1)
  })

  test('it does not read, and is sent ever more events -> closed and counted', async () => {
    const harness = await Harness.serving()
    const client = harness.client()
    client.ask(client.create('/a'), client.exists('/a', true))
    client.connection.stuck = true
    client.connection.bufferedBytes = limits.outputMaxBytes
    const writer = harness.client()
    writer.ask(writer.set('/a', 'x'))
    expect(client.connection.ended).toBe('at once')
    expect(harness.side.metrics.slowReadersClosed).toBe(1)
    expect(harness.side.watches.size).toBe(0)
    expect(linesWith(harness, 'does not read')).toEqual([
      expect.stringMatching(
        /^warn: closing the connection of session 0x\w+ from 127.0.0.1:\d+: .* 671088\d\d bytes wait/,
      ),
    ])
  })
})

describe('many slow readers', () => {
  test('all together they keep more than is allowed -> whose output grows is closed; one who reads is served', async () => {
    const harness = await Harness.serving({ maxClientCnxns: 0 })
    const client = harness.client()
    client.ask(client.create('/big', 0, 'x'.repeat(800_000)))
    const slow = Array.from({ length: 20 }, () => harness.client())
    for (const one of slow) {
      one.connection.stuck = true
      one.connection.bufferedBytes = limits.unsentBytesMax / 16
      one.send(one.get('/big'))
      harness.time.endTurns()
    }
    const closed = slow.filter((one) => one.connection.closed)
    expect(closed).toHaveLength(5)
    expect(harness.side.metrics.slowReadersClosed).toBe(5)
    expect(harness.side.unsent.total).toBeLessThan(limits.unsentBytesMax)
    expect(client.ask(client.get('/big'))).toMatchObject([{ error: 0 }])
    for (const one of slow) one.connection.unstick()
    harness.time.endTurns()
    expect(harness.side.unsent.total).toBe(0)
  })
})

describe('connections', () => {
  test('more from one address than maxClientCnxns -> closed at once; another address gets in', async () => {
    const harness = await Harness.serving({ maxClientCnxns: 2 })
    const [first] = [harness.dial(), harness.dial()]
    expect(harness.dial().connection.ended).toBe('at once')
    expect(harness.dial('10.0.0.9').connection.closed).toBe(false)
    first?.connection.destroy()
    expect(harness.dial().connection.closed).toBe(false)
    expect(harness.side.metrics.connectionsRejected).toBe(1)
    expect(harness.side.connections.size).toBe(3)
    expect(linesWith(harness, 'maxClientCnxns')).toEqual([
      'warn: refused a connection from 127.0.0.1: it has 2 already, maxClientCnxns is 2. Share connections in the client, or raise maxClientCnxns.',
    ])
  })

  test('maxClientCnxns is 0 -> any number', async () => {
    const harness = await Harness.serving({ maxClientCnxns: 0 })
    for (let i = 0; i < 500; i++) expect(harness.dial().connection.closed).toBe(false)
  })

  test('more of all addresses than maxCnxns -> closed at once; when one goes, one gets in', async () => {
    const harness = await Harness.serving({ maxCnxns: 3 })
    const [first] = ['10.0.0.1', '10.0.0.2', '10.0.0.3'].map((host) => harness.dial(host))
    expect(harness.dial('10.0.0.4').connection.ended).toBe('at once')
    first?.connection.destroy()
    expect(harness.dial('10.0.0.4').connection.closed).toBe(false)
    expect(harness.side.connections.size).toBe(3)
    expect(linesWith(harness, 'maxCnxns')).toEqual([
      'warn: refused a connection from 10.0.0.4: there are 3 of all clients, maxCnxns is 3. Spread the clients over more servers, or raise maxCnxns.',
    ])
  })

  test('a flood over the limit -> one line in ten seconds, which tells how many more there were', async () => {
    const harness = await Harness.serving({ maxClientCnxns: 1 })
    harness.client({ timeoutMs: 20_000 })
    for (let i = 0; i < 1000; i++) harness.dial()
    expect(linesWith(harness, 'maxClientCnxns')).toHaveLength(1)
    harness.time.pass(10_000)
    harness.dial()
    expect(linesWith(harness, 'maxClientCnxns')[1]).toContain('(999 more like this since the last such line)')
    expect(harness.side.metrics.connectionsRejected).toBe(1001)
  })

  test('one that brings no session -> closed after ten seconds', async () => {
    const harness = await Harness.serving()
    const silent = harness.dial()
    const client = harness.client({ timeoutMs: 20_000 })
    harness.time.pass(9_900)
    expect(silent.connection.closed).toBe(false)
    harness.time.pass(1_100)
    expect(silent.connection.closed).toBe(true)
    expect(client.connection.closed).toBe(false)
    expect(harness.side.metrics.sessionlessClosed).toBe(1)
    expect(linesWith(harness, 'no session for')).toHaveLength(1)
  })

  test('one whose new session takes the disks longer than that -> not closed, and gets its session', async () => {
    const harness = await Harness.serving()
    harness.replica.committing = false
    const waiting = harness.dial()
    waiting.send(frameOf(connectBody({ timeoutMs: 20_000 })))
    harness.time.pass(12_000)
    expect(waiting.connection.closed).toBe(false)
    harness.commit()
    expect(waiting.connectAnswer().timeoutMs).toBe(20_000)
  })

  test('nio.sessionlessCnxnTimeout is set -> closed after that, also one that goes on sending half a frame', async () => {
    const harness = await Harness.serving({ sessionlessCnxnTimeoutMs: 300 })
    const slow = harness.dial()
    slow.send(length(44))
    for (let i = 0; i < 2; i++) {
      harness.time.pass(100)
      slow.send(Buffer.alloc(1))
    }
    expect(slow.connection.closed).toBe(false)
    harness.time.pass(150)
    expect(slow.connection.closed).toBe(true)
  })

  test('the process was stopped for a minute -> a connection whose handshake lies unread is not closed when it wakes', async () => {
    const harness = await Harness.serving()
    const client = harness.dial()
    harness.time.freeze(60_000)
    harness.time.pass(1)
    expect(client.connection.closed).toBe(false)
    expect(client.connect().sessionId).toBeGreaterThan(0)
  })

  test('a session that nobody expires falls silent -> closed after its timeout, rounded up to ten seconds', async () => {
    const harness = await Harness.serving({ syncLimitTicks: 1000 })
    const silent = harness.client({ timeoutMs: 4000 })
    const talking = harness.client({ timeoutMs: 4000 })
    harness.replica.adrift()
    for (let i = 0; i < 12; i++) {
      harness.time.pass(1000)
      expect(silent.connection.closed).toBe(i >= 11)
      talking.send(talking.ping())
    }
    expect(talking.connection.closed).toBe(false)
  })
})

describe('jute.maxbuffer', () => {
  test('a request of exactly that -> taken; one byte more -> closed, with a line that says what to do', async () => {
    const harness = await Harness.serving({ juteMaxBuffer: 1000 })
    const client = harness.client()
    const request = client.create('/a', 0, '')
    const padded = (bytes: number, path: string): Buffer =>
      client.create(path, 0, 'x'.repeat(4 + bytes - request.length))
    expect(padded(1000, '/a').readInt32BE()).toBe(1000)
    expect(client.ask(padded(1000, '/a'))).toMatchObject([{ error: 0 }])
    expect(client.ask(padded(1001, '/b'))).toEqual([])
    expect(client.connection.ended).toBe('orderly')
    expect(harness.side.state.tree.find('/b')).toBeUndefined()
    expect(linesWith(harness, 'jute.maxbuffer')).toEqual([
      expect.stringMatching(
        /^warn: closing the connection of session 0x\w+ from 127.0.0.1:\d+: a request is announced with 1001 bytes, jute.maxbuffer is 1000. Raise/,
      ),
    ])
  })

  test.each([
    ['negative', -1],
    ['zero', 0],
    ['above jute.maxbuffer', 1_048_576],
    ['a four-letter word within a session', Buffer.from('ruok').readInt32BE()],
  ])('a length that is %s -> closed and counted; what came before is answered', async (_name, bad) => {
    const harness = await Harness.serving()
    const client = harness.client()
    const bystander = harness.client()
    expect(client.ask(client.exists('/'), length(bad))).toMatchObject([{ xid: 1, error: 0 }])
    expect(client.connection.closed).toBe(true)
    expect(harness.side.metrics.malformedFrames).toBe(1)
    expect(linesWith(harness, `${bad} bytes`)).toHaveLength(1)
    expect(bystander.ask(bystander.exists('/'))).toMatchObject([{ error: 0 }])
  })

  test('ten thousand strangers that speak something else -> a single line', async () => {
    const harness = await Harness.serving({ maxClientCnxns: 0 })
    for (let i = 0; i < 10_000; i++) harness.dial().send(Buffer.from('GET / HTTP/1.1\r\n\r\n'))
    expect(harness.side.metrics.malformedFrames).toBe(10_000)
    expect(harness.lines).toHaveLength(1)
  })

  test('a request without a whole header -> closed and counted', async () => {
    const harness = await Harness.serving()
    const client = harness.client()
    expect(client.ask(frameOf(Buffer.alloc(7)))).toEqual([])
    expect(client.connection.closed).toBe(true)
    expect(harness.side.metrics.malformedFrames).toBe(1)
    expect(linesWith(harness, 'found a request of 7 bytes')).toEqual([
      expect.stringContaining('Its client has broken the protocol in an open session'),
    ])
  })

  test('no connect request -> the line asks what connects to this port', async () => {
    const harness = await Harness.serving()
    harness.dial().send(frameOf(Buffer.alloc(7)))
    expect(linesWith(harness, 'see what connects to this port')).toHaveLength(1)
  })
})
