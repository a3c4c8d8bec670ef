import { assert } from '../runtime/assert.ts'
import { frameBytesMax } from './frames.ts'

/** Proposals of one turn are sent in batches of about this size. */
export const batchBytesMax = 1024 * 1024

/**
 * Requests that the leader decides about in one turn, in bytes: 10 to 20 ms of work. The rest waits for the next turn, with
 * heartbeats, reads and pings in between. The message that passes it is the last one.
 */
export const executedBytesMax = 512 * 1024

/** Proposals in flight, in bytes: when they are more, requests wait until some are committed. */
export const inFlightBytesMax = 64 * 1024 * 1024

/**
 * What may wait in this process for one follower to take it. A follower for which it is more is dropped: it comes back
 * and is synchronized from the log, which costs the leader no memory.
 */
export const followerBacklogBytesMax = 128 * 1024 * 1024

/**
 * What may wait in this process for its own disk. Beyond it, the link that brings more is not read until half of it is
 * written; the other side's buffers fill then, and it stops as well.
 */
export const persisterBytesMax = 32 * 1024 * 1024

/** How long a new connection may take to say who it is. */
export const handshakeTimeoutMs = 2000

/** Connections on the peer or leader port that have not said who they are; more are closed at once. */
export const strangersMax = 64

/** A turn of the leader loop never orders more transactions than this; it keeps the counter from overflowing. */
export const counterReserve = 1_000_000

// One transaction, as large as the largest request allows, still travels in one frame.
assert(batchBytesMax * 2 < frameBytesMax, 'a batch of proposals must fit a frame')
assert(inFlightBytesMax < followerBacklogBytesMax, 'a follower in step must never be dropped for its backlog')
