import { asError } from '../runtime/as-error.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { Storage } from '../storage/storage.ts'
import { formatZxid } from '../tree/zxid.ts'
import type { Amnesia } from './amnesia.ts'
import type { Applier } from './applier.ts'
import type { Attempt, AttemptEvents } from './attempt.ts'
import { conditionOf } from './condition.ts'
import { FollowerLoop, type FollowerLoopEvents } from './follower-loop.ts'
import { FollowingAttempt } from './following-attempt.ts'
import type { Identity } from './hello.ts'
import { LeaderLoop, type LeaderLoopEvents } from './leader-loop.ts'
import { LeadingAttempt } from './leading-attempt.ts'
import type { PeerStatus } from './messages.ts'
import type { Persister } from './persister.ts'
import { type ReplicaConfig, serverOf } from './replica-config.ts'
import type { SnapshotTaker } from './snapshot-taker.ts'
import type { StateMachine } from './state-machine.ts'

/** How long a candidate waits for a quorum to join. */
const discoveryMs = 1000

export interface AttemptsOptions {
  runtime: Runtime
  config: ReplicaConfig
  storage: Storage
  state: StateMachine
  persister: Persister
  applier: Applier
  snapshots: SnapshotTaker
  amnesia: Amnesia
  identity: () => Identity
  peers: () => ReadonlyMap<number, PeerStatus>
  /** Runs what an event brings about; what breaks in it stops the server. */
  guard: (work: () => void) => void
  events: AttemptEvents & {
    /** It takes part now: followers can join, or the leader is being called. */
    onBegun(attempt: Attempt): void
    /** It could not even begin. */
    onRefused(reason: string): void
  }
}

/** Makes one attempt at a reign at a time: the next begins when the writes of the one before have come to rest. */
export class Attempts {
  readonly #options: AttemptsOptions
  #current: Attempt | null = null
  /** Counts attempts, those that wait for the one before to come to rest among them. */
  #turn = 0
  #resting: Promise<void> = Promise.resolve()

  constructor(options: AttemptsOptions) {
    this.#options = options
  }

  get current(): Attempt | null {
    return this.#current
  }

  /** Resolves when nothing of the attempts so far is being written any more. Never rejects. */
  get resting(): Promise<void> {
    return this.#resting
  }

  /** Ends the present attempt, and begins to follow `leader`, or to lead when that is this server. */
  begin(leader: number): void {
    this.end('another server leads')
    const turn = this.#turn
    this.#whenResting(async () => {
      if (turn === this.#turn) await this.#begin(leader, turn)
    })
  }

  /** Leaves whatever reign this server takes part in, or tries to. */
  end(reason: string): void {
    this.#turn++
    const attempt = this.#current
    if (attempt === null) return
    this.#current = null
    attempt.end(reason)
    this.#whenResting(() => attempt.followerLoop.rest())
  }

  #whenResting(work: () => Promise<void>): void {
    this.#resting = this.#resting
      .then(work)
      .catch((error: unknown) => this.#options.events.onFailure(asError(error)))
  }

  async #begin(leader: number, turn: number): Promise<void> {
    const { amnesia, config, events, guard } = this.#options
    const leading = leader === config.serverId
    const memory = leading ? 'whole' : await this.#remember()
    if (turn !== this.#turn) return
    if (memory === 'lost') {
      events.onRefused(amnesia.waitingFor)
      return
    }
    const attempt = leading ? this.#newLeading() : this.#newFollowing(leader, memory === 'recovered')
    this.#current = attempt
    guard(() => {
      attempt.begin()
      events.onBegun(attempt)
    })
  }

  #newLeading(): LeadingAttempt {
    const { runtime, config, storage, guard, events } = this.#options
    runtime.log.info('stands for leader', { lastZxid: formatZxid(storage.lastZxid) })
    return new LeadingAttempt({
      runtime,
      config,
      guard,
      events,
      newLeaderLoop: (loopEvents) => this.#newLeaderLoop(loopEvents),
      newFollowerLoop: (loopEvents) => this.#newFollowerLoop(config.serverId, false, loopEvents),
    })
  }

  #newFollowing(leader: number, recovered: boolean): FollowingAttempt {
    const { runtime, config, guard, events, identity } = this.#options
    return new FollowingAttempt({
      server: serverOf(config, leader),
      runtime,
      config,
      guard,
      identity,
      events,
      newFollowerLoop: (loopEvents) => this.#newFollowerLoop(leader, recovered, loopEvents),
    })
  }

  #newFollowerLoop(leader: number, recovered: boolean, events: FollowerLoopEvents): FollowerLoop {
    const { runtime, config, storage, state, persister, applier, snapshots } = this.#options
    return new FollowerLoop({
      leader,
      recovered,
      storage,
      persister,
      applier,
      state,
      log: runtime.log,
      resyncFull: config.resync === 'full',
      beforeSwitch: () => snapshots.cancel(),
      events,
    })
  }

  #newLeaderLoop(events: LeaderLoopEvents): LeaderLoop {
    const { runtime, config, storage, state, persister, peers } = this.#options
    const { serverId, servers, tickTimeMs, syncLimitTicks, initLimitTicks, heartbeatMs } = config
    return new LeaderLoop({
      self: serverId,
      members: servers.length,
      runtime,
      storage,
      persister,
      state,
      log: runtime.log,
      times: {
        heartbeatMs,
        quorumLossMs: syncLimitTicks * tickTimeMs,
        discoveryMs,
        establishMs: initLimitTicks * tickTimeMs,
        handOverMs: Math.min(2000, tickTimeMs),
      },
      promisedElsewhere: () => Math.max(0, ...[...peers().values()].map((peer) => peer.promisedEpoch)),
      resyncFull: config.resync === 'full',
      events,
    })
  }

  /**
   * The amnesia rule, for a server whose disk is empty. `lost`: an ensemble is founded, and too few have told what they
   * promised. `recovered`: they have, and this server counts it as promised by itself, durably.
   */
  async #remember(): Promise<'whole' | 'lost' | 'recovered'> {
    const { amnesia, storage, peers } = this.#options
    if (conditionOf(storage.state) !== 'fresh') return 'whole'
    const { promisedEpoch } = amnesia
    if (promisedEpoch !== null) {
      if (promisedEpoch > storage.state.promisedEpoch) {
        await storage.saveState({ promisedEpoch, promisedTo: null })
      }
      return 'recovered'
    }
    const founded = [...peers().values()].some((peer) => peer.condition === 'founded')
    return founded ? 'lost' : 'whole'
  }
}
