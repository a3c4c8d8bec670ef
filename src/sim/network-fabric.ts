import { assert } from '../runtime/assert.ts'
import { CodedError } from '../runtime/coded-error.ts'
import type { SeededRandom } from '../runtime/seeded-random.ts'
import type { SimEvent } from './event-queue.ts'
import { ResetEvent, type SimConnection } from './sim-connection.ts'
import type { SimHost } from './sim-host.ts'
import type { SimListener } from './sim-network.ts'
import type { SimProcess } from './sim-process.ts'
import type { World } from './world.ts'

export interface NetworkOptions {
  /** One way between two hosts; each piece of data draws its own, but never overtakes an earlier one. */
  delayMinUs: number
  delayMaxUs: number
  /** How long at most until a peer sees that the other end was reset or crashed. */
  resetNoticeMaxUs: number
  /** A piece of data arrives in two parts this often in 64. */
  splitsIn64: number
}

const defaults: NetworkOptions = {
  delayMinUs: 50,
  delayMaxUs: 500,
  resetNoticeMaxUs: 5_000,
  splitsIn64: 2,
}

/** How a link is cut: by closing what runs over it, or by silence. */
export type CutMode = 'reset' | 'blackhole'

/** One direction between two hosts. */
class Link {
  delayMinUs: number
  delayMaxUs: number
  cut: CutMode | null = null
  /** What was sent into a black hole, in order. It arrives when the link heals: TCP goes on trying. */
  readonly held: HeldArrival[] = []

  constructor(options: NetworkOptions) {
    this.delayMinUs = options.delayMinUs
    this.delayMaxUs = options.delayMaxUs
  }

  /**
   * Also behind a black hole that has become a cut by reset: the two ends may not know of it for a while. The bad timeline
   * without that: 1. a follower sends request 9 into the black hole; 2. the link is cut by reset; 3. the follower, which has not
   * heard of it, sends request 10, and that arrives: a gap in a stream, which no TCP ever shows.
   */
  get holds(): boolean {
    return this.cut === 'blackhole' || this.held.length > 0
  }
}

interface HeldArrival {
  readonly event: SimEvent
  readonly from: SimConnection
}

/** All links between all hosts, and what is wrong with them. */
export class NetworkFabric {
  readonly world: World
  readonly options: NetworkOptions
  readonly random: SeededRandom
  readonly #links = new Map<number, Link>()
  /** By host and port. */
  readonly #listeners = new Map<string, SimListener>()
  #portLast = 49_151

  constructor(world: World, options: Partial<NetworkOptions>) {
    this.world = world
    this.options = { ...defaults, ...options }
    this.random = world.random.fork('network')
  }

  /** Cuts both directions. 'reset' closes what runs between the two and refuses what is new; 'blackhole' is silence. */
  cut(a: string, b: string, mode: CutMode = 'reset'): void {
    this.#note(`cut ${mode}`, `${a} ${b}`)
    this.#cutOne(a, b, mode)
    this.#cutOne(b, a, mode)
    if (mode === 'reset') this.#resetBetween(a, b)
  }

  /** Silence from one host to the other; the way back stays open. */
  cutOneWay(from: string, to: string): void {
    this.#note('cut one way', `${from} ${to}`)
    this.#cutOne(from, to, 'blackhole')
  }

  /** Opens both directions; what was held in them arrives. */
  heal(a: string, b: string): void {
    this.#note('heal', `${a} ${b}`)
    this.#healOne(a, b)
    this.#healOne(b, a)
  }

  healAll(): void {
    const names = [...this.world.hosts].map((host) => host.name)
    for (const a of names) for (const b of names) if (a < b) this.heal(a, b)
  }

  /** Cuts every link between hosts of different groups. Hosts in no group keep all their links. */
  partition(groups: readonly (readonly string[])[], mode: CutMode = 'reset'): void {
    for (const [index, group] of groups.entries()) {
      for (const other of groups.slice(index + 1)) {
        for (const a of group) for (const b of other) this.cut(a, b, mode)
      }
    }
  }

