import type { Listener } from '../runtime/network.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { Timer } from '../runtime/timers.ts'
import type { Storage } from '../storage/storage.ts'
import { formatZxid } from '../tree/zxid.ts'
import { Amnesia } from './amnesia.ts'
import { Applier } from './applier.ts'
import type { Attempt } from './attempt.ts'
import { Attempts } from './attempts.ts'
import { conditionOf } from './condition.ts'
import { Election, type ElectionEffect } from './election.ts'
import type { FollowerLoop } from './follower-loop.ts'
import { helloProblem, helloTo, type Identity, isStranger, StrangerError } from './hello.ts'
import { LeadingAttempt } from './leading-attempt.ts'
import type { NetworkLink } from './link.ts'
import type { Hello, PeerStatus } from './messages.ts'
import { PeerMesh } from './peer-mesh.ts'
import { Persister } from './persister.ts'
import { quorumSize } from './quorum.ts'
import { type ReplicaConfig, type ReplicaEvents, type ReplicaStatus, serverOf } from './replica-config.ts'
import { SnapshotTaker } from './snapshot-taker.ts'
import { reasonNotToStand } from './standing.ts'
import type { StateMachine } from './state-machine.ts'
import { Strangers } from './strangers.ts'

/** A candidate that found no quorum waits this long, plus as much again by chance, before it stands again. */
const backOffMs = 150
/** A server that is in step with a leader of a lower id asks for the crown again after this long. */
const crownRetryMs = 2000

/**
 * One server's part in the replication: it finds a leader or becomes one, keeps its history equal to the others', and
 * brings what is committed into the state.
 */
export class Replica {
  readonly #runtime: Runtime
  readonly #config: ReplicaConfig
  readonly #storage: Storage
  readonly #state: StateMachine
  readonly #events: ReplicaEvents
  readonly #members: readonly number[]
  readonly #quorum: number
  readonly #mesh: PeerMesh
  readonly #election: Election
  readonly #applier: Applier
  readonly #snapshots: SnapshotTaker
  readonly #amnesia: Amnesia
  readonly #joining: Strangers
  readonly #attempts: Attempts
  #listener: Listener | null = null
  #ticker: Timer | null = null
  #closing: Promise<void> | null = null
  #serving = false
  #lookingSinceMs: number
  #crownAskedAtMs = 0
  #syncs = new Map<number, () => void>()
  #nextSyncId = 1
  #notStandingFor: string | null = null
  #waitingFor: string | null = 'it has just started'
  #stopped = false
  #started = false

