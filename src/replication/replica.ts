import { asError } from '../runtime/as-error.ts'
import type { Listener } from '../runtime/network.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { Timer } from '../runtime/timers.ts'
import type { Storage } from '../storage/storage.ts'
import { formatZxid } from '../tree/zxid.ts'
import { Ambition } from './ambition.ts'
import { Amnesia } from './amnesia.ts'
import { Applier } from './applier.ts'
import type { Attempt } from './attempt.ts'
import { Attempts } from './attempts.ts'
import { Candidacy } from './candidacy.ts'
import { conditionOf } from './condition.ts'
import { Election, type ElectionEffect } from './election.ts'
import { helloProblem, helloTo, type Identity, isStranger, StrangerError, strangerAdvice } from './hello.ts'
import { LeadingAttempt } from './leading-attempt.ts'
import type { NetworkLink } from './link.ts'
import type { Hello } from './messages.ts'
import { PeerMesh } from './peer-mesh.ts'
import { PendingSyncs } from './pending-syncs.ts'
import { Persister } from './persister.ts'
import { quorumSize } from './quorum.ts'
import { type ReplicaConfig, type ReplicaEvents, type ReplicaStatus, serverOf } from './replica-config.ts'
import { SelfReport } from './self-report.ts'
import { SnapshotTaker } from './snapshot-taker.ts'
import type { StateMachine } from './state-machine.ts'
import { Strangers } from './strangers.ts'

/** A candidate that found no quorum waits this long, plus as much again by chance, before it stands again. */
const backOffMs = 150

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
  readonly #candidacy: Candidacy
  readonly #report: SelfReport
  readonly #syncs = new PendingSyncs()
  readonly #ambition: Ambition
  #listener: Listener | null = null
  #ticker: Timer | null = null
  #closing: Promise<void> | null = null
  #serving = false
  #waitingFor: string | null = 'it has just started'
  #stopped = false

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
    const onFailure = (error: Error): void => this.#fail(error)
    const persister: Persister = new Persister({
      storage,
      onAppended: () => this.#applier.advance(),
      onFailure,
    })
    this.#snapshots = new SnapshotTaker({ runtime, storage, state, snapCount: config.snapCount, onFailure })
    this.#applier = new Applier({
      storage,
      state,
      timers: runtime.timers,
      onApplied: (count, bytes) => this.#snapshots.onApplied(count, bytes),
      onFailure,
    })
    this.#ambition = new Ambition(config)
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
      status: () => this.#report.peerStatus(),
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
      facts: () => ({ peers: this.#mesh.peers, stands: this.#candidacy.stands }),
    })
    this.#joining = new Strangers(runtime, (link, hello) => this.#guard(() => this.#onFollower(link, hello)))
    this.#candidacy = new Candidacy({
      runtime,
      self: config.serverId,
      members: this.#members.length,
      quorum: this.#quorum,
      storage,
      mesh: this.#mesh,
      election: this.#election,
    })
    this.#report = new SelfReport({
      storage,
      state,
      attempts: this.#attempts,
      mesh: this.#mesh,
      election: this.#election,
      joining: this.#joining,
      candidacy: this.#candidacy,
      situation: () => ({
        stopped: this.#stopped,
        serving: this.#serving,
        waitingFor: this.#waitingFor,
      }),
      quorum: this.#quorum,
    })
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
    this.#candidacy.start()
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
    const id = this.#syncs.add(done)
    if (this.#serving) this.#attempts.current?.followerLoop.send({ type: 'sync', id })
  }

  /** Who has called `sync` and was not called back: for the replica that takes the place of this one, which has stopped. */
  unansweredSyncs(): (() => void)[] {
    return this.#syncs.unanswered()
  }

  /** It leads, and too few follow for anything to be decided: they come back soon, or its reign ends. */
  isCutOff(): boolean {
    return this.#serving && this.#attempts.current?.leaderLoop?.followers.isQuorum === false
  }

  status(): ReplicaStatus {
    return this.#report.status()
  }

  #nowMs(): number {
    return this.#runtime.clock.monotonicMs()
  }

  #identity(): Identity {
    const { ensembleId, founded } = this.#storage.state
    return { serverId: this.#config.serverId, members: this.#members, ensembleId, founded }
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
    const message = strangerAdvice(this.#identity(), hello)
    // The one that runs in a working ensemble is at home there.
    if (this.#serving || this.#mesh.peers.size + 1 >= this.#quorum) this.#runtime.log.error(message)
    else this.#fail(new StrangerError(message))
  }

  #onPeersChanged(): void {
    if (conditionOf(this.#storage.state) === 'fresh') this.#amnesia.hear(this.#mesh.peers)
    this.#giveWayToLaterReign()
    this.#perform(this.#election.onChange(this.#nowMs()))
    this.#waitingFor = this.#candidacy.changedReason(this.#election.phase === 'looking') ?? this.#waitingFor
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

  #onTick(): void {
    const nowMs = this.#nowMs()
    this.#attempts.current?.watch(nowMs)
    const attempt = this.#attempts.current
    if (attempt !== null && this.#serving)
      this.#ambition.maybeAsk(attempt.leader, attempt.followerLoop, nowMs)
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
    const leaderlessMs = this.#attempts.current?.leaderLoop?.quorumLostMs(this.#nowMs()) ?? 0
    if (this.#attempts.current !== null) this.#candidacy.beginToLook()
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
    for (const id of this.#syncs.ids()) followerLoop.send({ type: 'sync', id })
    this.#ambition.ask(leader, followerLoop, this.#nowMs())
  }

  /** Only then is it answered: should the reign end before, it is asked again in the next one. */
  #onSynced(attempt: Attempt, id: number): void {
    if (attempt !== this.#attempts.current || !this.#syncs.isPending(id)) return
    this.#applier.whenApplied(this.#applier.commitTarget, () => this.#syncs.answer(id))
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
