import type { Runtime } from '../runtime/runtime.ts'
import type { Storage } from '../storage/storage.ts'
import { conditionOf } from './condition.ts'
import type { Election } from './election.ts'
import type { PeerMesh } from './peer-mesh.ts'
import { reasonNotToStand } from './standing.ts'

export interface CandidacyOptions {
  runtime: Runtime
  self: number
  /** How many servers the configuration names. */
  members: number
  quorum: number
  storage: Storage
  mesh: PeerMesh
  election: Election
}

/** Whether this server may stand for leader as things are, and why not. */
export class Candidacy {
  readonly #options: CandidacyOptions
  #started = false
  #lookingSinceMs: number
  #toldReason: string | null = null

  constructor(options: CandidacyOptions) {
    this.#options = options
    this.#lookingSinceMs = options.runtime.clock.monotonicMs()
  }

  /** Its ports are open and its history is loaded. */
  start(): void {
    this.#started = true
  }

  /** It has just left a reign, or an attempt at one. */
  beginToLook(): void {
    this.#lookingSinceMs = this.#options.runtime.clock.monotonicMs()
  }

  get stands(): boolean {
    return this.#reasonNotToStand() === null
  }

  /** Why it does not stand, and tells the log; null when that is no news, or when it stands or does not look for a leader. */
  changedReason(isLooking: boolean): string | null {
    const reason = isLooking ? this.#reasonNotToStand() : null
    if (reason === this.#toldReason) return null
    this.#toldReason = reason
    if (reason !== null) this.#options.runtime.log.info(`does not stand for leader: ${reason}`)
    return reason
  }

  #reasonNotToStand(): string | null {
    const { runtime, self, members, quorum, storage, mesh, election } = this.#options
    const nowMs = runtime.clock.monotonicMs()
    if (!this.#started) return 'it has just started'
    if (election.backsOff(nowMs)) return 'it found no quorum and lets others try'
    return reasonNotToStand({
      self,
      condition: conditionOf(storage.state),
      lastZxid: storage.lastZxid,
      members,
      quorum,
      peers: mesh.peers,
      lookingForMs: nowMs - this.#lookingSinceMs,
    })
  }
}
