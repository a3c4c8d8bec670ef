import { OneShotWatches } from './one-shot-watches.ts'
import { PersistentWatches } from './persistent-watches.ts'
import type { Told, TreeChange } from './tree-changes.ts'
import { TreeChanges } from './tree-changes.ts'
import type { Violation } from './violation.ts'
import { ViolationList } from './violation-list.ts'

/**
 * What one client met, in its order. `lastZxid` is the newest transaction that any answer had told of by then: answers leave
 * behind the events of what they show, so whatever a watch has to tell up to there must have been told.
 */
export type WatchRecord =
  /** A session is over: its watches are void. */
  | { what: 'ended' }
  | { what: 'attached' }
  | { what: 'lost' }
  /** A call that leaves a watch was made. */
  | { what: 'asked'; id: number; kind: WatchKind; path: string; lastZxid: number }
  /**
   * It was answered. `since`: what is watched was last changed by that transaction (mzxid, or pzxid for children); null when
   * there is no such node, and for persistent watches.
   */
  | { what: 'answered'; id: number; since: number | null; lastZxid: number; fresh: boolean }
  /** It left no watch. */
  | { what: 'failed'; id: number }
  /** `heard`: the watches of this client whose listeners were called. */
  | ({ what: 'event'; heard: readonly number[]; lastZxid: number } & Told)
  /** A call without a watch was answered. */
  | { what: 'looked'; lastZxid: number; fresh: boolean }

/** `fresh` above: the call was made on the connection that it was answered on. */
export type WatchKind = 'data' | 'children' | 'persistent' | 'recursive'

export interface WatchHistory {
  /** All that happened to what is watched. */
  changes: readonly TreeChange[]
  /** The records of each client. */
  clients: readonly (readonly WatchRecord[])[]
}

/** An event that stands for what a client missed while it was not connected: no transaction could be named. */
export const unknownZxid = -1

/**
 * What watches promise: an event comes before any answer that shows its change, exactly for what was asked and what happened,
 * and nothing is missed.
 *
 * Where a server was brought up to date by a snapshot, the events of it all carry the zxid of the snapshot and tell the
 * difference of two states. So a gap in the events is allowed, if it ends with events that tell the whole difference.
 */
export function checkWatches({ changes, clients }: WatchHistory): Violation[] {
  const truth = new TreeChanges(changes)
  const violations = new ViolationList()
  for (const [client, records] of clients.entries()) {
    const report = (rule: string, problem: string): void =>
      violations.add({ rule: `watches: ${rule}`, problem: `client ${client}: ${problem}` })
    new ClientWatches(truth, report).check(records)
  }
  return violations.all
}

export type Report = (rule: string, problem: string) => void

class ClientWatches {
  readonly #truth: TreeChanges
  readonly #report: Report
  readonly #oneShot: OneShotWatches
  readonly #persistent: PersistentWatches
  /** Events of this session. */
  readonly #told = new Set<string>()

  constructor(truth: TreeChanges, report: Report) {
    this.#truth = truth
    this.#report = report
    this.#oneShot = new OneShotWatches(truth, report)
    this.#persistent = new PersistentWatches(truth, report)
  }

  check(records: readonly WatchRecord[]): void {
    for (const record of records) this.#take(record)
  }

  #take(record: WatchRecord): void {
    switch (record.what) {
      case 'ended':
        this.#told.clear()
        this.#oneShot.clear()
        this.#persistent.clear()
        return
      case 'attached':
        return
      case 'lost':
        this.#oneShot.lost()
        this.#persistent.lost()
        return
      case 'asked':
        if (isOneShot(record.kind)) this.#oneShot.asked(record.id, record.kind, record.path, record.lastZxid)
        else this.#persistent.asked(record.id, record.kind, record.path)
        return
      case 'failed':
        this.#oneShot.drop(record.id)
        this.#persistent.drop(record.id)
        return
      case 'answered':
        this.#oneShot.answered(record.id, record.since, record.lastZxid)
        this.#persistent.answered(record.id)
        this.#known(record.lastZxid, record.fresh)
        return
      case 'looked':
        this.#known(record.lastZxid, record.fresh)
        return
      case 'event':
        this.#event(record, record.heard, record.lastZxid)
    }
  }

  #known(lastZxid: number, fresh: boolean): void {
    this.#oneShot.known(lastZxid)
    if (fresh) this.#persistent.known(lastZxid)
  }

  #event(event: Told, heard: readonly number[], lastZxid: number): void {
    const { type, path, zxid } = event
    const told = `${type} of ${path}, zxid ${zxid},`
    if (zxid === unknownZxid) {
      if (!this.#truth.accountsFor(type, path, lastZxid, Number.POSITIVE_INFINITY)) {
        this.#report(
          'no event without a change',
          `told ${told} after a reconnect, and nothing such happened behind ${lastZxid}`,
        )
      }
    } else {
      if (zxid <= lastZxid) {
        this.#report(
          'an event comes before what is newer',
          `told ${told} when an answer had shown ${lastZxid} already`,
        )
      }
      if (!this.#truth.has(event) && !this.#truth.accountsFor(type, path, lastZxid, zxid)) {
        this.#report('no event without a change', `told ${told} and nothing such happened`)
      }
      const key = `${type} ${zxid} ${path}`
      if (this.#told.has(key)) this.#report('a change is told once', `told ${told} twice`)
      this.#told.add(key)
      if (heard.length === 0) this.#report('only what is watched is told', `told ${told} with no watch on it`)
    }
    this.#oneShot.fired(event, heard, lastZxid)
    this.#persistent.heard(event, heard)
  }
}

function isOneShot(kind: WatchKind): kind is 'data' | 'children' {
  return kind === 'data' || kind === 'children'
}
