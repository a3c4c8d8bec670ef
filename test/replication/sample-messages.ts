import type { ReplicationMessage } from '../../src/replication/messages.ts'
import { statusOf } from './peer-status.ts'

const ensembleId = '0123456789abcdef0123456789abcdef'
const bytes = Buffer.from('bytes')

/** One of every message, and more where a field may be of two kinds. */
export const sampleMessages: ReplicationMessage[] = [
  { type: 'hello', from: 1, to: 2, members: [1, 2, 3], ensembleId, founded: true },
  { type: 'hello', from: 1, to: 2, members: [1, 2, 3], ensembleId: null, founded: false },
  { type: 'heartbeat', status: statusOf({ lastZxid: 0x500000007 }) },
  { type: 'heartbeat', round: 7 },
  { type: 'election' },
  { type: 'alive', stands: true },
  { type: 'coordinator', leader: 3, established: false },
  { type: 'join', promisedEpoch: 4, condition: 'provisional', ensembleId: null },
  {
    type: 'ackEpoch',
    epoch: 5,
    counts: true,
    currentEpoch: 4,
    lastZxid: 0x400000002,
    summary: [
      [1, 9],
      [4, 2],
    ],
  },
  { type: 'adopted', lastZxid: 0x400000002 },
  { type: 'ackLeader', epoch: 5, zxid: 0x400000002 },
  { type: 'ack', zxid: 0x500000001 },
  { type: 'heartbeatAck', round: 7 },
  { type: 'requests', bytes },
  { type: 'message', bytes },
  { type: 'sync', id: 3 },
  { type: 'crown' },
  { type: 'historyStart', full: false, common: 0x400000001 },
  { type: 'historySnapshot', bytes },
  { type: 'historyRecords', bytes, lastZxid: 0x400000002 },
  { type: 'historyEnd', lastZxid: 0x400000002 },
  { type: 'notLeading', leader: 0 },
  { type: 'notLeading', leader: null },
  { type: 'newEpoch', epoch: 5 },
  { type: 'fetch', summary: [] },
  { type: 'newLeader', epoch: 5, lastZxid: 0x400000002, ensembleId, founded: true, counted: false },
  { type: 'established', epoch: 5, commit: 0x400000002, ensembleId },
  { type: 'propose', commit: 0x400000002, lastZxid: 0x500000001, records: bytes },
  { type: 'commit', zxid: 0x500000001 },
  { type: 'synced', id: 3 },
  { type: 'handOver', successor: 3 },
]
