import type { ClientConnection } from '../client-connection.ts'
import { limits } from '../limits.ts'
import type { SessionBucket } from '../sessions/session-tracker.ts'
import { javaDate } from './java-text.ts'
import { firstOf, hex, type ServerView } from './server-view.ts'

/** Sessions by the time at which they would expire, their ephemeral nodes, and connections. */
export function* dump(view: ServerView): Generator<string> {
  const nowMs = view.clock.wallMs()
  const buckets = view.sessionBuckets()
  yield 'SessionTracker dump:\n'
  if (buckets === null) yield* knownSessions(view)
  else yield* trackedSessions(buckets, nowMs)
  yield 'ephemeral nodes dump:\n'
  yield* ephemerals(view)
  yield 'Connections dump:\n'
  yield* connections(view, nowMs)
}

function* trackedSessions(buckets: readonly SessionBucket[], nowMs: number): Generator<string> {
  const total = buckets.reduce((sum, { ids }) => sum + ids.length, 0)
  yield `Session Sets (${buckets.length})/(${total}):\n`
  for (const { inMs, ids } of buckets) {
    yield `${ids.length} expire at ${javaDate(nowMs + inMs)}:\n`
    for (const id of ids) yield `\t${hex(id)}\n`
  }
}

/** Only the leader knows when they expire. */
function* knownSessions({ state }: ServerView): Generator<string> {
  const { sessions } = state
  yield `Global Sessions(${sessions.size}):\n`
  for (const { id, timeoutMs } of firstOf(sessions.values(), sessions.size)) {
    yield `${hex(id)}\t${timeoutMs}ms\n`
  }
}

function* ephemerals({ state }: ServerView): Generator<string> {
  const { sessions } = state
  let owners = 0
  for (const { ephemerals } of sessions.values()) if (ephemerals.size > 0) owners++
  yield `Sessions with Ephemerals (${owners}):\n`
  for (const { id, ephemerals } of firstOf(sessions.values(), sessions.size)) {
    // Of many sessions without any, each still counts as a piece of work.
    yield ephemerals.size === 0 ? '' : `${hex(id)}:\n`
    for (const path of firstOf(ephemerals, ephemerals.size)) yield `\t${path}\n`
  }
}

/** By the time at which they would be closed for their silence. */
function* connections(view: ServerView, nowMs: number): Generator<string> {
  const sets = new Map<number, ClientConnection[]>()
  for (const connection of view.connections) {
    const closedInMs = leftMs(connection, view.config.sessionlessCnxnTimeoutMs)
    const set = sets.get(closedInMs)
    if (set === undefined) sets.set(closedInMs, [connection])
    else set.push(connection)
  }
  yield `Connections Sets (${sets.size})/(${view.connections.size}):\n`
  for (const [closedInMs, members] of [...sets].sort(([a], [b]) => a - b)) {
    yield `${members.length} expire at ${javaDate(nowMs + closedInMs)}:\n`
    for (const { remoteHost, remotePort, sessionId } of members) {
      yield `\tip: /${remoteHost}:${remotePort} sessionId: ${hex(sessionId)}\n`
    }
  }
}

function leftMs({ sessionId, timeoutMs, age }: ClientConnection, sessionlessMs: number): number {
  const { silenceStepMs } = limits
  return Math.max(
    0,
    sessionId === 0
      ? sessionlessMs - age.totalMs
      : Math.ceil(timeoutMs / silenceStepMs) * silenceStepMs - age.silentMs,
  )
}
