import type { Zxid } from '../tree/zxid.ts'
import type { LeaderMessage, WireSummary } from './messages.ts'

/** What a leader wants done, by whoever drives it. */
export type LeaderEffect =
  | { kind: 'send'; to: readonly number[]; message: LeaderMessage }
  /**
   * Make that follower's history a copy of this server's, up to `upTo`, then call `onHistorySent`. The history is on
   * this server's disk, or on its way there.
   */
  | { kind: 'sendHistory'; to: number; summary: WireSummary; upTo: Zxid }
  /** The reign is established: requests may be executed. */
  | { kind: 'reign'; epoch: number }
  /** It does not keep to the protocol, or is too slow: close its link. */
  | { kind: 'drop'; server: number; reason: string }
  /** A quorum confirmed that this server still leads. */
  | { kind: 'confirmed'; server: number; id: number }
  /** Give up: the reign, or the attempt at one, is over. */
  | { kind: 'resign'; reason: string; successor: number | null }
