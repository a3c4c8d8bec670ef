import { formatZxid, type Zxid } from '../../tree/zxid.ts'
import type { Violation } from './violation.ts'

/** What a server tells of itself. */
export interface Standing {
  readonly epoch: number
  readonly promisedEpoch: number
  readonly lastZxid: Zxid
  readonly commitZxid: Zxid
}

interface Known extends Standing {
  /** Counted from the first start; commit points may lie lower in the next one, for they are written down late. */
  readonly life: number
}

/** What a server has promised and committed it never goes back on. */
export class ServerProgress {
  readonly #known = new Map<number, Known>()
  readonly #lives = new Map<number, number>()

  /** The server reads its history: it is started, or comes back from standing aside. */
  began(server: number): void {
    this.#lives.set(server, this.#lifeOf(server) + 1)
  }

  /** Its disk was lost or damaged: it may know nothing of what it once did. */
  forgot(server: number): void {
    this.#known.delete(server)
  }

  standsAt(server: number, now: Standing): Violation | null {
    const { epoch, promisedEpoch, lastZxid, commitZxid } = now
    const life = this.#lifeOf(server)
    const before = this.#known.get(server)
    this.#known.set(server, { epoch, promisedEpoch, lastZxid, commitZxid, life })
    if (promisedEpoch < epoch)
      return broken('promised >= current epoch', server, `promised ${promisedEpoch}, current ${epoch}`)
    if (commitZxid > lastZxid)
      return broken(
        'committed prefix',
        server,
        `committed ${formatZxid(commitZxid)}, its history ends at ${formatZxid(lastZxid)}`,
      )
    if (before === undefined) return null
    if (promisedEpoch < before.promisedEpoch || epoch < before.epoch)
      return broken(
        'epochs never go back',
        server,
        `promised ${promisedEpoch} and current ${epoch} after ${before.promisedEpoch} and ${before.epoch}`,
      )
    if (life === before.life && commitZxid < before.commitZxid)
      return broken(
        'committed prefix',
        server,
        `committed ${formatZxid(commitZxid)} after ${formatZxid(before.commitZxid)}`,
      )
    return null
  }

  #lifeOf(server: number): number {
    return this.#lives.get(server) ?? 0
  }
}

const broken = (rule: string, server: number, problem: string): Violation => ({
  rule,
  problem: `server ${server}: ${problem}`,
})
