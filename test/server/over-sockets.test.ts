import { mkdtemp, rm } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { nodeRuntime } from '../../src/runtime/node-runtime.ts'
import { Server } from '../../src/server/index.ts'
import { JuteReader } from '../../src/wire/jute-reader.ts'
import { OpCode } from '../../src/wire/opcodes.ts'
import { acls } from '../../src/wire/records.ts'
import { testConfig } from './client-side-harness.ts'
import { connectBody, frameOf, openAcl, requestBody } from './raw-client.ts'

/** One whole server in this process, with quick sessions; resolves to its client port. */
async function standalone(): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'banyan-sockets-'))
  const server = new Server(nodeRuntime(), {
    ...testConfig,
    servers: [
      { id: 1, host: '127.0.0.1', clientPort: 0, clientHost: '127.0.0.1', peerPort: 0, leaderPort: 0 },
    ],
    clientHost: '127.0.0.1',
    clientPort: 0,
    standalone: true,
    serverDir: join(folder, '1'),
    tickTimeMs: 200,
    minSessionTimeoutMs: 400,
    maxSessionTimeoutMs: 20_000,
  })
  onTestFinished(async () => {
    await server.stop()
    await rm(folder, { recursive: true, force: true })
  })
  await server.start()
  while (server.status().mode === null) await new Promise((resolve) => setImmediate(resolve))
  return server.status().clientPort
}

/** A socket that reads nothing before it is told to. */
function dial(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => resolve(socket))
    socket.pause()
    socket.once('error', reject)
    onTestFinished(() => {
      socket.destroy()
    })
  })
}

const write = (socket: Socket, bytes: Buffer): Promise<void> =>
  new Promise((resolve) => {
    socket.write(bytes, () => resolve())
  })

/** Everything that comes, until the server ends the connection; rejects when it resets it. */
function readAll(socket: Socket): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    socket.on('data', (bytes: Buffer) => chunks.push(bytes))
    socket.on('end', () => resolve(Buffer.concat(chunks)))
    socket.on('error', reject)
    socket.resume()
  })
}

function framesOf(bytes: Buffer): Buffer[] {
  const frames: Buffer[] = []
  for (let at = 0; at < bytes.length; at += 4 + bytes.readInt32BE(at)) {
    frames.push(bytes.subarray(at + 4, at + 4 + bytes.readInt32BE(at)))
  }
  return frames
}

const ping = frameOf(requestBody(-2, OpCode.ping, () => {}))
const create = (path: string, data: Buffer): Buffer =>
  frameOf(
    requestBody(1, OpCode.create, (body) => {
      acls.write(body.string(path).buffer(data), openAcl)
      body.int(0)
    }),
  )
const get = (path: string): Buffer =>
  frameOf(requestBody(2, OpCode.getData, (body) => body.string(path).bool(false)))

describe('over real sockets', () => {
  test.each([
    ['an unknown session', connectBody({ sessionId: 77 })],
    ['a wrong password', connectBody({ sessionId: 1, password: Buffer.alloc(16, 9) })],
  ])(
    '%s, and a megabyte of requests behind the connect request -> the answer arrives whole, then the end',
    async (_name, body) => {
      const socket = await dial(await standalone())
      const behind = Buffer.concat(Array.from({ length: 10_000 }, () => create('/late', Buffer.alloc(64))))
      await write(socket, Buffer.concat([frameOf(body), behind]))
      // The server has answered and ended by now, and this is still more than it has asked for.
      await write(socket, behind)
      const [answer, ...rest] = framesOf(await readAll(socket))
      expect(rest).toEqual([])
      const reader = new JuteReader(answer)
      expect([reader.int(), reader.int(), reader.long()]).toEqual([0, 0, 0])
      expect(reader.buffer()).toEqual(Buffer.alloc(16))
    },
  )

  test.each([
    ['ruok', /^imok$/],
    ['conf', /^clientPort=\d+\n.*serverId=1\n$/s],
    ['dirs', /^datadir_size: \d+\nlogdir_size: \d+\n$/],
    ['mntr', /^zk_version\t.*\n$/s],
  ])(
    '%s, asked by who says at once that no more will come, as nc does -> the whole answer, then the end',
    async (word, answer) => {
      const socket = await dial(await standalone())
      socket.end(word)
      expect((await readAll(socket)).toString()).toMatch(answer)
    },
  )

  test('a client ends its side after its requests -> the connection ends', async () => {
    const socket = await dial(await standalone())
    socket.end(frameOf(connectBody()))
    expect(await readAll(socket)).toBeInstanceOf(Buffer)
  })

  test('closeSession, and a megabyte of requests behind it -> the answers to it and to those before, then the end', async () => {
    const socket = await dial(await standalone())
    const close = frameOf(requestBody(3, OpCode.closeSession, () => {}))
    const behind = Buffer.concat(Array.from({ length: 50_000 }, () => ping))
    await write(socket, Buffer.concat([frameOf(connectBody()), create('/a', Buffer.alloc(1)), close, behind]))
    const frames = framesOf(await readAll(socket))
    expect(frames).toHaveLength(3)
    expect(frames.slice(1).map((frame) => frame.readInt32BE())).toEqual([1, 3])
  })

  test('a flood of reads by a client that takes no answers -> the server stops reading, memory stays; then the session expires', async () => {
    const socket = await dial(await standalone())
    const closed = new Promise<void>((resolve) => {
      socket.once('close', () => resolve())
    })
    socket.on('error', () => {})
    await write(
      socket,
      Buffer.concat([frameOf(connectBody({ timeoutMs: 400 })), create('/big', Buffer.alloc(500_000))]),
    )
    const requests = Buffer.concat(Array.from({ length: 2000 }, () => get('/big')))
    const before = process.memoryUsage().arrayBuffers
    let mostBytes = 0
    let over = false
    const watch = (): void => {
      mostBytes = Math.max(mostBytes, process.memoryUsage().arrayBuffers - before)
      if (!over) setImmediate(watch)
    }
    const flood = (): void => {
      socket.write(requests, (error) => {
        if (!error) flood()
      })
    }
    watch()
    flood()
    // It does not read, so it does not see the end either; the server closes for good two seconds after that.
    await closed
    over = true
    // Each piece of the flood asks for a gigabyte. What is seen is garbage for the most part: bytes that were read and dropped.
    expect(mostBytes).toBeLessThan(200_000_000)
  })
})
