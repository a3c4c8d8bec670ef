import type { Violation } from './violation.ts'

/** A session, as its own client knows it. Times are the caller's; Infinity for what did not happen. */
export interface SessionRecord {
  id: number
  timeoutMs: number
  /** When the last of its writes that were answered was called: the leader has heard of the session no earlier. */
  lastWriteCalledUs: number
  closeCalledUs: number
  /** A server has confirmed the end. */
  closedUs: number
  /** A server has told the client that the session is over. */
  expiredUs: number
  /** From that write until then no server ran for so long: a server that stands still does not count the time. */
  standstillUs: number
}

/** An ephemeral node whose name is never used twice. */
export interface EphemeralRecord {
  path: string
  /** The session that asked for it. */
  sessionId: number
  /** Infinity when the creation was not answered. */
  createdUs: number
  deleteCalledUs: number
  /** The deletion was answered. */
  deletedUs: number
  /** The earliest answer that showed it to be gone; only looks that had to show it if it was there count. */
  missingUs: number
  /** The earliest answer to the session itself that showed it to be gone. */
  missingToOwnerUs: number
  /** The latest call of a look, behind a `sync`, that showed it. */
  presentUs: number
}

export interface EphemeralHistory {
  sessions: readonly SessionRecord[]
  nodes: readonly EphemeralRecord[]
}

/**
 * How much longer than a server's the clock of a client may find a second. Both measure a session's timeout, each by its own
 * clock, and no server can know how fast another machine's clock runs.
 */
const clockDrift = 0.05

/**
 * Ephemeral nodes live as long as their sessions.
 *
 * Only answered writes count for the life of a session: the leader, which alone may end it, has seen those. What a server answers
 * by itself (reads, pings) tells a client nothing of the leader: the server may be cut off, and not know it yet.
 */
export function checkEphemerals({ sessions, nodes }: EphemeralHistory): Violation[] {
  const byId = new Map(sessions.map((session) => [session.id, session]))
  return [...checkExpiries(sessions), ...nodes.flatMap((node) => checkNode(node, byId.get(node.sessionId)))]
}

/** No session may end before. Without an answered write nothing is known. */
function aliveUntilUs(session: SessionRecord): number {
  return session.lastWriteCalledUs + session.timeoutMs * 1000 * (1 - clockDrift)
}

function* checkExpiries(sessions: readonly SessionRecord[]): Generator<Violation> {
  for (const session of sessions) {
    const aliveUs = aliveUntilUs(session) + session.standstillUs
    if (session.expiredUs >= Math.min(aliveUs, session.closeCalledUs)) continue
    yield {
      rule: 'ephemerals: no session expires before its timeout',
      problem:
        `${told(session)} was told at ${ms(session.expiredUs)} that it is over, ` +
        `though no server ran for ${ms(session.standstillUs)} of that time`,
    }
  }
}

function checkNode(node: EphemeralRecord, session: SessionRecord | undefined): Violation[] {
  const found: Violation[] = []
  const { path, missingUs, presentUs } = node
  if (presentUs > missingUs) {
    found.push({
      rule: 'ephemerals: what is gone stays gone',
      problem: `${path} was gone at ${ms(missingUs)}, and there in a look behind a sync called at ${ms(presentUs)}`,
    })
  }
  if (presentUs > node.deletedUs) {
    found.push({
      rule: 'ephemerals: what is deleted is gone',
      problem: `${path} was deleted at ${ms(node.deletedUs)}, and there in a look behind a sync called at ${ms(presentUs)}`,
    })
  }
  if (session === undefined) return found
  if (presentUs > session.closedUs) {
    found.push({
      rule: 'ephemerals: closeSession removes them at once',
      problem: `${told(session)} was closed at ${ms(session.closedUs)}, and ${path} was there in a look behind a sync called at ${ms(presentUs)}`,
    })
  }
  if (missingUs < Math.min(aliveUntilUs(session), session.closeCalledUs, node.deleteCalledUs)) {
    found.push({
      rule: 'ephemerals: none is gone before its session',
      problem: `${path} was gone at ${ms(missingUs)}, though ${told(session)}`,
    })
  }
  if (node.missingToOwnerUs < Math.min(session.closeCalledUs, node.deleteCalledUs)) {
    found.push({
      rule: 'ephemerals: a session that is answered has its nodes',
      problem: `${path} was gone at ${ms(node.missingToOwnerUs)} by an answer to its own session: ${told(session)}`,
    })
  }
  return found
}

function told({ id, timeoutMs, lastWriteCalledUs }: SessionRecord): string {
  return `session ${id} with a timeout of ${timeoutMs} ms, whose last answered write was called at ${ms(lastWriteCalledUs)},`
}

const ms = (us: number): string => `${us / 1000} ms`