  constructor(options: {
    runtime: Runtime
    config: ReplicaConfig
    storage: Storage
    state: StateMachine
    events: ReplicaEvents
  }) {
    const { runtime, config, storage, state } = options
    this.#runtime = runtime
    this.#config = config
    this.#storage = storage
    this.#state = state
    this.#events = options.events
    this.#members = config.servers.map((server) => server.id).sort((a, b) => a - b)
    this.#quorum = quorumSize(this.#members.length)
    this.#lookingSinceMs = runtime.clock.monotonicMs()
    const onFailure = (error: Error): void => this.#fail(error)
    const persister: Persister = new Persister({
      storage,
      onAppended: () => this.#applier.advance(),
      onFailure,
    })
    this.#snapshots = new SnapshotTaker({ runtime, storage, state, snapCount: config.snapCount })
    this.#applier = new Applier({
      storage,
      state,
      timers: runtime.timers,
      onApplied: (count) => this.#snapshots.onApplied(count),
      onFailure,
    })
    this.#amnesia = new Amnesia({ self: config.serverId, members: this.#members })
    this.#attempts = new Attempts({
      runtime,
      config,
      storage,
      state,
      persister,
      applier: this.#applier,
      snapshots: this.#snapshots,
      amnesia: this.#amnesia,
      identity: () => this.#identity(),
      peers: () => this.#mesh.peers,
      guard: (work) => this.#guard(work),
      events: {
        onBegun: (attempt) => this.#onBegun(attempt),
        onRefused: (reason) => this.#onEnded(null, reason, null),
        onServe: (attempt, epoch) => this.#onServe(attempt, epoch),
        onSynced: (attempt, id) => this.#onSynced(attempt, id),
        onPromise: (epoch, leader) => this.#events.onPromise?.(epoch, leader),
        onMessage: (message) => this.#events.onMessage(message),
        onEnded: (attempt, reason, successor) => this.#onEnded(attempt, reason, successor),
        onFailure,
      },
    })
    this.#mesh = new PeerMesh({
      runtime,
      peers: config.servers.filter((server) => server.id !== config.serverId),
      heartbeatMs: config.heartbeatMs,
      peerTimeoutMs: config.peerTimeoutMs,
      identity: () => this.#identity(),
      status: () => this.#peerStatus(),
      events: {
        onChange: () => this.#guard(() => this.#onPeersChanged()),
        onMessage: (from, message) =>
          this.#guard(() => this.#perform(this.#election.onMessage(from, message, this.#nowMs()))),
        onStranger: (hello) => this.#onStranger(hello),
      },
    })
    this.#election = new Election({
      self: config.serverId,
      timeouts: { aliveMs: 200, coordinatorMs: 500, followRetryMs: 200 },
      facts: () => ({ peers: this.#mesh.peers, stands: this.#reasonNotToStand() === null }),
    })
    this.#joining = new Strangers(runtime, (link, hello) => this.#guard(() => this.#onFollower(link, hello)))
  }

  /**
   * Loads the history, opens the peer and the leader port, and begins to look for a leader.
   * Rejects with a StorageError, or with the listen error of a port.
   */
  async start(): Promise<void> {
    await this.#storage.recover(this.#state)
    const { host, leaderPort, peerPort } = serverOf(this.#config, this.#config.serverId)
    // A server that is alone has nobody to let in, and its configuration may name no ports for it.
    if (this.#members.length > 1) {
      this.#listener = await this.#runtime.network.listen({ host, port: leaderPort }, (connection) =>
        this.#joining.take(connection),
      )
      await this.#mesh.listen({ host, port: peerPort })
    }
    this.#mesh.start()
    if (this.#stopped) {
      // It was stopped meanwhile, when there was nothing to close yet.
      await Promise.all([this.#mesh.stop(), this.#listener?.close()])
      return
    }
    this.#started = true
    this.#ticker = this.#runtime.timers.every(this.#config.heartbeatMs, () =>
      this.#guard(() => this.#onTick()),
    )
    this.#guard(() => this.#onPeersChanged())
  }

  /** Resolves when nothing is written, sent or timed any more; also after a failure. */
  stop(): Promise<void> {
    this.#closing ??= this.#close('this server stops')
    return this.#closing
  }

  async #close(reason: string): Promise<void> {
    this.#stopped = true
    this.#ticker?.cancel()
    this.#endAttempt(reason)
    this.#joining.closeAll()
    await Promise.all([this.#mesh.stop(), this.#listener?.close()])
    // Until it rests, transactions may still be applied, and the one that is due for a snapshot would begin another.
    await this.#attempts.resting
    await this.#snapshots.cancel()
  }

  /** Sends requests to the leader's `execute`. Does nothing while not serving: they are sent again in `onServing`. */
  sendRequests(bytes: Buffer): void {
    if (this.#serving) this.#attempts.current?.followerLoop.send({ type: 'requests', bytes })
  }

  /** Sends a message to the leader's `onMessage`. Lost when the reign ends. */
  sendMessage(bytes: Buffer): void {
    if (this.#serving) this.#attempts.current?.followerLoop.send({ type: 'message', bytes })
  }

  /** While leading: sends a message to a server's `onMessage`, behind all commits so far. */
  messageTo(server: number, bytes: Buffer): void {
    this.#attempts.current?.leaderLoop?.sendTo(server, { type: 'message', bytes })
  }

  /**
   * Calls back when a quorum has confirmed that the leader leads, and everything that it had committed by then is applied
   * here. Survives changes of the leader.
   */
  sync(done: () => void): void {
    const id = this.#nextSyncId++
    this.#syncs.set(id, done)
    if (this.#serving) this.#attempts.current?.followerLoop.send({ type: 'sync', id })
  }

  /** Who has called `sync` and was not called back: for the replica that takes the place of this one, which has stopped. */
  unansweredSyncs(): (() => void)[] {
    return [...this.#syncs.values()]
  }

  /** It leads, and too few follow for anything to be decided: they come back soon, or its reign ends. */
  isCutOff(): boolean {
    const leaderLoop = this.#attempts.current?.leaderLoop ?? null
    return this.#serving && leaderLoop !== null && !leaderLoop.hasQuorum
  }

  status(): ReplicaStatus {
    const leaderLoop = this.#attempts.current?.leaderLoop
    return {
      state: this.#stateName(),
      serving: this.#serving,
      leader: this.#election.leader,
      epoch: this.#storage.state.currentEpoch,
      promisedEpoch: this.#storage.state.promisedEpoch,
      lastZxid: this.#storage.lastZxid,
      commitZxid: this.#storage.commitZxid,
      appliedZxid: this.#state.lastApplied,
      waitingFor: this.#serving ? null : this.#waitingFor,
      followers: leaderLoop?.followers ?? 0,
      syncedFollowers: leaderLoop?.syncedFollowers ?? 0,
      quorumSize: this.#quorum,
      proposalBytes: leaderLoop?.proposalBytes ?? { last: -1, min: -1, max: -1 },
      refusedConnections: this.#joining.refused + this.#mesh.refused,
    }
  }

  #stateName(): ReplicaStatus['state'] {
    if (this.#stopped) return 'stopped'
    if (this.#attempts.current === null) return 'looking'
    if (this.#serving) return this.#attempts.current.leaderLoop === null ? 'following' : 'leading'
    return this.#attempts.current.followerLoop.synchronizing ? 'synchronization' : 'discovery'
  }

  #nowMs(): number {
    return this.#runtime.clock.monotonicMs()
  }

  #identity(): Identity {
    const { ensembleId, founded } = this.#storage.state
    return { serverId: this.#config.serverId, members: this.#members, ensembleId, founded }
  }

  #peerStatus(): PeerStatus {
    const { state } = this.#storage
    const leading = this.#attempts.current !== null && this.#attempts.current.leaderLoop !== null
    return {
      state: this.#peerState(),
      serving: this.#serving,
      leader: this.#election.leader,
      epoch: state.currentEpoch,
      promisedEpoch: state.promisedEpoch,
      condition: conditionOf(state),
      lastZxid: this.#storage.lastZxid,
      logStartZxid: this.#storage.logStartZxid,
      seesQuorum: this.#mesh.peers.size + 1 >= this.#quorum,
      stands: leading || this.#reasonNotToStand() === null,
    }
  }

  #peerState(): PeerStatus['state'] {
    if (this.#attempts.current === null) return 'looking'
    if (this.#attempts.current.leaderLoop !== null) return this.#serving ? 'leading' : 'candidate'
    return this.#serving ? 'following' : 'joining'
  }

  #reasonNotToStand(): string | null {
    const nowMs = this.#nowMs()
    if (!this.#started) return 'it has just started'
    if (this.#election.backsOff(nowMs)) return 'it found no quorum and lets others try'
    return reasonNotToStand({
      self: this.#config.serverId,
      condition: conditionOf(this.#storage.state),
      lastZxid: this.#storage.lastZxid,
      members: this.#members.length,
      quorum: this.#quorum,
      peers: this.#mesh.peers,
      lookingForMs: nowMs - this.#lookingSinceMs,
    })
  }

  /** What breaks inside an event stops the server; it must not pass for a fault of the connection it came by. */
  #guard(work: () => void): void {
    if (this.#stopped) return
    try {
      work()
    } catch (error) {
      this.#fail(asError(error))
    }
  }

  #fail(error: Error): void {
    if (this.#stopped) return
    this.#waitingFor = error.message
    this.#closing = this.#close(`this server fails: ${error.message}`)
    // Whoever calls `stop` hears of it; the failure that led here is the one to report.
    this.#closing.catch(() => {})
    this.#events.onFatal(error)
  }

  #onStranger(hello: Hello): void {
    const own = this.#identity()
    const message =
      `server ${hello.from} belongs to ensemble ${hello.ensembleId}, the data directory of server ${own.serverId} to ensemble ${own.ensembleId}: ` +
      'if this server was moved here, empty its data directory; if the other one was, empty that'
    // The one that runs in a working ensemble is at home there.
    if (this.#serving || this.#mesh.peers.size + 1 >= this.#quorum) this.#runtime.log.error(message)
    else this.#fail(new StrangerError(message))
  }

  #onPeersChanged(): void {
    if (conditionOf(this.#storage.state) === 'fresh') this.#amnesia.hear(this.#mesh.peers)
    this.#giveWayToLaterReign()
    this.#perform(this.#election.onChange(this.#nowMs()))
    this.#tellWhyItWaits()
    this.#mesh.tellChanges()
  }

  /** A leader that was cut off finds a quorum under another one: it need not wait out its time without a quorum. */
  #giveWayToLaterReign(): void {
    for (const [id, peer] of this.#mesh.peers) {
      if (peer.serving && peer.state === 'leading' && peer.epoch > this.#storage.state.currentEpoch) {
        this.#attempts.current?.leaderLoop?.resign(`server ${id} leads epoch ${peer.epoch}`)
      }
    }
  }

  #tellWhyItWaits(): void {
    const reason = this.#election.phase === 'looking' ? this.#reasonNotToStand() : null
    if (reason === this.#notStandingFor) return
    this.#notStandingFor = reason
    if (reason === null) return
    this.#waitingFor = reason
    this.#runtime.log.info(`does not stand for leader: ${reason}`)
  }

  #onTick(): void {
    const nowMs = this.#nowMs()
    this.#attempts.current?.watch(nowMs)
    const attempt = this.#attempts.current
    if (attempt !== null && this.#serving && this.#wantsCrown(attempt.leader, nowMs)) {
      this.#askForCrown(attempt.followerLoop)
    }
  }

  #askForCrown(followerLoop: FollowerLoop): void {
    this.#crownAskedAtMs = this.#nowMs()
    followerLoop.send({ type: 'crown' })
  }

  #wantsCrown(leader: number, nowMs: number): boolean {
    const { serverId, leaderPreemption } = this.#config
    return leaderPreemption && serverId > leader && nowMs - this.#crownAskedAtMs >= crownRetryMs
  }

  #perform(effects: readonly ElectionEffect[]): void {
    for (const effect of effects) {
      switch (effect.kind) {
        case 'send':
          this.#mesh.send(effect.to, effect.message)
          break
        case 'stand':
          this.#beginAttempt(this.#config.serverId)
          break
        case 'follow':
          this.#beginAttempt(effect.leader)
          break
      }
    }
  }

  /** Leaves whatever reign this server takes part in, or tries to. */
  #endAttempt(reason: string): void {
    const wasServing = this.#serving
    this.#serving = false
    const nowMs = this.#nowMs()
    const leaderlessMs = this.#attempts.current?.leaderLoop?.quorumLostMs(nowMs) ?? 0
    if (this.#attempts.current !== null) this.#lookingSinceMs = nowMs
    this.#attempts.end(reason)
    if (wasServing) this.#events.onAdrift(leaderlessMs)
  }

  #beginAttempt(leader: number): void {
    this.#endAttempt('another server leads')
    if (!this.#stopped) this.#attempts.begin(leader)
  }

  #onBegun(attempt: Attempt): void {
    if (attempt.leaderLoop !== null) this.#perform(this.#election.onOpen())
    this.#mesh.tellChanges()
  }

  /** The reign, or the attempt at one, came to its end by itself. */
  #onEnded(attempt: Attempt | null, reason: string, successor: number | null): void {
    if (attempt !== this.#attempts.current || this.#stopped) return
    this.#guard(() => {
      if (reason !== this.#waitingFor) this.#runtime.log.info('left the reign', { reason })
      this.#waitingFor = reason
      const failedCandidate = attempt?.leaderLoop != null && !this.#serving
      const pauseMs = failedCandidate ? backOffMs + this.#runtime.random.below(backOffMs) : 0
      this.#endAttempt(reason)
      this.#perform(
        successor !== null && (successor === this.#config.serverId || this.#mesh.peers.has(successor))
          ? this.#election.onHandOver(successor)
          : this.#election.onLeaderLost(this.#nowMs(), pauseMs),
      )
      this.#mesh.tellChanges()
    })
  }

  #onServe(attempt: Attempt, epoch: number): void {
    if (attempt !== this.#attempts.current || this.#stopped) return
    const { leader, followerLoop } = attempt
    const leading = leader === this.#config.serverId
    this.#serving = true
    this.#waitingFor = null
    this.#election.settle(leader)
    this.#runtime.log.info(leading ? 'leads' : 'follows', {
      leader,
      epoch,
      applied: formatZxid(this.#state.lastApplied),
    })
    attempt.onServing()
    this.#mesh.tellChanges()
    this.#events.onServing({ leader, epoch, leading })
    for (const id of this.#syncs.keys()) followerLoop.send({ type: 'sync', id })
    if (this.#wantsCrown(leader, this.#nowMs() + crownRetryMs)) this.#askForCrown(followerLoop)
  }

  /** Only then is it answered: should the reign end before, it is asked again in the next one. */
  #onSynced(attempt: Attempt, id: number): void {
    const done = this.#syncs.get(id)
    if (attempt !== this.#attempts.current || done === undefined) return
    this.#applier.whenApplied(this.#applier.commitTarget, () => {
      if (this.#syncs.delete(id)) done()
    })
  }

  /** Somebody came in at the leader port and said who it is. */
  #onFollower(link: NetworkLink, hello: Hello): void {
    const identity = this.#identity()
    const problem = helloProblem(identity, hello)
    const attempt = this.#attempts.current
    const { from } = hello
    link.send(helloTo(identity, from))
    if (problem !== null || !(attempt instanceof LeadingAttempt)) {
      if (problem !== null) this.#runtime.log.error(`refused a follower: ${problem}`)
      if (isStranger(identity, hello)) this.#onStranger(hello)
      link.send({ type: 'notLeading', leader: this.#election.leader })
      link.close(problem ?? 'this server does not lead')
      return
    }
    attempt.accept(from, link)
  }
}

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)))
