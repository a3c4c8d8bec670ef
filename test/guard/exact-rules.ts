import type { Rule } from './compare.ts'

const exact = { tolerance: 0.02, slack: 1, bound: 'both' } as const
/** Heartbeats fall into a load or beside it. */
const bytes = { ...exact, slack: 500 } as const

/** The figures of a simulated ensemble, per 1,000 operations. Nothing in it is drawn: they move only when the code does. */
export const exactRules: Readonly<Record<string, Rule>> = {
  framesFromLeader: {
    ...exact,
    why: 'A batch of proposals is one frame for each of two followers, and the commit point rides on it; a lone COMMIT follows only when no batch does.',
  },
  bytesFromLeader: {
    ...bytes,
    why: 'Records of about 200 bytes for a set of 100, to each of two followers; no more than a few dozen bytes around a batch.',
  },
  framesFromFollowers: {
    ...exact,
    why: 'What a turn brings from clients is one frame of forwarded requests; one cumulative ack for each batch.',
  },
  bytesFromFollowers: {
    ...bytes,
    why: 'Two thirds of the clients are at followers: their requests go to the leader once, about 170 bytes each.',
  },
  framesEncoded: { ...exact, why: 'A frame that goes to both followers is encoded once.' },
  packetsBetweenServers: {
    ...exact,
    why: 'What one turn writes to a connection leaves in one piece: a real server needs a system call for each.',
  },
  writesToClients: {
    ...exact,
    why: 'The replies of one turn are one write to each connection: 10 in flight make 100 writes for 1,000 replies.',
  },
  bytesToClients: {
    ...bytes,
    why: 'A reply is its header of 20 bytes, and a stat of 68, data of 104, or a path.',
  },
  packetsToClients: { ...exact, why: 'As writesToClients, as they arrive.' },
  diskWrites: { ...exact, why: 'One for each batch on each of three servers, and none for a read.' },
  diskSyncs: {
    ...exact,
    why: 'One for each write: a batch is durable before it is acknowledged, and no sync is for nothing.',
  },
  diskBytes: {
    ...bytes,
    slack: 20_000,
    why: 'The records once on each of three servers; zeros ahead of them, where batches are small, and a mark for each.',
  },
  buffers: {
    ...exact,
    why: 'Made for batches, frames and replies of a turn, not for single messages, which are views of what came in. Exactly once costs one for each kept answer.',
  },
  bufferBytes: {
    ...bytes,
    why: 'Copies: each batch once into its frame, forwarded requests once, replies once.',
  },
  promises: {
    tolerance: 0.1,
    slack: 20,
    // How many an await makes is up to V8.
    bound: 'upper',
    why: 'Those of log writes, for each batch on each server; none for a message.',
  },
  simulatedMs: {
    ...exact,
    why: 'Time: every way between servers takes 0.1 ms, a sync 0.4 ms, so a way or a sync more on the path of a write shows here.',
  },
}
