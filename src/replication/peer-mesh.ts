import type { Listener } from '../runtime/network.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { Timer } from '../runtime/timers.ts'
import { FailureDetector } from './failure-detector.ts'
import { helloProblem, helloTo, type Identity, isStranger } from './hello.ts'
import { handshakeTimeoutMs } from './limits.ts'
import { NetworkLink } from './link.ts'
import type { Hello, PeerMessage, PeerStatus, ReplicationMessage } from './messages.ts'
import { Strangers } from './strangers.ts'

export interface PeerAddress {
  id: number
  host: string
  peerPort: number
}

export interface PeerMeshEvents {
  /** A peer came, went, or told something new; `peers` shows it. */
  onChange(): void
  onMessage(from: number, message: PeerMessage): void
  /** A peer that belongs to another founded ensemble. */
  onStranger(hello: Hello): void
}

interface Peer {
  address: PeerAddress
  link: NetworkLink | null
  /** Its latest word; null while it is not live, or has not said anything yet. */
  status: PeerStatus | null
  redialMs: number
  redial: Timer | null
  problem: string | null
}

const redialMsMin = 20
const redialMsMax = 250

/**
 * One connection with every other server: heartbeats on it tell who is alive and what it knows, elections run on it.
 * The server with the lower id dials.
 */
export class PeerMesh {
  readonly #runtime: Runtime
  readonly #identity: () => Identity
  readonly #status: () => PeerStatus
  readonly #events: PeerMeshEvents
  readonly #peers = new Map<number, Peer>()
  readonly #detector: FailureDetector
  readonly #strangers: Strangers
  readonly #heartbeatMs: number
  #live = new Map<number, PeerStatus>()
  #listener: Listener | null = null
  #timers: Timer[] = []
  #stopped = false
  #told = ''

