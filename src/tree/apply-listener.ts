import { BrokenInvariant } from '../runtime/assert.ts'
import type { JuteWriter } from '../wire/jute-writer.ts'
import type { Znode } from './znode.ts'
import type { Zxid } from './zxid.ts'

/**
 * What a server is told while a transaction changes its state, in ZooKeeper's order: the changes, then the reply.
 * The state already shows the change. No call may reach back into the state to change it.
 */
export interface ApplyListener {
  nodeCreated(node: Znode, zxid: Zxid): void
  /** The node is as it was, but no longer in the tree. */
  nodeDeleted(node: Znode, zxid: Zxid): void
  nodeDataChanged(node: Znode, zxid: Zxid): void
  nodeChildrenChanged(node: Znode, zxid: Zxid): void
  sessionCreated(id: number, timeoutMs: number): void
  /** After the events of its ephemeral nodes, before the reply to the request that closed it. */
  sessionClosed(id: number, zxid: Zxid): void
  /** Whether this server is to answer requests of that origin. Not asked for unnumbered requests. */
  wantsReply(server: number, incarnation: number): boolean
  /**
   * The answer to request `number` begins: the body is written into the returned writer, then `endReply` is called.
   * Between the two no other method is called. With an `error` other than 0 there is no body. A kept answer comes with
   * the zxid it had the first time.
   */
  beginReply(number: number, zxid: Zxid, error: number): JuteWriter
  endReply(): void
}

/** For who replays a history and wants nothing but the state that it leads to. */
export const noListener: ApplyListener = {
  nodeCreated: () => {},
  nodeDeleted: () => {},
  nodeDataChanged: () => {},
  nodeChildrenChanged: () => {},
  sessionCreated: () => {},
  sessionClosed: () => {},
  wantsReply: () => false,
  beginReply: () => {
    throw new BrokenInvariant('nobody wants a reply')
  },
  endReply: () => {},
}
