import type { Zxid } from '../tree/zxid.ts'

/** Where an executing state machine puts its transactions. Valid only during the call that was given it. */
export interface ProposalSink {
  /** The zxid that the next proposed transaction will have. */
  readonly nextZxid: Zxid
  /** Orders one transaction: it gets `nextZxid`. It stands in `bytes` from `start` to `end`, and is copied. */
  propose(bytes: Buffer, start: number, end: number): void
}

/**
 * What is replicated, as the replication sees it. Requests and transactions are opaque bytes to it.
 *
 * `execute` and everything under "leader" is only called on the server that leads, between `beginReign` and `endReign`.
 */
export interface StateMachine {
  /** The zxid of the last applied transaction, or of the loaded snapshot. */
  readonly lastApplied: Zxid
  /** Hexadecimal; equal on all servers that have applied the same history. */
  digest(): string

  /**
   * Changes the state by one committed transaction, which stands in `records` from `start` to `end`: a view of it would cost as
   * much as the change itself. Cannot fail: what it throws stops the server.
   */
  apply(zxid: Zxid, records: Buffer, start: number, end: number): void
  /** The transactions that were committed together have been applied: replies and watch events may leave now. */
  applied(): void

  /** Leader: this server now leads `epoch`, and its state holds the whole committed history. */
  beginReign(epoch: number): void
  /**
   * Leader: decides about requests that server `from` sent, in order, on top of the state plus everything proposed in
   * this reign. Every request yields exactly one transaction (a failed one an error transaction), or none when it was
   * proposed before. Throws DecodeError for bytes that are no requests, after it has decided about those before them.
   */
  execute(from: number, requests: Buffer, sink: ProposalSink): void
  /**
   * Leader: a message from a server's own part that does not pass through the history (a session touched, ...).
   * Throws DecodeError for bytes that are no message.
   */
  onMessage(from: number, message: Buffer): void
  /** Leader: the reign is over; proposals that were not applied are forgotten. */
  endReign(): void

  /** Forgets everything: the state of an empty history. */
  reset(): void
  /** Replaces the state by a snapshot. Each chunk is lent until the next one is asked for. */
  load(zxid: Zxid, chunks: AsyncIterable<Buffer>): Promise<void>
  /**
   * The state as of `lastApplied` at the time of this call, in pieces, while later transactions go on being applied.
   * Only one at a time.
   */
  snapshot(): AsyncIterable<Buffer>
  /**
   * Nothing is kept for a snapshot any more. To be called however it ended: of pieces that nobody began to ask for, nobody else
   * would know that they are not wanted, and each change would keep what it changes until the next snapshot.
   */
  endSnapshot(): void
}
