import type { Storage } from '../storage/storage.ts'
import type { Attempts } from './attempts.ts'
import type { Candidacy } from './candidacy.ts'
import { conditionOf } from './condition.ts'
import type { Election } from './election.ts'
import type { PeerStatus } from './messages.ts'
import type { PeerMesh } from './peer-mesh.ts'
import type { ReplicaStatus } from './replica-config.ts'
import type { StateMachine } from './state-machine.ts'
import type { Strangers } from './strangers.ts'

/** What only the replica knows of this moment. */
export interface Situation {
  stopped: boolean
  /** It takes part in an established reign. */
  serving: boolean
  /** Why it does not serve, in words. */
  waitingFor: string | null
}

/** What a server tells of itself: its operator by the status, its peers by heartbeats. */
export class SelfReport {
  readonly #storage: Storage
  readonly #state: StateMachine
  readonly #attempts: Attempts
  readonly #mesh: PeerMesh
  readonly #election: Election
  readonly #joining: Strangers
  readonly #candidacy: Candidacy
  readonly #quorum: number
  readonly #situation: () => Situation

  constructor(options: {
    storage: Storage
    state: StateMachine
    attempts: Attempts
    mesh: PeerMesh
    election: Election
    /** Who came in at the leader port and has not said who it is. */
    joining: Strangers
    candidacy: Candidacy
    quorum: number
    situation: () => Situation
  }) {
    this.#storage = options.storage
    this.#state = options.state
    this.#attempts = options.attempts
    this.#mesh = options.mesh
    this.#election = options.election
    this.#joining = options.joining
    this.#candidacy = options.candidacy
    this.#quorum = options.quorum
    this.#situation = options.situation
  }

  status(): ReplicaStatus {
    const situation = this.#situation()
    const leaderLoop = this.#attempts.current?.leaderLoop
    return {
      state: this.#stateName(situation),
      serving: situation.serving,
      leader: this.#election.leader,
      epoch: this.#storage.state.currentEpoch,
      promisedEpoch: this.#storage.state.promisedEpoch,
      lastZxid: this.#storage.lastZxid,
      commitZxid: this.#storage.commitZxid,
      appliedZxid: this.#state.lastApplied,
      waitingFor: situation.serving ? null : situation.waitingFor,
      followers: leaderLoop?.followers.connected ?? 0,
      syncedFollowers: leaderLoop?.followers.synced ?? 0,
      quorumSize: this.#quorum,
      proposalBytes: leaderLoop?.proposalBytes ?? { last: -1, min: -1, max: -1 },
      refusedConnections: this.#joining.refused + this.#mesh.refused,
    }
  }

  peerStatus(): PeerStatus {
    const situation = this.#situation()
    const { state } = this.#storage
    const leading = this.#attempts.current !== null && this.#attempts.current.leaderLoop !== null
    return {
      state: this.#peerState(situation),
      serving: situation.serving,
      leader: this.#election.leader,
      epoch: state.currentEpoch,
      promisedEpoch: state.promisedEpoch,
      condition: conditionOf(state),
      lastZxid: this.#storage.lastZxid,
      logStartZxid: this.#storage.logStartZxid,
      seesQuorum: this.#mesh.peers.size + 1 >= this.#quorum,
      stands: leading || this.#candidacy.stands,
    }
  }

  #stateName({ stopped, serving }: Situation): ReplicaStatus['state'] {
    const attempt = this.#attempts.current
    if (stopped) return 'stopped'
    if (attempt === null) return 'looking'
    if (serving) return attempt.leaderLoop === null ? 'following' : 'leading'
    return attempt.followerLoop.synchronizing ? 'synchronization' : 'discovery'
  }

  #peerState({ serving }: Situation): PeerStatus['state'] {
    const attempt = this.#attempts.current
    if (attempt === null) return 'looking'
    if (attempt.leaderLoop !== null) return serving ? 'leading' : 'candidate'
    return serving ? 'following' : 'joining'
  }
}
