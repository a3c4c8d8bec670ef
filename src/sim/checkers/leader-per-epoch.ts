import type { Reign } from '../../replication/replica-config.ts'
import type { Violation } from './violation.ts'

/** At most one leader per epoch, whoever says so. */
export class LeaderPerEpoch {
  readonly #claims = new Map<number, { leader: number; by: number }>()

  /** Server `by` serves in this reign from now on. */
  serves(by: number, { leader, epoch }: Reign): Violation | null {
    const earlier = this.#claims.get(epoch)
    if (earlier === undefined) this.#claims.set(epoch, { leader, by })
    if (earlier === undefined || earlier.leader === leader) return null
    return {
      rule: 'one leader per epoch',
      problem: `epoch ${epoch} is led by server ${leader} to server ${by}, by server ${earlier.leader} to server ${earlier.by}`,
    }
  }
}
