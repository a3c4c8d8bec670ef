import type { Amnesia } from '../../src/replication/amnesia.ts'
import type { Follower, FollowerEffect } from '../../src/replication/follower.ts'
import type { Leader } from '../../src/replication/leader.ts'
import type { Condition, FollowerMessage, LeaderMessage } from '../../src/replication/messages.ts'
import { SummaryTracker } from '../../src/storage/history-summary.ts'
import { recordHeaderBytes, recordPayloadBytes, recordZxid } from '../../src/storage/record.ts'
import type { DurableState } from '../../src/storage/storage.ts'
import type { Zxid } from '../../src/tree/zxid.ts'

/** What one mutation does wrong in the harness, to show that the checks can see it. */
export type Mutation =
  | 'ack before durable'
  | 'promise is not durable'
  | 'stale history wins'
  | 'fresh counts'
  | 'no amnesia rule'
  | 'promises are not confirmed'
  | 'fresh found beside provisional'
  | 'same epoch counts twice'
  | 'commit by one'

export class Violation extends Error {}

/** A transaction as it stands in a log. The name tells which one it is: two of the same zxid have different ones. */
export interface Entry {
  zxid: Zxid
  name: string
  record: Buffer
}

export interface Link {
  leader: LeadingAttempt
  follower: FollowingAttempt
  /** What is on its way; null is the end of the link. An end that was sent is read behind everything before it. */
  up: (FollowerMessage | null)[]
  down: (LeaderMessage | null)[]
  upOpen: boolean
  downOpen: boolean
}

export interface Write {
  /** Changes what is on the disk. */
  work: () => void
  after: FollowerEffect[]
}

export interface FollowingAttempt {
  server: Server
  machine: Follower
  link: Link | null
  building: Entry[] | null
}

export interface HistoryJob {
  link: Link
  to: number
  summary: [number, number][]
  upTo: Zxid
}

export interface LeadingAttempt {
  server: Server
  machine: Leader
  links: Map<number, Link>
  jobs: HistoryJob[]
  /** The reign's history, from the synchronization on. */
  history: Entry[] | null
  serving: boolean
  syncs: Map<number, number>
}

export interface Server {
  id: number
  durable: DurableState
  /** On the disk. */
  log: Entry[]
  writes: Write[]
  commit: Zxid
  leading: LeadingAttempt | null
  following: FollowingAttempt | null
  amnesia: Amnesia
  /** Promises that were told to this process and have not arrived. */
  told: { from: number; promisedEpoch: number; condition: Condition }[]
}

export const emptyState: DurableState = Object.freeze({
  ensembleId: null,
  founded: false,
  promisedEpoch: 0,
  promisedTo: null,
  currentEpoch: 0,
})

export const conditionOf = (state: DurableState): Condition =>
  state.founded ? 'founded' : state.currentEpoch > 0 ? 'provisional' : 'fresh'

export const lastOf = (log: readonly Entry[]): Zxid => log.at(-1)?.zxid ?? 0

export function summaryOf(log: readonly Entry[]) {
  const tracker = new SummaryTracker()
  for (const { zxid } of log) tracker.extend(zxid)
  return tracker.summary
}

export function entriesOf(records: Buffer): Entry[] {
  const entries: Entry[] = []
  for (let at = 0; at < records.length; ) {
    const end = at + recordHeaderBytes + recordPayloadBytes(records, at)
    const record = records.subarray(at, end)
    entries.push({ zxid: recordZxid(records, at), name: record.toString('utf8', recordHeaderBytes), record })
    at = end
  }
  return entries
}

export function someUp(leading: LeadingAttempt): boolean {
  for (const link of leading.links.values()) if (link.up.length > 0) return true
  return false
}

export const names = (log: readonly Entry[]): string => log.map((entry) => entry.name).join(' ')
