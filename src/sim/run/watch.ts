import type { ReplicaStatus } from '../../replication/replica-config.ts'
import type { ServerObserver } from '../../server/server-observer.ts'
import { LeaderPerEpoch } from '../checkers/leader-per-epoch.ts'
import { OneHistory } from '../checkers/one-history.ts'
import { ServerProgress } from '../checkers/server-progress.ts'
import type { Violation } from '../checkers/violation.ts'
import type { SimEnsemble } from '../sim-ensemble.ts'

/** Tells the checkers what the servers of an ensemble do, and `found` what the checkers find. */
export class Watch {
  readonly #ensemble: SimEnsemble
  readonly #found: (violation: Violation) => void
  readonly #leaders = new LeaderPerEpoch()
  readonly #history = new OneHistory()
  readonly #progress = new ServerProgress()

  constructor(ensemble: SimEnsemble, found: (violation: Violation) => void) {
    this.#ensemble = ensemble
    this.#found = found
    for (const id of ensemble.ids) {
      ensemble.host(id).disk.beforeDamage = () => this.#progress.forgot(id)
    }
  }

  /** Transactions that were applied by any server. */
  get commitCount(): number {
    return this.#history.length
  }

  /** For the life of a server that begins now. */
  observer(id: number): ServerObserver {
    this.#progress.began(id)
    return {
      applied: (zxid, digest) => this.#take(this.#history.applied(id, zxid, digest)),
      loaded: (zxid, digest) => this.#take(this.#history.loaded(id, zxid, digest)),
      serving: (reign) => this.#take(this.#leaders.serves(id, reign)),
    }
  }

  /** Of a running server. */
  statusOf(id: number): ReplicaStatus | undefined {
    return this.#ensemble.running.includes(id) ? this.#ensemble.server(id).status().replica : undefined
  }

  sample(): void {
    for (const id of this.#ensemble.running) {
      const standing = this.#ensemble.server(id).status().replica
      // Before its history is read it knows nothing of itself.
      if (standing.state !== 'stopped') this.#take(this.#progress.standsAt(id, standing))
    }
  }

  #take(violation: Violation | null): void {
    if (violation !== null) this.#found(violation)
  }
}
