import type { Identities } from '../../tree/identities.ts'

/** Who is told. */
export interface Watcher {
  /** Who it is now: events of nodes that it may not read are kept from it. */
  readonly identities: Identities
  /** It hears nothing any more, and leaves no watches. */
  readonly isClosed: boolean
  /** `frame` is lent for the duration of the call. */
  sendEvent(frame: Uint8Array): void
  /** Its watches can no longer be relied on: it must be told by closing the connection. `reason` says why and what helps. */
  giveUpWatches(reason: string): void
}