  /** How long data takes in both directions from now on. */
  setDelay(a: string, b: string, delay: { minMs: number; maxMs: number }): void {
    assert(delay.minMs <= delay.maxMs, 'setDelay: minMs is above maxMs')
    this.#note('delay', `${a} ${b}`, delay.minMs, delay.maxMs)
    for (const link of [this.#linkOf(a, b), this.#linkOf(b, a)]) {
      link.delayMinUs = delay.minMs * 1000
      link.delayMaxUs = delay.maxMs * 1000
    }
  }

  /** Closes what runs between the two once; new connections are welcome. */
  resetConnections(a: string, b: string): void {
    this.#note('reset connections', `${a} ${b}`)
    this.#resetBetween(a, b)
  }

  delayUs(from: SimHost, to: SimHost): number {
    const link = this.link(from, to)
    return link.delayMinUs + this.random.below(link.delayMaxUs - link.delayMinUs + 1)
  }

  cutBetween(from: SimHost, to: SimHost): CutMode | null {
    return this.link(from, to).cut
  }

  /** Sends what belongs to a connection, behind everything that went the same way before. */
  send(from: SimConnection, event: SimEvent): void {
    const link = this.link(from.host, from.peerHost)
    if (link.holds) link.held.push({ event, from })
    else this.#deliver(from, event)
  }

  /** Tells the other end that this one is gone, without waiting for data on its way: some of that is lost. */
  sendReset(from: SimConnection, reason: CodedError): void {
    const peer = from.peer
    if (peer === null) return
    const event = new ResetEvent(peer, reason)
    const link = this.link(from.host, from.peerHost)
    if (link.cut === 'blackhole') link.held.push({ event, from })
    else this.world.scheduleIn(event, this.random.below(this.options.resetNoticeMaxUs + 1))
  }

  onCrash(process: SimProcess): void {
    for (const connection of process.connections) {
      connection.vanish()
      this.sendReset(connection, new CodedError('ECONNRESET', `${process.host.name} is gone`))
    }
    process.connections.clear()
    for (const [key, listener] of this.#listeners) {
      if (listener.process === process) this.#listeners.delete(key)
    }
  }

  listener(host: SimHost, port: number): SimListener | undefined {
    return this.#listeners.get(`${host.index}:${port}`)
  }

  addListener(listener: SimListener): void {
    this.#listeners.set(`${listener.process.host.index}:${listener.address.port}`, listener)
  }

  removeListener(listener: SimListener): void {
    const key = `${listener.process.host.index}:${listener.address.port}`
    if (this.#listeners.get(key) === listener) this.#listeners.delete(key)
  }

  /** Never given twice, so no late packet finds a port that was given to somebody else. */
  freePort(): number {
    return ++this.#portLast
  }

  link(from: SimHost, to: SimHost): Link {
    const key = from.index * 65_536 + to.index
    let link = this.#links.get(key)
    if (link === undefined) {
      link = new Link(this.options)
      this.#links.set(key, link)
    }
    return link
  }

  #deliver(from: SimConnection, event: SimEvent): void {
    const atUs = this.world.nowUs + this.delayUs(from.host, from.peerHost)
    from.lastArrivalUs = Math.max(atUs, from.lastArrivalUs)
    this.world.scheduleAt(event, from.lastArrivalUs)
  }

  #linkOf(from: string, to: string): Link {
    return this.link(this.world.host(from), this.world.host(to))
  }

  #cutOne(from: string, to: string, mode: CutMode): void {
    assert(from !== to, 'a host cannot be cut off from itself')
    this.#linkOf(from, to).cut = mode
  }

  #healOne(from: string, to: string): void {
    const link = this.#linkOf(from, to)
    link.cut = null
    for (const arrival of link.held.splice(0)) this.#deliver(arrival.from, arrival.event)
  }

  #resetBetween(a: string, b: string): void {
    const process = this.world.host(a).runtime
    const other = this.world.host(b)
    for (const connection of process.connections) {
      if (connection.peerHost !== other) continue
      const reason = new CodedError('ECONNRESET', 'the network was cut')
      for (const end of [connection, connection.peer]) {
        if (end === null) continue
        const inUs = this.random.below(this.options.resetNoticeMaxUs + 1)
        this.world.scheduleIn(new ResetEvent(end, reason), inUs)
      }
    }
  }

  #note(what: string, detail: string, a = 0, b = 0): void {
    this.world.trace.add(this.world.nowUs, 'network', what, detail, a, b)
  }
}
