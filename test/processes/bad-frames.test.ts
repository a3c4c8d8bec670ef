import { connect } from 'node:net'
import { crc32 } from 'node:zlib'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { Client } from '../../src/client/index.ts'
import { protocolVersion } from '../../src/replication/messages.ts'
import { Ensemble } from './harness/ensemble.ts'
import { connectFrame, frame, int, RawClient, text } from './harness/raw-client.ts'
import { serverKind } from './harness/server-kind.ts'
import { until } from './harness/until.ts'

/** A frame between servers whose version and checksum are right. */
const sealed = (...body: number[]): Buffer => {
  const bytes = Buffer.from(body)
  return frame(Buffer.from([protocolVersion]), int(crc32(bytes) | 0), bytes)
}

const badFirstBytes = {
  client: {
    'a length of 2 GB': int(0x7fffffff),
    'a negative length': int(-5),
    'a length above jute.maxbuffer': int(2 * 1024 * 1024),
    'a connect request that ends early': frame(int(0), int(0)),
    'a connect request whose password is longer than the frame': frame(Buffer.alloc(24), int(1_000_000)),
    'a request instead of a connect request': frame(int(1), int(4), text('/'), Buffer.from([0])),
    HTTP: Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'),
  },
  servers: {
    'a length of 2 GB': int(0x7fffffff),
    'a negative length': int(-5),
    'a length above what strangers may send': int(1024 * 1024),
    'a length of zero': int(0),
    'a foreign protocol version': frame(Buffer.from([250]), Buffer.alloc(5)),
    'a body that is not msgpack': sealed(0, 0xc1, 0xff, 0x00),
    'an object that is no message': sealed(0, 0x80),
    'a proposal cut short': sealed(9, 0, 0, 0, 5),
    HTTP: Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'),
  },
}

/** One ensemble for all tests: that it outlives all of this is the point. */
let ensemble: Ensemble
let epoch = 0
let suspended = 0
beforeAll(async () => {
  ensemble = await Ensemble.startShared()
  const client = new Client({ servers: ensemble.addresses })
  await client.connect()
  await client.set('/', 'first')
  epoch = epochOf(client.lastZxid)
  await client.close()
  return () => ensemble.end()
})

describe('bad frames', () => {
  test.each(Object.entries(badFirstBytes.client))(
    'client port: %s -> that connection is closed, and no other',
    async (_name, bytes) => {
      const bystander = await newBystander()
      const { clientPort } = ensemble.server(1).member
      await expectClosed(clientPort, bytes)
      await expectServing(bystander)
    },
  )

  test.each([
    ['of 2 GB', int(0x7fffffff)],
    ['that is negative', int(-1)],
    ['above jute.maxbuffer', int(2 * 1024 * 1024)],
  ])(
    'client port: a length %s within a session -> that connection is closed, and no other',
    async (_name, bytes) => {
      const bystander = await newBystander()
      const client = await RawClient.attach(ensemble.server(1).member.clientPort)
      await client.reply(client.get('/'))
      client.write(bytes)
      await until('the connection to be closed', () => client.closed)
      await expectServing(bystander)
    },
  )

  test('client port: requests whose body makes no sense -> an error or the end of that connection, and no harm', async () => {
    const bystander = await newBystander()
    const bodies = [Buffer.alloc(0), int(-7), int(1_000_000), Buffer.alloc(64, 0xff), frame(text('/'))]
    for (const opcode of [1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 14, 15, 100, 101, 999, -11]) {
      for (const body of bodies) {
        const client = await RawClient.attach(ensemble.server(1).member.clientPort, 2000)
        client.send(opcode, body)
        await until('an answer or the end', () => client.closed || client.replies.length > 0)
        client.hangUp()
      }
    }
    await expectServing(bystander)
  })

  test('client port: every message cut into single bytes -> understood as if it were whole', async () => {
    const client = await RawClient.dial(ensemble.server(1).member.clientPort)
    const request = frame(int(1), int(4), text('/'), Buffer.from([0]))
    for (const byte of Buffer.concat([connectFrame(10_000), request])) {
      client.write(Buffer.from([byte]))
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect((await client.reply(1)).errorCode).toBe(0)
  })

  describe.skipIf(serverKind.name !== 'Banyan')('from strangers to servers', () => {
    describe.each(['peerPort', 'leaderPort'] as const)('%s', (key) => {
      test.each(Object.entries(badFirstBytes.servers))(
        '%s -> that connection is closed; the same reign goes on',
        async (_name, bytes) => {
          const bystander = await newBystander()
          for (const server of ensemble.servers) await expectClosed(server.member[key], bytes)
          await expectServing(bystander)
        },
      )

      test('nothing is said, or only a part -> dropped in time, and members still get in', async () => {
        const bystander = await newBystander()
        const leader = await ensemble.settled()
        const port = leader.member[key]
        const silent = Array.from({ length: 100 }, (_, i) => Stranger.at(port, i % 2 === 0 ? null : int(100)))
        const returning = ensemble.server(1)
        await returning.kill()
        returning.start()
        await returning.serves()
        await Promise.all(silent.map((stranger) => stranger.closed))
        await expectServing(bystander)
      }, 30_000)
    })
  })
})

const epochOf = (zxid: number): number => Math.floor(zxid / 2 ** 32)

async function newBystander(): Promise<Client> {
  const client = await ensemble.client({ servers: ensemble.server(2).address })
  client.on('state', (state) => {
    if (state === 'suspended') suspended++
  })
  return client
}

class Stranger {
  readonly closed: Promise<void>

  private constructor(closed: Promise<void>) {
    this.closed = closed
  }

  static at(port: number, bytes: Buffer | null): Stranger {
    const socket = connect(port, '127.0.0.1')
    onTestFinished(() => {
      socket.destroy()
    })
    socket.on('error', () => {})
    if (bytes !== null) socket.write(bytes)
    socket.resume()
    return new Stranger(new Promise((resolve) => socket.once('close', () => resolve())))
  }
}

async function expectClosed(port: number, bytes: Buffer): Promise<void> {
  await Stranger.at(port, bytes).closed
}

/** Every server runs, the bystander was left in peace, and no new reign had to be established. */
async function expectServing(bystander: Client): Promise<void> {
  expect(ensemble.servers.every((server) => server.running)).toBe(true)
  await bystander.set('/', `checked ${performance.now()}`)
  expect(suspended).toBe(0)
  expect(epochOf(bystander.lastZxid)).toBe(epoch)
}
