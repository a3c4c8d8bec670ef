import type { FollowerLoop } from './follower-loop.ts'
import type { ReplicaConfig } from './replica-config.ts'

/** A server that is in step with a leader of a lower id asks for the crown again after this long. */
const crownRetryMs = 2000

/** A server's wish to lead in place of one with a lower id, whose reign it has joined and is in step with. */
export class Ambition {
  readonly #config: ReplicaConfig
  #askedAtMs = 0

  constructor(config: ReplicaConfig) {
    this.#config = config
  }

  /** Asks for the crown, if it wants that. */
  ask(leader: number, followerLoop: FollowerLoop, nowMs: number): void {
    const { serverId, leaderPreemption } = this.#config
    if (!leaderPreemption || serverId <= leader) return
    this.#askedAtMs = nowMs
    followerLoop.send({ type: 'crown' })
  }

  /** The same, unless it has asked lately. */
  maybeAsk(leader: number, followerLoop: FollowerLoop, nowMs: number): void {
    if (nowMs - this.#askedAtMs >= crownRetryMs) this.ask(leader, followerLoop, nowMs)
  }
}
