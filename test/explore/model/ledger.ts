import { epochOf, formatZxid, type Zxid } from '../../../src/tree/zxid.ts'
import type { ServerState } from './state.ts'
import { beginsWith, names, type Transaction } from './transactions.ts'

export class Violation extends Error {
  override name = 'Violation'
}

type Logged = Pick<ServerState, 'id' | 'log'>

/**
 * What an observer outside knows: the one history as far as it is committed, and which epochs had a leader. The invariants
 * are checked against it, at each event that could break them.
 */
export class Ledger {
  committed: readonly Transaction[] = []
  epochs: readonly number[] = []
  /** Disks lost so far: so many fewer may hold what was committed. */
  wiped = 0
  readonly #quorum: number

  constructor(quorum: number) {
    this.#quorum = quorum
  }

  copy(): Ledger {
    const copy = new Ledger(this.#quorum)
    copy.committed = this.committed
    copy.epochs = this.epochs
    copy.wiped = this.wiped
    return copy
  }

  /**
   * One leader per epoch; what was committed in earlier epochs stands in the history that the reign begins with. A later
   * epoch may have committed more by then: a leader may find late, when its own disk was slow, that a quorum had taken its
   * history over. It commits nothing more, for that quorum has promised the later epoch.
   */
  establish(leader: number, epoch: number, history: readonly Transaction[]): void {
    if (this.epochs.includes(epoch)) {
      throw new Violation(`epoch ${epoch} had a leader already when server ${leader} established it`)
    }
    this.epochs = [...this.epochs, epoch].sort((one, other) => one - other)
    const earlier = this.committed.filter(({ zxid }) => epochOf(zxid) < epoch)
    if (!beginsWith(history, earlier)) {
      throw new Violation(
        `server ${leader} begins epoch ${epoch} with ${names(history)}, committed is ${names(this.committed)}`,
      )
    }
  }

  /** The commit point of a leader extends the one history or lies in it, and a quorum of disks holds what it adds. */
  commit(
    leader: number,
    history: readonly Transaction[],
    upTo: Zxid,
    servers: readonly Logged[],
  ): Transaction[] {
    const added: Transaction[] = []
    for (const [i, transaction] of history.entries()) {
      if (transaction.zxid > upTo) break
      const known = this.committed[i]
      if (known === undefined) {
        this.#checkHeld(transaction, servers)
        added.push(transaction)
        this.committed = [...this.committed, transaction]
      } else if (known.name !== transaction.name) {
        throw new Violation(
          `server ${leader} commits ${names(history)}, committed is ${names(this.committed)}`,
        )
      }
    }
    return added
  }

  #checkHeld(transaction: Transaction, servers: readonly Logged[]): void {
    const holders = servers.filter((server) => server.log.some(({ name }) => name === transaction.name))
    if (holders.length + this.wiped < this.#quorum) {
      throw new Violation(
        `${transaction.name} is committed and on the disks of ${holders.length} servers: a quorum is ${this.#quorum}`,
      )
    }
  }

  /** What a server takes for committed is a beginning of the one history; its log may still lack some of it. */
  checkKnown(server: Logged, commit: Zxid): void {
    const held = server.log.filter((transaction) => transaction.zxid <= commit)
    if (!beginsWith(this.committed, held)) {
      throw new Violation(
        `server ${server.id} takes ${names(held)} for committed, committed is ${names(this.committed)}`,
      )
    }
  }

  /** A log changes: nothing committed leaves it, and equal zxids mean equal beginnings on all disks. */
  checkLog(server: Logged, before: readonly Transaction[], servers: readonly Logged[]): void {
    const kept = before.filter((transaction, i) => this.committed[i]?.name === transaction.name)
    if (!beginsWith(server.log, kept)) {
      throw new Violation(
        `server ${server.id} held ${names(before)} and now ${names(server.log)}, committed is ${names(this.committed)}`,
      )
    }
    for (const other of servers) {
      if (other.id !== server.id) checkEqualBeginnings(server, other)
    }
  }

  checkState({ id, durable }: ServerState): void {
    if (durable.promisedEpoch < durable.currentEpoch) {
      throw new Violation(
        `server ${id} has promised epoch ${durable.promisedEpoch} and is in ${durable.currentEpoch}`,
      )
    }
  }

  /** A `sync` sees all that was committed when it was asked for. */
  checkSync(leader: number, seen: Zxid, needed: Zxid): void {
    if (seen < needed) {
      throw new Violation(
        `a sync at server ${leader} saw ${formatZxid(seen)}, committed was ${formatZxid(needed)}`,
      )
    }
  }
}

function checkEqualBeginnings(one: Logged, other: Logged): void {
  const last = [...one.log].reverse().find(({ zxid }) => other.log.some((held) => held.zxid === zxid))
  if (last === undefined) return
  const upTo = (log: readonly Transaction[]): string => names(log.filter(({ zxid }) => zxid <= last.zxid))
  if (upTo(one.log) !== upTo(other.log)) {
    throw new Violation(
      `servers ${one.id} and ${other.id} both hold ${formatZxid(last.zxid)} and differ before it: ${upTo(one.log)}, ${upTo(other.log)}`,
    )
  }
}
