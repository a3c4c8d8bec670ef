import type { PeerStatus } from '../../src/replication/messages.ts'

/** What a founded server that looks for a leader tells of itself, with what a test changes. */
export const statusOf = (changes: Partial<PeerStatus> = {}): PeerStatus => ({
  state: 'looking',
  serving: false,
  leader: null,
  epoch: 1,
  promisedEpoch: 1,
  condition: 'founded',
  lastZxid: 0,
  logStartZxid: 0,
  seesQuorum: true,
  stands: true,
  ...changes,
})
