import { connect, createServer, type Socket } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { SeededRandom } from '../../../src/runtime/seeded-random.ts'
import { freePorts } from '../../processes/harness/free-ports.ts'
import { until } from '../../processes/harness/until.ts'
import { Direction, fairWeather } from './direction.ts'
import { TcpProxy } from './tcp-proxy.ts'

test('proxy: fair weather -> bytes arrive both ways, and an end of one side leaves the other open', async () => {
  const { near, far } = await joined()
  near.socket.write('there')
  await far().receives('there')
  near.socket.end()
  await until('the end', () => far().ended)
  far().socket.end('back')
  await near.receives('back')
  await until('the end', () => near.ended)
})

test('proxy: blocked one way -> that way waits, the other goes on, and nothing is lost', async () => {
  const { near, far, there } = await joined()
  near.socket.write('1')
  await far().receives('1')
  there.weather = { ...fairWeather, blocked: true }
  near.socket.write('2')
  far().socket.write('back')
  await near.receives('back')
  near.socket.write('3')
  expect(far().text).toBe('1')
  there.weather = fairWeather
  await far().receives('123')
})

test('proxy: the end and the reset of a connection behind a partition -> told when it is over', async () => {
  const { near, far, there } = await joined()
  near.socket.write('1')
  await far().receives('1')
  there.weather = { ...fairWeather, blocked: true }
  near.socket.resetAndDestroy()
  await until('it to be gone', () => near.socket.closed)
  expect(far().closed).toBe(false)
  there.weather = fairWeather
  await until('the reset', () => far().closed)
})

test('proxy: dialled while blocked -> nobody is reached until it is over', async () => {
  const { accepted, there, port } = await opened()
  there.weather = { ...fairWeather, blocked: true }
  const near = new End(connect(port, '127.0.0.1'))
  near.socket.write('hello')
  await until('the near connection', () => near.socket.readyState === 'open')
  expect(accepted).toEqual([])
  there.weather = fairWeather
  await until('the far connection', () => accepted.length === 1)
  await (accepted[0] as End).receives('hello')
})

test('proxy: delays with chance -> later, and in order', async () => {
  const { near, far, there } = await joined()
  there.weather = { ...fairWeather, delayMs: 50, jitterMs: 50 }
  const startMs = performance.now()
  for (let i = 0; i < 10; i++) {
    near.socket.write(String(i))
    await new Promise((resolve) => setImmediate(resolve))
  }
  await far().receives('0123456789')
  // Timers may be early by a millisecond.
  expect(performance.now() - startMs).toBeGreaterThanOrEqual(49)
})

test('proxy: a slow link -> as slow as that', async () => {
  const { near, far, there } = await joined()
  there.weather = { ...fairWeather, bytesPerSecond: 100_000 }
  const startMs = performance.now()
  near.socket.write('x'.repeat(30_000))
  await until('all of it', () => far().text.length === 30_000)
  expect(performance.now() - startMs).toBeGreaterThan(200)
})

test('proxy: reset -> both ends lose the connection without a good-bye', async () => {
  const { near, far, proxy } = await joined()
  near.socket.write('1')
  await far().receives('1')
  expect(proxy.resetAll()).toBe(1)
  await until('both to be gone', () => near.closed && far().closed)
  expect([near.ended, far().ended]).toEqual([false, false])
})

test('proxy: nobody listens behind it -> the connection is reset', async () => {
  const [port = 0, nobody = 0] = await freePorts(2)
  const ways = { there: new Direction(), back: new Direction(), random: new SeededRandom(1) }
  const proxy = await TcpProxy.listen(port, nobody, ways)
  onTestFinished(() => proxy.close())
  const near = new End(connect(port, '127.0.0.1'))
  await until('the reset', () => near.closed)
})

/** One end of a connection, with all that has come in there. */
class End {
  readonly socket: Socket
  text = ''
  ended = false
  closed = false

  constructor(socket: Socket) {
    this.socket = socket
    socket.on('error', () => {})
    socket.on('data', (bytes: Buffer) => {
      this.text += bytes.toString()
    })
    socket.on('end', () => {
      this.ended = true
    })
    socket.on('close', () => {
      this.closed = true
    })
    onTestFinished(() => {
      socket.destroy()
    })
  }

  receives(text: string): Promise<unknown> {
    return until(`"${text}" to arrive`, () => this.text === text)
  }
}

async function opened() {
  const [port = 0, targetPort = 0] = await freePorts(2)
  const accepted: End[] = []
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    accepted.push(new End(socket))
  })
  await new Promise<void>((resolve) => server.listen(targetPort, '127.0.0.1', resolve))
  const there = new Direction()
  const back = new Direction()
  const proxy = await TcpProxy.listen(port, targetPort, { there, back, random: new SeededRandom(1) })
  onTestFinished(async () => {
    await proxy.close()
    server.close()
  })
  return { accepted, there, back, proxy, port }
}

async function joined() {
  const world = await opened()
  const near = new End(connect({ port: world.port, host: '127.0.0.1', allowHalfOpen: true }))
  await until('the far connection', () => world.accepted.length === 1)
  return { ...world, near, far: () => world.accepted[0] as End }
}
