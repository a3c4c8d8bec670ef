import type { Zxid } from '../tree/zxid.ts'
import { type ConfirmationState, newConfirmationState } from './confirmation.ts'
import { type DiscoveryState, newDiscoveryState } from './discovery.ts'
import type { LeaderMessage } from './messages.ts'

export type Phase = 'discovery' | 'adopting' | 'synchronization' | 'broadcast' | 'over'

export interface FollowerInReign {
  /** Joined: nothing was promised yet. Promised: waits for the history. Receiving: it is on its way. Synced: gets proposals. */
  stage: 'joined' | 'promised' | 'receiving' | 'synced'
  /** Highest transaction that it has acknowledged as durable in this reign, -1 before it acknowledged the history. */
  ackedZxid: Zxid
  established: boolean
  wantsCrown: boolean
  /** What was proposed while its history was on its way. */
  held: LeaderMessage[]
  heldBytes: number
}

/** All that an attempt to lead remembers: plain data, so that it can be shown, compared and copied. */
export interface LeaderState {
  phase: Phase
  ensembleId: string
  /** Last transaction of the history that this reign began with. */
  initialZxid: Zxid
  proposedZxid: Zxid
  commitZxid: Zxid
  /** The commit point that followers have been told. */
  toldCommitZxid: Zxid
  /** Requests are held because the crown is being handed over. */
  successor: number | null
  /** Whose history is being adopted. */
  source: number | null
  followers: Map<number, FollowerInReign>
  discovery: DiscoveryState
  confirmation: ConfirmationState<SyncRequest>
}

export interface SyncRequest {
  server: number
  id: number
}

export const newLeaderState = (): LeaderState => ({
  phase: 'discovery',
  ensembleId: '',
  initialZxid: 0,
  proposedZxid: 0,
  commitZxid: 0,
  toldCommitZxid: 0,
  successor: null,
  source: null,
  followers: new Map(),
  discovery: newDiscoveryState(),
  confirmation: newConfirmationState(),
})
