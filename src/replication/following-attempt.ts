import type { Runtime } from '../runtime/runtime.ts'
import type { Timer } from '../runtime/timers.ts'
import type { Attempt, AttemptEvents } from './attempt.ts'
import { watchSilence } from './attempt.ts'
import { FailureDetector } from './failure-detector.ts'
import type { FollowerLoop, FollowerLoopEvents } from './follower-loop.ts'
import { helloProblem, helloTo, type Identity } from './hello.ts'
import { handshakeTimeoutMs } from './limits.ts'
import { type LinkHandlers, NetworkLink } from './link.ts'
import type { LeaderMessage, ReplicationMessage } from './messages.ts'
import type { ReplicaConfig, ReplicaServer } from './replica-config.ts'

/** This server joins another one's reign: the follower loop, and its link to the leader port over there. */
export class FollowingAttempt implements Attempt {
  readonly leader: number
  readonly leaderLoop = null
  readonly followerLoop: FollowerLoop
  readonly #runtime: Runtime
  readonly #config: ReplicaConfig
  readonly #server: ReplicaServer
  readonly #guard: (work: () => void) => void
  readonly #identity: () => Identity
  readonly #silence: FailureDetector
  #link: NetworkLink | null = null
  #timer: Timer | null = null
  #ended = false

  /** `guard` runs what an event brings about; what breaks in it stops the server. */
  constructor(options: {
    server: ReplicaServer
    runtime: Runtime
    config: ReplicaConfig
    guard: (work: () => void) => void
    identity: () => Identity
    events: AttemptEvents
    newFollowerLoop: (events: FollowerLoopEvents) => FollowerLoop
  }) {
    const { runtime, config, server, events } = options
    this.leader = server.id
    this.#server = server
    this.#runtime = runtime
    this.#config = config
    this.#guard = options.guard
    this.#identity = options.identity
    this.#silence = new FailureDetector({
      timeoutMs: config.peerTimeoutMs,
      lookEveryMs: config.heartbeatMs,
      nowMs: runtime.clock.monotonicMs(),
    })
    this.followerLoop = options.newFollowerLoop({
      onServe: (epoch) => events.onServe(this, epoch),
      onSynced: (id) => events.onSynced(this, id),
      onPromise: (epoch) => events.onPromise(epoch, server.id),
      onMessage: (message) => events.onMessage(message),
      onLeft: (reason, successor) => {
        if (!this.#ended) events.onEnded(this, reason, successor)
      },
    })
  }

  begin(): void {
    const { followerLoop } = this
    const { initLimitTicks, tickTimeMs } = this.#config
    this.#timer = this.#runtime.timers.after(initLimitTicks * tickTimeMs, () =>
      this.#guard(() => followerLoop.leave('the leader did not get this server in step in time', null)),
    )
    const { host, leaderPort: port } = this.#server
    this.#runtime.network.connect({ host, port }, handshakeTimeoutMs).then(
      (connection) => {
        const handlers: LinkHandlers = {
          onMessage: (message) => this.#guard(() => this.#onMessage(message)),
          onClose: (reason) => this.#guard(() => followerLoop.onLinkClosed(reason)),
        }
        const link = new NetworkLink(connection, () => this.#nowMs(), handlers)
        if (this.#ended) link.close('another server leads')
        else this.#guard(() => this.#greet(link, handlers))
      },
      (error: unknown) =>
        this.#guard(() => followerLoop.leave(error instanceof Error ? error.message : String(error), null)),
    )
  }

  onServing(): void {
    this.#timer?.cancel()
  }

  watch(nowMs: number): void {
    watchSilence(
      this.#silence,
      nowMs,
      () => this.#link,
      () => this.followerLoop.leave('the leader is silent', null),
    )
  }

  end(reason: string): void {
    this.#ended = true
    this.#timer?.cancel()
    this.followerLoop.leave(reason, null)
  }

  #nowMs(): number {
    return this.#runtime.clock.monotonicMs()
  }

  #greet(link: NetworkLink, handlers: LinkHandlers): void {
    this.#link = link
    link.admit(handlers)
    link.send(helloTo(this.#identity(), this.leader))
    this.#silence.heard(this.leader, this.#nowMs())
    this.followerLoop.start(link)
  }

  #onMessage(message: ReplicationMessage): void {
    this.#silence.heard(this.leader, this.#nowMs())
    // Where the configuration names the leader's peer port, a peer answers: its heartbeats have no round to send back.
    if (message.type === 'heartbeat' && !('round' in message)) {
      this.#link?.close(
        'a heartbeat without a round: found a peer port, expected the leader port: see the configuration',
      )
      return
    }
    if (message.type !== 'hello') {
      this.followerLoop.onMessage(message as LeaderMessage)
      return
    }
    const problem = helloProblem(this.#identity(), message)
    if (problem !== null) this.#link?.close(problem)
  }
}
