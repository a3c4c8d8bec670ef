import { assert } from '../runtime/assert.ts'
import { exactlyOnceWindowMax } from '../tree/sessions.ts'

const KiB = 1024
const MiB = 1024 * KiB

/**
 * Every bound of the client side of a server that is not a setting, with what happens when it is reached. What is a
 * setting (maxClientCnxns, maxCnxns, jute.maxbuffer, globalOutstandingLimit) is in `ServerConfig`.
 */
export const limits = {
  /** How often connections are looked through for those that bring no session, or nothing at all any more. */
  sweepMs: 1_000,
  /** A connection that is silent for its session's timeout, rounded up to this, is closed. The leader is quicker as a rule. */
  silenceStepMs: 10_000,
  /**
   * A handshake that arrives while the ensemble is between two leaders waits this long for the next one. Then it is closed
   * without an answer, so that the client tries another server.
   */
  handshakeHoldMs: 1_000,

  /** A client that comes back with its session is sent elsewhere when no quorum is heard within this. */
  attachQuorumMs: 2_000,

  /** Requests of one connection that are in flight or wait behind such: it is not read from until half are done. */
  connectionOutstandingMax: 2_000,
  /**
   * Bytes of one connection's requests in flight: as above. All writes are done in one order, so what one client has in flight
   * is what the next write of another waits for. Two of the largest, so that one is under way while the next comes in.
   */
  connectionInFlightBytesMax: 2 * MiB,
  /** So many times a multi's bytes count there: thirty of them may be an operation, which takes as long as a request. */
  multiBytesWeight: 8,
  /** Bytes that one connection's waiting requests keep in memory. As above. */
  connectionWaitingBytesMax: 4 * MiB,
  /** Bytes that the waiting requests of all connections keep in memory: above it, each connection may keep but a few. */
  waitingBytesMax: 64 * MiB,
  connectionWaitingBytesWhenTight: 64 * KiB,
  /** Bytes of all requests in flight: no more writes are taken from anybody until half are done. */
  inFlightBytesMax: 64 * MiB,

  /**
   * What the reads of one turn may cost, in bytes of their answers and so many more for each: some 10 ms of work. Those that
   * come then wait for the next turn, behind those that wait already; pings do not.
   */
  turnCostMax: 2 * MiB,
  /** Of those who wait each may spend this before the next one's turn. */
  turnCostOfOneMax: 256 * KiB,
  turnCostOfRead: 256,

  /**
   * Bytes of the identities that one connection has: each of its writes carries them. What does not fit is refused as
   * wrong credentials are.
   */
  identitiesBytesMax: 4 * KiB,

  /** A quota that stays exceeded is spoken of so often, */
  quotaLogMs: 60_000,
  /** and so many of them are told apart. */
  quotaLogPathsMax: 1_000,

  /** Requests of one turn go to the leader in batches of about this, so that it can look after others in between. */
  batchBytesMax: 128 * KiB,

  /** Gathered replies are handed to the socket in the middle of a turn when they pass this. */
  outputFlushBytes: 64 * KiB,
  /** Gathered replies up to this are copied into a buffer of their size; more keep theirs. */
  outputCopiedBytesMax: 16 * KiB,
  /** Replies that the socket has not taken: the connection is not read from, its requests wait, until it drains. */
  outputHighBytes: 1 * MiB,
  /** The same, when watch events keep piling up on it: the connection is closed. */
  outputMaxBytes: 64 * MiB,
  /** The same for all connections that are above `outputHighBytes`: whose output grows then is closed. */
  unsentBytesMax: 512 * MiB,

  /** Watches of one connection, roughly what they take: who asks for more is closed. About 600,000. */
  connectionWatchBytesMax: 128 * MiB,
  /** The same for all connections of the server. */
  watchBytesMax: 512 * MiB,
  /** Watches of a lost connection that are taken out in one turn, so that hundreds of thousands do not stall the loop. */
  watchesSweptPerTurnMax: 10_000,
  /**
   * Nodes below recursive watches that are compared when a snapshot replaces the state, so that watchers hear of it. Above
   * it, whoever watches recursively is closed.
   */
  comparedNodesMax: 100_000,
  /** One reply to a multiRead, which may ask for a large node many times over. Who asks for more is closed. */
  multiReadBytesMax: 16 * MiB,

  /** Answers kept per exactly-once session. A client that asks for more gets this many. */
  exactlyOnceWindowMax: 256,

  /** Sessions in one message to the leader; more go in several. */
  touchesPerMessageMax: 4_096,
  /** How often a look through containers and TTL nodes goes on, and through how many it gets each time. */
  reapSliceMs: 100,
  reapSliceNodesMax: 10_000,
  /**
   * Expired sessions are closed in batches of about so many ephemeral nodes, one batch after the other, so that thousands that
   * expire together do not stall the loop. A session itself, and its connection, count as some nodes.
   */
  expiryBatchWeight: 500,
  expiryWeightOfSession: 5,
  /** Re-attachments that wait on the leader for it to apply the session's creation. More are not answered. */
  earlyAttachesMax: 4_096,
} as const

assert(limits.outputFlushBytes <= limits.outputHighBytes, 'a full output was flushed before reading stops')
assert(limits.outputHighBytes < limits.outputMaxBytes, 'reading stops long before a slow reader is closed')
assert(limits.outputMaxBytes < limits.unsentBytesMax, 'one connection cannot take all output')
assert(limits.connectionWatchBytesMax < limits.watchBytesMax, 'one connection cannot take all watches')
assert(
  limits.connectionWaitingBytesMax <= limits.inFlightBytesMax,
  'one connection cannot fill the flight alone',
)
assert(
  limits.connectionInFlightBytesMax < limits.inFlightBytesMax,
  'one connection cannot fill the flight alone',
)
assert(
  limits.connectionWaitingBytesWhenTight < limits.connectionWaitingBytesMax,
  'a connection keeps less when memory is tight',
)
assert(limits.exactlyOnceWindowMax <= exactlyOnceWindowMax, 'a granted window is one that the state takes')
