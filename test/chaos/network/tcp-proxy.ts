import { connect, createServer, type Server, type Socket } from 'node:net'
import type { SeededRandom } from '../../../src/runtime/seeded-random.ts'
import type { Direction } from './direction.ts'
import { Flow } from './flow.ts'

interface Pair {
  readonly near: Socket
  far: Socket | null
  readonly there: Flow
  readonly back: Flow
}

/** A port of this machine that leads to another one, through the weather of two directions. */
export class TcpProxy {
  readonly port: number
  readonly #server: Server
  readonly #targetPort: number
  readonly #there: Direction
  readonly #back: Direction
  readonly #random: SeededRandom
  readonly #pairs = new Set<Pair>()

  private constructor(
    port: number,
    targetPort: number,
    there: Direction,
    back: Direction,
    random: SeededRandom,
  ) {
    this.port = port
    this.#targetPort = targetPort
    this.#there = there
    this.#back = back
    this.#random = random
    this.#server = createServer({ noDelay: true, allowHalfOpen: true }, (socket) => this.#take(socket))
  }

  /** `there`: from who connects to the port. `back`: from the port. */
  static listen(
    port: number,
    targetPort: number,
    ways: { there: Direction; back: Direction; random: SeededRandom },
  ): Promise<TcpProxy> {
    const proxy = new TcpProxy(port, targetPort, ways.there, ways.back, ways.random)
    return new Promise((resolve, reject) => {
      proxy.#server.once('error', reject)
      proxy.#server.listen(port, '127.0.0.1', () => resolve(proxy))
    })
  }

  get connectionCount(): number {
    return this.#pairs.size
  }

  /** Ends all its connections at once, on both sides and without a word of good-bye. */
  resetAll(): number {
    const count = this.#pairs.size
    for (const pair of [...this.#pairs]) this.#drop(pair)
    return count
  }

  async close(): Promise<void> {
    this.resetAll()
    await new Promise<void>((resolve) => this.#server.close(() => resolve()))
  }

  #take(near: Socket): void {
    let ended = 0
    const onEnd = (): void => {
      ended++
      if (ended === 2) this.#forget(pair)
    }
    const events = { onReset: () => this.#drop(pair), onEnd }
    const pair: Pair = {
      near,
      far: null,
      there: new Flow(this.#there, this.#random, { ...events, onOpen: () => this.#dial(pair) }),
      back: new Flow(this.#back, this.#random, events),
    }
    this.#pairs.add(pair)
    near.on('error', () => {})
    near.once('close', (broken) => {
      if (broken) pair.there.reset()
    })
    pair.there.open()
    pair.there.from(near)
    pair.back.to(near)
  }

  #dial(pair: Pair): void {
    const far = connect({ port: this.#targetPort, host: '127.0.0.1', noDelay: true, allowHalfOpen: true })
    pair.far = far
    let refused = true
    far.on('error', () => {})
    far.once('connect', () => {
      refused = false
      pair.back.from(far)
      pair.there.to(far)
    })
    far.once('close', (broken) => {
      if (broken || refused) pair.back.reset()
    })
  }

  /** Both ends have said good-bye; the sockets go by themselves. */
  #forget(pair: Pair): void {
    pair.there.close()
    pair.back.close()
    this.#pairs.delete(pair)
  }

  #drop(pair: Pair): void {
    this.#forget(pair)
    pair.near.resetAndDestroy()
    pair.far?.resetAndDestroy()
  }
}