  constructor(options: {
    runtime: Runtime
    peers: readonly PeerAddress[]
    heartbeatMs: number
    peerTimeoutMs: number
    identity: () => Identity
    status: () => PeerStatus
    events: PeerMeshEvents
  }) {
    this.#runtime = options.runtime
    this.#identity = options.identity
    this.#status = options.status
    this.#events = options.events
    this.#heartbeatMs = options.heartbeatMs
    for (const address of options.peers) {
      this.#peers.set(address.id, {
        address,
        link: null,
        status: null,
        redialMs: redialMsMin,
        redial: null,
        problem: null,
      })
    }
    this.#detector = new FailureDetector({
      timeoutMs: options.peerTimeoutMs,
      lookEveryMs: options.heartbeatMs,
      nowMs: options.runtime.clock.monotonicMs(),
    })
    this.#strangers = new Strangers(options.runtime, (link, hello) => this.#onAccepted(link, hello))
  }

  /** Live peers with their latest word. */
  get peers(): ReadonlyMap<number, PeerStatus> {
    return this.#live
  }

  get refused(): number {
    return this.#strangers.refused
  }

  /** Rejects with the listen error of the port. */
  async listen(address: { host: string; port: number }): Promise<void> {
    this.#listener = await this.#runtime.network.listen(address, (connection) =>
      this.#strangers.take(connection),
    )
  }

  start(): void {
    for (const peer of this.#peers.values()) {
      if (peer.address.id > this.#identity().serverId) this.#dial(peer)
    }
    this.#timers.push(this.#runtime.timers.every(this.#heartbeatMs, () => this.#onHeartbeatDue()))
  }

  async stop(): Promise<void> {
    this.#stopped = true
    for (const timer of this.#timers) timer.cancel()
    for (const peer of this.#peers.values()) {
      peer.redial?.cancel()
      peer.link?.close('this server stops')
    }
    this.#strangers.closeAll()
    await this.#listener?.close()
  }

  send(to: number, message: PeerMessage): void {
    this.#peers.get(to)?.link?.send(message)
  }

  /** Tells everybody at once when the status has changed in something that elections look at. */
  tellChanges(): void {
    const { state, serving, leader, epoch, stands, condition, seesQuorum } = this.#status()
    const told = [state, serving, leader, epoch, stands, condition, seesQuorum].join()
    if (told !== this.#told) {
      this.#told = told
      this.#heartbeat()
    }
  }

  #onHeartbeatDue(): void {
    for (const silent of this.#detector.silent(this.#runtime.clock.monotonicMs())) {
      this.#peers.get(silent)?.link?.close('it is silent')
    }
    this.#heartbeat()
    this.#events.onChange()
  }

  #heartbeat(): void {
    const message: PeerMessage = { type: 'heartbeat', status: this.#status() }
    for (const peer of this.#peers.values()) peer.link?.send(message)
  }

  #dial(peer: Peer): void {
    if (this.#stopped) return
    peer.redial = null
    const { host, peerPort: port } = peer.address
    this.#runtime.network.connect({ host, port }, handshakeTimeoutMs).then(
      (connection) => {
        const timer = this.#runtime.timers.after(handshakeTimeoutMs, () =>
          link.close('no answer to the hello'),
        )
        const link = new NetworkLink(connection, () => this.#runtime.clock.monotonicMs(), {
          onMessage: (message) => {
            timer.cancel()
            if (message.type === 'hello') this.#onHello(peer, link, message)
            else link.close(`it began with ${message.type} instead of hello`)
          },
          onClose: () => {
            timer.cancel()
            this.#redial(peer)
          },
        })
        if (this.#stopped) link.close('this server stops')
        else link.send(helloTo(this.#identity(), peer.address.id))
      },
      () => this.#redial(peer),
    )
  }

  #redial(peer: Peer): void {
    if (this.#stopped || peer.redial !== null || peer.link !== null) return
    if (peer.address.id < this.#identity().serverId) return
    peer.redial = this.#runtime.timers.after(peer.redialMs, () => this.#dial(peer))
    peer.redialMs = Math.min(redialMsMax, peer.redialMs * 2)
  }

  #onAccepted(link: NetworkLink, hello: Hello): void {
    const peer = this.#peers.get(hello.from)
    link.send(helloTo(this.#identity(), hello.from))
    if (peer === undefined) link.close(`server ${hello.from} is not in this configuration`)
    else this.#onHello(peer, link, hello)
  }

  #onHello(peer: Peer, link: NetworkLink, hello: Hello): void {
    const identity = this.#identity()
    const problem = helloProblem(identity, hello)
    if (problem !== null) {
      if (problem !== peer.problem) this.#runtime.log.error(`refused a peer: ${problem}`)
      peer.problem = problem
      if (isStranger(identity, hello)) this.#events.onStranger(hello)
      link.close(problem)
      return
    }
    peer.problem = null
    peer.link?.close('it has a new connection')
    peer.link = link
    peer.redialMs = redialMsMin
    const { id } = peer.address
    this.#detector.heard(id, this.#runtime.clock.monotonicMs())
    link.admit({
      onMessage: (message) => this.#onMessage(peer, link, message),
      onClose: (reason) => this.#onGone(peer, link, reason),
    })
    link.send({ type: 'heartbeat', status: this.#status() })
  }

  #onMessage(peer: Peer, link: NetworkLink, message: ReplicationMessage): void {
    if (peer.link !== link) return
    const { id } = peer.address
    this.#detector.heard(id, this.#runtime.clock.monotonicMs())
    switch (message.type) {
      case 'heartbeat':
        if (!('status' in message)) return link.close('a heartbeat without a status')
        if (peer.status === null) this.#runtime.log.debug('peer is live', { server: id })
        peer.status = message.status
        this.#live.set(id, message.status)
        return this.#events.onChange()
      case 'election':
      case 'alive':
      case 'coordinator':
        // Before its first heartbeat nothing is known of it.
        if (peer.status !== null) this.#events.onMessage(id, message)
        return
      default:
        return link.close(`${message.type} does not belong on the peer port`)
    }
  }

  #onGone(peer: Peer, link: NetworkLink, reason: string): void {
    if (peer.link !== link) return
    const { id } = peer.address
    peer.link = null
    peer.status = null
    this.#live.delete(id)
    this.#detector.forget(id)
    if (this.#stopped) return
    this.#runtime.log.info('peer is gone', { server: id, reason })
    this.#redial(peer)
    this.#events.onChange()
  }
}
