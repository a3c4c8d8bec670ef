import { formatZxid, type Zxid } from '../../tree/zxid.ts'
import type { Violation } from './violation.ts'

interface Applied {
  /** As the first one told it who did; null for nobody yet. */
  digest: string | null
  /** The transaction before it. */
  readonly previous: Zxid
  /** The server that came to it first. */
  readonly by: number
}

/**
 * Every server applies the same transactions in the same order, each to the same effect; also when it goes through them
 * again after a restart.
 */
export class OneHistory {
  readonly #applied = new Map<Zxid, Applied>()
  /** States that were there without a transaction: the empty one above all. */
  readonly #loaded = new Map<Zxid, Pick<Applied, 'digest' | 'by'>>()
  readonly #lastOf = new Map<number, Zxid>()
  #last: Zxid = 0

  /** How many transactions any server has applied. */
  get length(): number {
    return this.#applied.size
  }

  /** The latest of them. */
  get last(): Zxid {
    return this.#last
  }

  /** `digest`: of its state with this transaction in it; null when it was not asked. */
  applied(server: number, zxid: Zxid, digest: string | null): Violation | null {
    const previous = this.#lastOf.get(server) ?? 0
    this.#lastOf.set(server, zxid)
    const first = this.#applied.get(zxid)
    if (first === undefined) {
      this.#applied.set(zxid, { digest, previous, by: server })
      if (zxid > this.#last) {
        this.#last = zxid
        return null
      }
      return {
        rule: 'one history',
        problem: `server ${server} applied ${formatZxid(zxid)}, which no other has, when ${formatZxid(this.#last)} was committed`,
      }
    }
    if (first.previous !== previous) {
      return {
        rule: 'one history',
        problem: `server ${server} applied ${formatZxid(zxid)} behind ${formatZxid(previous)}, server ${first.by} behind ${formatZxid(first.previous)}`,
      }
    }
    return this.#compare(server, zxid, digest, first)
  }

  /** The state was replaced by that of a snapshot; zxid 0: by the empty one. */
  loaded(server: number, zxid: Zxid, digest: string): Violation | null {
    this.#lastOf.set(server, zxid)
    const first = this.#applied.get(zxid) ?? this.#loaded.get(zxid)
    if (first !== undefined) return this.#compare(server, zxid, digest, first)
    this.#loaded.set(zxid, { digest, by: server })
    return null
  }

  #compare(
    server: number,
    zxid: Zxid,
    digest: string | null,
    first: Pick<Applied, 'digest' | 'by'>,
  ): Violation | null {
    first.digest ??= digest
    if (digest === null || first.digest === digest) return null
    return {
      rule: 'equal digest at equal zxid',
      problem: `at ${formatZxid(zxid)} server ${server} has ${digest}, server ${first.by} had ${first.digest}`,
    }
  }
}
