import { Discovery } from '../../src/replication/discovery.ts'
import { Follower } from '../../src/replication/follower.ts'
import { copyServer, type Following, type Leading, type ServerState } from './model/state.ts'

/** What a follower does with the next message of its leader. */
interface Next {
  leaves: boolean
  /** Answers at once. */
  speaks: boolean
}

const nexts = new WeakMap<Following, Next>()
const decisions = new WeakMap<Leading, boolean>()

/** This server is never changed again: what is asked of it is found out once. */
export function settle(size: number, server: ServerState): void {
  const { following, leading } = server
  if (following !== null) nexts.set(following, findNext(server))
  if (leading !== null) decisions.set(leading, decides(size, server))
}

export const nextOf = (server: ServerState): Next =>
  (server.following === null ? undefined : nexts.get(server.following)) ?? findNext(server)

export const heartbeatDecides = (size: number, server: ServerState): boolean =>
  server.leading !== null && (decisions.get(server.leading) ?? decides(size, server))

function findNext(server: ServerState): Next {
  const effects = effectsOfNext(server)
  return {
    leaves: effects.some(({ kind }) => kind === 'leave'),
    speaks: effects.some(({ kind }) => kind === 'send' || kind === 'sendOwnHistory'),
  }
}

function effectsOfNext({ following }: ServerState) {
  const message = following?.down[0]
  if (following === null || message === undefined || message === null) return []
  return new Follower(following.facts, { ...following.machine }).onMessage(message)
}

/**
 * Rounds of heartbeats have no end, and all but one kind do nothing that the rounds begun by the leader itself do not: the one by
 * which a candidate stops waiting for further founders.
 */
function decides(size: number, server: ServerState): boolean {
  if (server.leading?.machine.phase !== 'discovery') return false
  if (!server.leading.machine.discovery.confirmed.has(server.id)) return false
  const { leading } = copyServer(server)
  return leading !== null && new Discovery(size, leading.machine.discovery).chosen(server.id) !== null
}
