import type { Condition, PeerStatus } from './messages.ts'

/** What a server knows when it asks itself whether it may win an election. */
export interface Outlook {
  self: number
  condition: Condition
  lastZxid: number
  /** How many servers the configuration names. */
  members: number
  quorum: number
  /** The latest word of every live peer. */
  peers: ReadonlyMap<number, PeerStatus>
  /** While founding, how long it has been looking. */
  lookingForMs: number
}

/** A founding waits this long for all servers of the configuration before a quorum of them is enough. */
export const foundingPatienceMs = 250

/** Null when it stands; otherwise the reason why not, in words for the log. */
export function reasonNotToStand(outlook: Outlook): string | null {
  const { peers } = outlook
  if (peers.size + 1 < outlook.quorum) {
    return `it sees ${peers.size + 1} of ${outlook.members} servers, a quorum is ${outlook.quorum}`
  }
  if (outlook.condition !== 'founded') {
    for (const [id, peer] of peers) {
      // It may found with others that are as new as itself, but not beside a server that knows a founded ensemble.
      if (peer.condition === 'founded' && outlook.condition === 'fresh') {
        return `its data directory is empty and server ${id} belongs to a founded ensemble`
      }
    }
    const provisional = provisionalCount(outlook)
    if (provisional > 0 && provisional < outlook.quorum && peers.size + 1 < outlook.members) {
      return (
        `a founding was interrupted, and only all ${outlook.members} servers together can tell that nobody completed it; ` +
        `it sees ${peers.size + 1}`
      )
    }
    if (peers.size + 1 < outlook.members && outlook.lookingForMs < foundingPatienceMs) {
      return 'it waits a moment for all servers before it founds an ensemble with a quorum of them'
    }
    // A higher one that does not yet see everybody would take over as soon as it does.
    for (const [id, peer] of peers) {
      if (id > outlook.self && !peer.stands && outlook.lookingForMs < foundingPatienceMs) {
        return `it waits a moment for server ${id}, which is not ready yet`
      }
    }
  }
  for (const [id, peer] of peers) {
    if (peer.logStartZxid > outlook.lastZxid) {
      return `it is so far behind server ${id} that it would need a snapshot`
    }
  }
  return null
}

/** Servers that do not know the end of a founding; none where somebody knows that it was completed. */
function provisionalCount({ condition, peers }: Outlook): number {
  const conditions = [condition, ...[...peers.values()].map((peer) => peer.condition)]
  if (conditions.includes('founded')) return 0
  return conditions.filter((one) => one === 'provisional').length
}
