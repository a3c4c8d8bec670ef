import type { Runtime } from '../runtime/runtime.ts'
import type { Attempt, AttemptEvents } from './attempt.ts'
import { watchSilence } from './attempt.ts'
import { FailureDetector } from './failure-detector.ts'
import type { FollowerLoop, FollowerLoopEvents } from './follower-loop.ts'
import type { LeaderLoop, LeaderLoopEvents } from './leader-loop.ts'
import type { NetworkLink } from './link.ts'
import { localLinkPair } from './local-link.ts'
import type { FollowerMessage, LeaderMessage } from './messages.ts'
import type { ReplicaConfig } from './replica-config.ts'

/** This server stands, and leads if it finds a quorum: the leader loop, its own follower, and the links of all others. */
export class LeadingAttempt implements Attempt {
  readonly leader: number
  readonly leaderLoop: LeaderLoop
  readonly followerLoop: FollowerLoop
  readonly #runtime: Runtime
  readonly #guard: (work: () => void) => void
  readonly #silence: FailureDetector
  #ended = false

  /** `guard` runs what an event brings about; what breaks in it stops the server. */
  constructor(options: {
    runtime: Runtime
    config: ReplicaConfig
    guard: (work: () => void) => void
    events: AttemptEvents
    newLeaderLoop: (events: LeaderLoopEvents) => LeaderLoop
    newFollowerLoop: (events: FollowerLoopEvents) => FollowerLoop
  }) {
    const { runtime, config, events } = options
    this.leader = config.serverId
    this.#runtime = runtime
    this.#guard = options.guard
    this.#silence = new FailureDetector({
      timeoutMs: config.peerTimeoutMs,
      lookEveryMs: config.heartbeatMs,
      nowMs: runtime.clock.monotonicMs(),
    })
    const onEnded = (reason: string, successor: number | null): void => {
      if (!this.#ended) events.onEnded(this, reason, successor)
    }
    this.leaderLoop = options.newLeaderLoop({ onResigned: onEnded, onFailure: events.onFailure })
    this.followerLoop = options.newFollowerLoop({
      onServe: (epoch) => events.onServe(this, epoch),
      onSynced: (id) => events.onSynced(this, id),
      onPromise: (epoch) => events.onPromise(epoch, config.serverId),
      onMessage: (message) => events.onMessage(message),
      onLeft: onEnded,
    })
  }

  begin(): void {
    const { leader: self, leaderLoop, followerLoop } = this
    const { leaderEnd, followerEnd } = localLinkPair(
      (call) => this.#runtime.timers.endOfTurn(() => this.#guard(call)),
      (ends) => ({
        leader: {
          onMessage: (message) => leaderLoop.onMessage(self, ends.leaderEnd, message as FollowerMessage),
          onClose: () => leaderLoop.onLinkClosed(self, ends.leaderEnd),
        },
        follower: {
          onMessage: (message) => followerLoop.onMessage(message as LeaderMessage),
          onClose: (reason) => followerLoop.onLinkClosed(reason),
        },
      }),
    )
    leaderLoop.addFollower(self, leaderEnd)
    followerLoop.start(followerEnd)
  }

  onServing(): void {
    this.leaderLoop.beginReign()
  }

  /** A follower has said who it is on a new link. */
  accept(server: number, link: NetworkLink): void {
    const { leaderLoop } = this
    const nowMs = (): number => this.#runtime.clock.monotonicMs()
    leaderLoop.linkOf(server)?.close('it has a new connection')
    link.admit({
      onMessage: (message) => {
        this.#silence.heard(server, nowMs())
        leaderLoop.onMessage(server, link, message as FollowerMessage)
      },
      onClose: (reason) => {
        this.#silence.forget(server)
        this.#runtime.log.info('a follower has left', { server, reason })
        leaderLoop.onLinkClosed(server, link)
      },
    })
    leaderLoop.addFollower(server, link)
    this.#silence.heard(server, nowMs())
  }

  watch(nowMs: number): void {
    const { leaderLoop } = this
    watchSilence(
      this.#silence,
      nowMs,
      (server) => leaderLoop.linkOf(server),
      (server) => leaderLoop.linkOf(server)?.close('it is silent'),
    )
  }

  end(reason: string): void {
    this.#ended = true
    this.leaderLoop.resign(reason)
    this.followerLoop.leave(reason, null)
  }
}
