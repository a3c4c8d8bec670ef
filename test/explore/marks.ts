import type { Zxid } from '../../src/tree/zxid.ts'
import { Ledger } from './model/ledger.ts'
import type { ServerState } from './model/state.ts'
import type { Transaction } from './model/transactions.ts'

/** Something that an observer outside has to judge about an event at one server: made once, checked wherever it happens. */
export interface Mark {
  check: (ledger: Ledger, servers: readonly ServerState[]) => void
  /** It looks at what is committed alone, and this much was found to fit; null: it looks at other servers as well. */
  fits: WeakSet<readonly Transaction[]> | null
}

/** Keeps what is to be checked for where the whole ensemble is known. What one server shows by itself is checked at once. */
export class MarkingLedger extends Ledger {
  readonly marks: Mark[] = []

  override establish(leader: number, epoch: number, history: readonly Transaction[]): void {
    this.marks.push({ check: (ledger) => ledger.establish(leader, epoch, history), fits: null })
  }

  override commit(leader: number, history: readonly Transaction[], upTo: Zxid): Transaction[] {
    const check: Mark['check'] = (ledger, servers) => void ledger.commit(leader, history, upTo, servers)
    this.marks.push({ check, fits: new WeakSet() })
    return []
  }

  override checkKnown({ id, log }: ServerState, commit: Zxid): void {
    this.marks.push({ check: (ledger) => ledger.checkKnown({ id, log }, commit), fits: new WeakSet() })
  }

  override checkLog({ id, log }: ServerState, before: readonly Transaction[]): void {
    this.marks.push({ check: (ledger, servers) => ledger.checkLog({ id, log }, before, servers), fits: null })
  }

  override checkSync(leader: number, seen: Zxid, needed: Zxid): void {
    this.marks.push({ check: (ledger) => ledger.checkSync(leader, seen, needed), fits: null })
  }
}
