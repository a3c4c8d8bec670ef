import { BrokenInvariant } from '../runtime/assert.ts'
import type { Listener } from '../runtime/network.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { Timer } from '../runtime/timers.ts'
import type { Storage } from '../storage/storage.ts'
import { formatZxid } from '../tree/zxid.ts'
import { Amnesia } from './amnesia.ts'
import { Applier } from './applier.ts'
import { conditionOf } from './condition.ts'
import { Election, type ElectionEffect } from './election.ts'
import { FailureDetector } from './failure-detector.ts'
import { FollowerLoop } from './follower-loop.ts'
import { helloProblem, helloTo, type Identity, isStranger, StrangerError } from './hello.ts'
import { LeaderLoop } from './leader-loop.ts'
import { handshakeTimeoutMs } from './limits.ts'
import { NetworkLink } from './link.ts'
import { localLinkPair } from './local-link.ts'
import type { FollowerMessage, Hello, LeaderMessage, PeerStatus, ReplicationMessage } from './messages.ts'
import { PeerMesh } from './peer-mesh.ts'
import { Persister } from './persister.ts'
import { quorumSize } from './quorum.ts'
import type { ReplicaConfig, ReplicaEvents, ReplicaServer, ReplicaStatus } from './replica-config.ts'
import { SnapshotTaker } from './snapshot-taker.ts'
import { reasonNotToStand } from './standing.ts'
import type { StateMachine } from './state-machine.ts'
import { Strangers } from './strangers.ts'

