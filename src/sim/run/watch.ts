import type { ReplicaStatus } from '../../replication/replica-config.ts'
import type { ServerObserver } from '../../server/server-observer.ts'
import type { Zxid } from '../../tree/zxid.ts'
import { DurableCommits } from '../checkers/durable-commits.ts'
import { LeaderPerEpoch } from '../checkers/leader-per-epoch.ts'
import { OneHistory } from '../checkers/one-history.ts'
import { Promises } from '../checkers/promises.ts'
import { ServerProgress } from '../checkers/server-progress.ts'
import type { Violation } from '../checkers/violation.ts'
import type { SimEnsemble } from '../sim-ensemble.ts'
import { DurableHistory } from './durable-history.ts'

/** Tells the checkers what the servers of an ensemble do, and `found` what the checkers find. */
export class Watch {
  readonly #ensemble: SimEnsemble
  readonly #digestEvery: number
  readonly #found: (violation: Violation) => void
  readonly #leaders = new LeaderPerEpoch()
  readonly #history = new OneHistory()
  readonly #progress = new ServerProgress()
  readonly #promises = new Promises()
  readonly #commits: DurableCommits
  readonly #disks = new Map<number, DurableHistory>()

  /**
   * The digest is asked for at every so many transactions: to tell it, a server that replays a history has to reckon what
   * might wait for the next one.
   */
  constructor(ensemble: SimEnsemble, digestEvery: number, found: (violation: Violation) => void) {
    this.#ensemble = ensemble
    this.#digestEvery = digestEvery
    this.#found = found
    this.#commits = new DurableCommits(ensemble.ids.length)
    for (const id of ensemble.ids) {
      const { disk } = ensemble.host(id)
      this.#disks.set(id, new DurableHistory(disk, `/data/${id}`))
      disk.beforeDamage = () => this.#beforeDamage(id)
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
      applied: (zxid, digest) => {
        const committed = zxid > this.#history.last
        this.#take(this.#history.applied(id, zxid, zxid % this.#digestEvery === 0 ? digest() : null))
        if (committed) this.#onCommitted(zxid)
      },
      loaded: (zxid, digest) => this.#take(this.#history.loaded(id, zxid, digest)),
      promised: (epoch, leader) => {
        const durable = this.#disks.get(id)?.promisedEpoch ?? 0
        this.#take(this.#promises.promised(id, { epoch, leader }, durable))
      },
      serving: (reign) => this.#take(this.#leaders.serves(id, reign)),
    }
  }

  /** Of a running server. */
  statusOf(id: number): ReplicaStatus | undefined {
    return this.#ensemble.running.includes(id) ? this.#ensemble.server(id).status().replica : undefined
  }

  sample(): void {
    this.#take(this.#commits.held(this.#holdersOf(this.#commits.last)))
    for (const id of this.#ensemble.running) {
      const standing = this.#ensemble.server(id).status().replica
      // Until its history is read, at the start or after it stood aside, it knows nothing of itself.
      if (standing.state === 'stopped') this.#progress.began(id)
      else this.#take(this.#progress.standsAt(id, standing))
    }
  }

  #onCommitted(zxid: Zxid): void {
    this.#take(this.#commits.committed(zxid, this.#holdersOf(zxid)))
  }

  #holdersOf(zxid: Zxid): number[] {
    const holders: number[] = []
    for (const [id, disk] of this.#disks) {
      disk.refresh()
      if (disk.holds(zxid)) holders.push(id)
    }
    return holders
  }

  #beforeDamage(id: number): void {
    this.#progress.forgot(id)
    this.#promises.forgot(id)
    const disk = this.#disks.get(id)
    disk?.refresh()
    this.#commits.damaged(id, disk?.last ?? 0)
  }

  #take(violation: Violation | null): void {
    if (violation !== null) this.#found(violation)
  }
}
