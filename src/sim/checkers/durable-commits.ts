import { formatZxid, type Zxid } from '../../tree/zxid.ts'
import type { Violation } from './violation.ts'

/**
 * What is committed is durable on a quorum of disks at that instant, and stays so: no disk that was counted loses it again but
 * by damage from outside.
 */
export class DurableCommits {
  readonly #members: number
  readonly #quorum: number
  /** By server: how far its disk reached when it was lost or damaged. */
  readonly #lost = new Map<number, Zxid>()
  #last: Zxid = 0

  constructor(members: number) {
    this.#members = members
    this.#quorum = Math.floor(members / 2) + 1
  }

  /** The last committed transaction; 0 before the first. */
  get last(): Zxid {
    return this.#last
  }

  /** A transaction takes effect for the first time, and the disks of `holders` hold it. */
  committed(zxid: Zxid, holders: readonly number[]): Violation | null {
    this.#last = zxid
    return this.#count(holders, 'acknowledged means durable on a quorum', 'took effect when it was')
  }

  /** The disks of `holders` hold the last committed transaction. To be told now and then. */
  held(holders: readonly number[]): Violation | null {
    return this.#last === 0 ? null : this.#count(holders, 'no committed prefix truncated', 'is committed and')
  }

  /**
   * The disk, which held everything up to `last`, loses or changes some of it now. It goes on to count for that: it was right
   * to acknowledge it.
   */
  damaged(server: number, last: Zxid): void {
    this.#lost.set(server, Math.max(last, this.#lost.get(server) ?? 0))
  }

  #count(holders: readonly number[], rule: string, how: string): Violation | null {
    let count = holders.length
    for (const [server, upTo] of this.#lost) if (upTo >= this.#last && !holders.includes(server)) count++
    if (count >= this.#quorum) return null
    const where = holders.length === 0 ? 'no disk' : `the disks of servers ${holders.join(', ')} only`
    return { rule, problem: `${formatZxid(this.#last)} ${how} durable on ${where}, of ${this.#members}` }
  }
}