/** A candidate that found no quorum waits this long, plus as much again by chance, before it stands again. */
const backOffMs = 150
/** How long a candidate waits for a quorum to join. */
const discoveryMs = 1000
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
  readonly #persister: Persister
  readonly #applier: Applier
  readonly #snapshots: SnapshotTaker
  readonly #amnesia: Amnesia
  readonly #joining: Strangers
  /** Watches over the links between leader and followers, from both sides. */
  readonly #silence: FailureDetector
  #listener: Listener | null = null
  #ticker: Timer | null = null
  #leaderLoop: LeaderLoop | null = null
  #followerLoop: FollowerLoop | null = null
  #attemptTimer: Timer | null = null
  /** Counts attempts at following or leading; late results of earlier ones are ignored. */
  #attempt = 0
  /** Resolves when the writes of the attempt before have come to rest. */
  #resting: Promise<void> = Promise.resolve()
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
    const nowMs = runtime.clock.monotonicMs()
    this.#lookingSinceMs = nowMs
    const onFailure = (error: Error): void => this.#fail(error)
    this.#persister = new Persister({ storage, onAppended: () => this.#applier.advance(), onFailure })
    this.#snapshots = new SnapshotTaker({ runtime, storage, state, snapCount: config.snapCount })
    this.#applier = new Applier({
      storage,
      state,
      timers: runtime.timers,
      onApplied: (count) => this.#snapshots.onApplied(count),
      onFailure,
    })
    this.#amnesia = new Amnesia({ self: config.serverId, members: this.#members })
    this.#silence = new FailureDetector({
      timeoutMs: config.peerTimeoutMs,
      lookEveryMs: config.heartbeatMs,
      nowMs,
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
    const own = this.#ownServer()
    this.#listener = await this.#runtime.network.listen(
      { host: own.host, port: own.leaderPort },
      (connection) => this.#joining.take(connection),
    )
    await this.#mesh.start({ host: own.host, port: own.peerPort })
    this.#started = true
    this.#ticker = this.#runtime.timers.every(this.#config.heartbeatMs, () =>
      this.#guard(() => this.#onTick()),
    )
    this.#guard(() => this.#onPeersChanged())
  }

  async stop(): Promise<void> {
    if (this.#stopped) return
    this.#stopped = true
    this.#ticker?.cancel()
    this.#endAttempt('this server stops')
    this.#joining.closeAll()
    await Promise.all([this.#mesh.stop(), this.#listener?.close()])
    await this.#snapshots.cancel()
    await this.#resting
  }

  /** Sends requests to the leader's `execute`. Does nothing while not serving: they are sent again in `onServing`. */
  sendRequests(bytes: Buffer): void {
    if (this.#serving) this.#followerLoop?.send({ type: 'requests', bytes })
  }

  /** Sends a message to the leader's `onMessage`. Lost when the reign ends. */
  sendMessage(bytes: Buffer): void {
    if (this.#serving) this.#followerLoop?.send({ type: 'message', bytes })
  }

  /** While leading: sends a message to a server's `onMessage`, behind all commits so far. */
  messageTo(server: number, bytes: Buffer): void {
    this.#leaderLoop?.sendTo(server, { type: 'message', bytes })
  }

  /**
   * Calls back when a quorum has confirmed that the leader leads, and everything that it had committed by then is applied
   * here. Survives changes of the leader.
   */
  sync(done: () => void): void {
    const id = this.#nextSyncId++
    this.#syncs.set(id, done)
    if (this.#serving) this.#followerLoop?.send({ type: 'sync', id })
  }

  status(): ReplicaStatus {
    const leaderLoop = this.#leaderLoop
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
    if (this.#serving) return this.#leaderLoop === null ? 'following' : 'leading'
    if (this.#followerLoop === null) return 'looking'
    return this.#followerLoop.synchronizing ? 'synchronization' : 'discovery'
  }

  #nowMs(): number {
    return this.#runtime.clock.monotonicMs()
  }

  #ownServer(): ReplicaServer {
    const own = this.#config.servers.find((server) => server.id === this.#config.serverId)
    if (own === undefined)
      throw new BrokenInvariant(`server ${this.#config.serverId} is not among the servers`)
    return own
  }

  #identity(): Identity {
    const { ensembleId, founded } = this.#storage.state
    return { serverId: this.#config.serverId, members: this.#members, ensembleId, founded }
  }

  #peerStatus(): PeerStatus {
    const { state } = this.#storage
    const leading = this.#leaderLoop !== null
    const joined = this.#serving ? 'following' : 'joining'
    const followerState = this.#followerLoop === null ? 'looking' : joined
    const leaderState = this.#serving ? 'leading' : 'candidate'
    return {
      state: leading ? leaderState : followerState,
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

  #reasonNotToStand(): string | null {
    const nowMs = this.#nowMs()
    if (!this.#started) return 'it has just started'
    if (this.#election.backsOff(nowMs)) return 'it found no quorum and lets others try'
    return reasonNotToStand({
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
      this.#fail(error instanceof Error ? error : new Error(String(error)))
    }
  }

  #fail(error: Error): void {
    if (this.#stopped) return
    this.#waitingFor = error.message
    this.#stopped = true
    this.#ticker?.cancel()
    this.#endAttempt(`this server fails: ${error.message}`)
    void this.#mesh.stop()
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
        this.#leaderLoop?.resign(`server ${id} leads epoch ${peer.epoch}`)
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
    for (const server of this.#silence.silent(nowMs)) {
      this.#silence.forget(server)
      if (this.#leaderLoop !== null) this.#leaderLoop.linkOf(server)?.close('it is silent')
      else this.#followerLoop?.leave('the leader is silent', null)
    }
    const follower = this.#followerLoop
    if (follower !== null && this.#serving && this.#wantsCrown(follower.leader, nowMs)) {
      this.#crownAskedAtMs = nowMs
      follower.send({ type: 'crown' })
    }
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
          this.#beginAttempt((attempt) => this.#lead(attempt))
          break
        case 'follow':
          this.#beginAttempt((attempt) => this.#follow(effect.leader, attempt))
          break
      }
    }
  }

  #beginAttempt(begin: (attempt: number) => Promise<void>): void {
    this.#endAttempt('another server leads')
    if (this.#stopped) return
    const attempt = this.#attempt
    this.#resting
      .then(() => (attempt === this.#attempt ? begin(attempt) : undefined))
      .catch((error: unknown) => {
        if (attempt === this.#attempt) this.#fail(error instanceof Error ? error : new Error(String(error)))
      })
  }

  /** Leaves whatever reign this server takes part in, or tries to. */
  #endAttempt(reason: string): void {
    this.#attempt++
    this.#attemptTimer?.cancel()
    const leader = this.#leaderLoop
    const follower = this.#followerLoop
    this.#leaderLoop = null
    this.#followerLoop = null
    if (leader === null && follower === null) return
    const wasServing = this.#serving
    this.#serving = false
    for (const id of this.#members) this.#silence.forget(id)
    leader?.resign(reason)
    follower?.leave(reason, null)
    if (follower !== null) this.#resting = this.#resting.then(() => follower.rest())
    this.#lookingSinceMs = this.#nowMs()
    if (wasServing) this.#events.onAdrift()
  }

  /** The reign, or the attempt at one, came to its end by itself. */
  #onEnded(attempt: number, reason: string, successor: number | null, pauseMs: number): void {
    if (attempt !== this.#attempt || this.#stopped) return
    this.#guard(() => {
      if (reason !== this.#waitingFor) this.#runtime.log.info('left the reign', { reason })
      this.#waitingFor = reason
      this.#endAttempt(reason)
      const nowMs = this.#nowMs()
      this.#perform(
        successor !== null && (successor === this.#config.serverId || this.#mesh.peers.has(successor))
          ? this.#election.onHandOver(successor)
          : this.#election.onLeaderLost(nowMs, pauseMs),
      )
      this.#mesh.tellChanges()
    })
  }

  async #lead(attempt: number): Promise<void> {
    const { serverId, tickTimeMs, syncLimitTicks, initLimitTicks, heartbeatMs } = this.#config
    this.#runtime.log.info('stands for leader', { lastZxid: formatZxid(this.#storage.lastZxid) })
    const leaderLoop = new LeaderLoop({
      self: serverId,
      members: this.#members.length,
      runtime: this.#runtime,
      storage: this.#storage,
      persister: this.#persister,
      state: this.#state,
      log: this.#runtime.log,
      times: {
        heartbeatMs,
        quorumLossMs: syncLimitTicks * tickTimeMs,
        discoveryMs,
        establishMs: initLimitTicks * tickTimeMs,
        handOverMs: Math.min(2000, tickTimeMs),
      },
      promisedElsewhere: () =>
        Math.max(0, ...[...this.#mesh.peers.values()].map((peer) => peer.promisedEpoch)),
      resyncFull: this.#config.resync === 'full',
      events: {
        onResigned: (reason, successor) => {
          const pauseMs = this.#serving ? 0 : backOffMs + this.#runtime.random.below(backOffMs)
          this.#onEnded(attempt, reason, successor, pauseMs)
        },
        onFailure: (error) => this.#fail(error),
      },
    })
    const followerLoop = this.#newFollowerLoop(serverId, attempt)
    const { leaderEnd, followerEnd } = localLinkPair(
      (call) => this.#runtime.timers.endOfTurn(() => this.#guard(call)),
      (ends) => ({
        leader: {
          onMessage: (message) => leaderLoop.onMessage(serverId, ends.leaderEnd, message as FollowerMessage),
          onClose: () => leaderLoop.onLinkClosed(serverId, ends.leaderEnd),
        },
        follower: {
          onMessage: (message) => followerLoop.onMessage(message as LeaderMessage),
          onClose: (reason) => followerLoop.onLinkClosed(reason),
        },
      }),
    )
    this.#leaderLoop = leaderLoop
    this.#followerLoop = followerLoop
    leaderLoop.addFollower(serverId, leaderEnd)
    followerLoop.start(followerEnd)
    this.#mesh.tellChanges()
  }

  async #follow(leader: number, attempt: number): Promise<void> {
    const server = this.#config.servers.find((candidate) => candidate.id === leader)
    if (server === undefined) throw new BrokenInvariant(`server ${leader} is not among the servers`)
    if (!(await this.#remember(leader))) {
      this.#onEnded(attempt, this.#amnesia.waitingFor, null, 0)
      return
    }
    if (attempt !== this.#attempt) return
    const followerLoop = this.#newFollowerLoop(leader, attempt)
    this.#followerLoop = followerLoop
    this.#attemptTimer = this.#runtime.timers.after(
      this.#config.initLimitTicks * this.#config.tickTimeMs,
      () => followerLoop.leave('the leader did not get this server in step in time', null),
    )
    this.#mesh.tellChanges()
    const address = { host: server.host, port: server.leaderPort }
    let link: NetworkLink
    try {
      const connection = await this.#runtime.network.connect(address, handshakeTimeoutMs)
      link = new NetworkLink(connection, () => this.#nowMs(), {
        onMessage: (message) => this.#guard(() => this.#onLeaderMessage(followerLoop, link, message)),
        onClose: (reason) => this.#guard(() => followerLoop.onLinkClosed(reason)),
      })
    } catch (error) {
      followerLoop.leave(error instanceof Error ? error.message : String(error), null)
      return
    }
    if (attempt !== this.#attempt) {
      link.close('another server leads')
      return
    }
    link.admit({
      onMessage: (message) => this.#guard(() => this.#onLeaderMessage(followerLoop, link, message)),
      onClose: (reason) => this.#guard(() => followerLoop.onLinkClosed(reason)),
    })
    link.send(helloTo(this.#identity(), leader))
    this.#silence.heard(leader, this.#nowMs())
    followerLoop.start(link)
  }

  /** The amnesia rule: false while this server may not be synchronized because too few have told what they promised. */
  async #remember(leader: number): Promise<boolean> {
    const { state } = this.#storage
    if (conditionOf(state) !== 'fresh' || !this.#knowsFounded(leader)) return true
    const promisedEpoch = this.#amnesia.promisedEpoch
    if (promisedEpoch === null) return false
    if (promisedEpoch > state.promisedEpoch) await this.#storage.saveState({ promisedEpoch, promisedTo: 0 })
    return true
  }

  #knowsFounded(leader: number): boolean {
    if (this.#mesh.peers.get(leader)?.condition === 'founded') return true
    return [...this.#mesh.peers.values()].some((peer) => peer.condition === 'founded')
  }

  #newFollowerLoop(leader: number, attempt: number): FollowerLoop {
    const followerLoop: FollowerLoop = new FollowerLoop({
      leader,
      local: leader === this.#config.serverId,
      recovered: this.#amnesia.promisedEpoch !== null,
      storage: this.#storage,
      persister: this.#persister,
      applier: this.#applier,
      state: this.#state,
      log: this.#runtime.log,
      resyncFull: this.#config.resync === 'full',
      beforeSwitch: () => this.#snapshots.cancel(),
      events: {
        onServe: (epoch) => this.#onServe(followerLoop, epoch),
        onSynced: (id) => this.#onSynced(id),
        onMessage: (message) => this.#events.onMessage(message),
        onLeft: (reason, successor) => this.#onEnded(attempt, reason, successor, 0),
        onFailure: (error) => this.#fail(error),
      },
    })
    return followerLoop
  }

  #onLeaderMessage(followerLoop: FollowerLoop, link: NetworkLink, message: ReplicationMessage): void {
    this.#silence.heard(followerLoop.leader, this.#nowMs())
    if (message.type === 'hello') {
      const problem = helloProblem(this.#identity(), message)
      if (problem !== null) link.close(problem)
      return
    }
    followerLoop.onMessage(message as LeaderMessage)
  }

  #onServe(followerLoop: FollowerLoop, epoch: number): void {
    const { leader } = followerLoop
    const leading = leader === this.#config.serverId
    this.#attemptTimer?.cancel()
    this.#serving = true
    this.#waitingFor = null
    this.#election.settle(leader)
    this.#runtime.log.info(leading ? 'leads' : 'follows', {
      leader,
      epoch,
      applied: formatZxid(this.#state.lastApplied),
    })
    if (leading) this.#leaderLoop?.beginReign()
    this.#mesh.tellChanges()
    this.#events.onServing({ leader, epoch, leading })
    for (const id of this.#syncs.keys()) followerLoop.send({ type: 'sync', id })
    if (this.#wantsCrown(leader, this.#nowMs() + crownRetryMs)) {
      this.#crownAskedAtMs = this.#nowMs()
      followerLoop.send({ type: 'crown' })
    }
  }

  #onSynced(id: number): void {
    const done = this.#syncs.get(id)
    if (done === undefined) return
    this.#syncs.delete(id)
    this.#applier.whenApplied(this.#applier.commitTarget, done)
  }

  /** Somebody came in at the leader port and said who it is. */
  #onFollower(link: NetworkLink, hello: Hello): void {
    const identity = this.#identity()
    const problem = helloProblem(identity, hello)
    const leaderLoop = this.#leaderLoop
    const { from } = hello
    link.send(helloTo(identity, from))
    if (problem !== null || leaderLoop === null) {
      if (problem !== null) this.#runtime.log.error(`refused a follower: ${problem}`)
      if (isStranger(identity, hello)) this.#onStranger(hello)
      link.send({ type: 'notLeading', leader: this.#election.leader })
      link.close(problem ?? 'this server does not lead')
      return
    }
    leaderLoop.linkOf(from)?.close('it has a new connection')
    link.admit({
      onMessage: (message) => {
        this.#silence.heard(from, this.#nowMs())
        leaderLoop.onMessage(from, link, message as FollowerMessage)
      },
      onClose: (reason) => {
        this.#silence.forget(from)
        this.#runtime.log.info('a follower has left', { server: from, reason })
        leaderLoop.onLinkClosed(from, link)
      },
    })
    leaderLoop.addFollower(from, link)
    this.#silence.heard(from, this.#nowMs())
  }
}
