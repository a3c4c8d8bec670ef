import type { Reign } from '../replication/replica-config.ts'
import type { Zxid } from '../tree/zxid.ts'

/** Is told what a server does to its state, by whoever checks servers against each other. It must not call back. */
export interface ServerObserver {
  /** A transaction was applied; `digest` tells that of the state with it, during the call. */
  applied(zxid: Zxid, digest: () => string): void
  /** The state was replaced by that of a snapshot. */
  loaded(zxid: Zxid, digest: string): void
  /** It promises that leader this epoch, and may be counted for it from now on. */
  promised(epoch: number, leader: number): void
  /** It serves in this reign from now on. */
  serving(reign: Reign): void
}
