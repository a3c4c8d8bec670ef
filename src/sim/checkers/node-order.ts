import type { Violation } from './violation.ts'

/** What a stat tells of the last change of a node, and the data that belongs to it. */
export interface NodeContent {
  czxid: number
  mzxid: number
  version: number
  value: string
}

/** A write whose client never learned what became of it. It wrote what no other call did. */
export interface UnansweredWrite {
  sessionId: number
  calledUs: number
  value: string
}

/** What the answer to one call told of one node. */
export interface Sight {
  client: number
  sessionId: number
  calledUs: number
  returnedUs: number
  /** `write`: its own create or set. `delete`: its own. `read`: what it was shown, null for no such node. */
  kind: 'write' | 'delete' | 'read'
  /** Null after a delete, and where a read found nothing. */
  content: NodeContent | null
  /** The newest transaction that the session knew of from answers to calls that it had made before this one. */
  floorZxid: number
  /** The newest transaction that the client knew of just after the answer. */
  ceilingZxid: number
}

/** One life of the node, from a create to a delete. */
interface Life {
  readonly bornZxid: number
  /** It was seen alive as of this transaction, or later. */
  aliveZxid: number
  /** Whose answer tells so. */
  witness: Sight
}

/**
 * Whether everything that clients were told of one node comes from one history that nobody went back in. It rests on the
 * zxids in the answers; linearizability of the same calls is judged without them.
 *
 * 1. One history: a zxid means one content everywhere; versions rise with the zxids.
 * 2. Session order: a session's write is newer than all it knew before; nothing is newer than the reply's own zxid.
 *    What a session sent earlier does not take effect after what it sent later, whatever connections they took.
 * 3. Never back in time: what a session knows of, from whatever server and whatever node, its later reads do not miss.
 */
export function checkNodeOrder(
  path: string,
  sights: readonly Sight[],
  unanswered: readonly UnansweredWrite[] = [],
): Violation[] {
  const changes = new Map<number, Sight>()
  const violations: Violation[] = []
  const found = (rule: string, problem: string): void => {
    violations.push({ rule, problem: `${path}: ${problem}` })
  }
  for (const sight of sights) {
    const { content } = sight
    if (content === null) continue
    const known = changes.get(content.mzxid)
    if (known === undefined) changes.set(content.mzxid, sight)
    else if (!sameContent(known.content, content)) {
      found('one history', `one zxid, two contents: ${describe(known)}; ${describe(sight)}`)
    }
    if (content.mzxid > sight.ceilingZxid) {
      found('session order', `newer than the reply that shows it: ${describe(sight)}`)
    }
    if (sight.kind === 'write' && content.mzxid <= sight.floorZxid) {
      found('session order', `a write is not newer than what its session knew: ${describe(sight)}`)
    }
  }
  checkLateWrites({ changes, sights, unanswered }, found)
  const zxids = [...changes.keys()].sort((a, b) => a - b)
  const lives = livesOf(zxids, changes, sights, found)
  for (const sight of sights) {
    if (sight.content === null) checkAbsence(sight, lives, found)
    else if (sight.kind === 'read') {
      const missed = firstAbove(zxids, sight.content.mzxid)
      const newer = missed === undefined ? undefined : changes.get(missed)
      if (missed !== undefined && missed <= sight.floorZxid && newer !== undefined) {
        found('never back in time', `${describe(sight)}, but there was already: ${describe(newer)}`)
      }
    }
  }
  return violations
}

type Found = (rule: string, problem: string) => void

/**
 * A write without an answer may have taken effect, as somebody saw, but before all that its session wrote later. The bad timeline
 * without that: 1. a server is slow to pass x=1 on, and its client goes on elsewhere; 2. there it sets x=2, and is answered; 3. the
 * first server's request arrives, and x is 1.
 */
function checkLateWrites(
  {
    changes,
    sights,
    unanswered,
  }: {
    changes: ReadonlyMap<number, Sight>
    sights: readonly Sight[]
    unanswered: readonly UnansweredWrite[]
  },
  found: Found,
): void {
  if (unanswered.length === 0) return
  const byValue = new Map<string, Sight>()
  for (const sight of changes.values()) if (sight.content !== null) byValue.set(sight.content.value, sight)
  for (const { sessionId, calledUs, value } of unanswered) {
    const seen = byValue.get(value)
    if (seen?.content === undefined || seen.content === null) continue
    const { mzxid } = seen.content
    const overtaken = sights.find(
      (sight) =>
        sight.kind === 'write' &&
        sight.sessionId === sessionId &&
        sight.calledUs > calledUs &&
        sight.content !== null &&
        sight.content.mzxid < mzxid,
    )
    if (overtaken === undefined) continue
    found(
      'session order',
      `a write of ${value}, called at ${(calledUs / 1e6).toFixed(6)} s and never answered, took effect behind a later one of ` +
        `its session: ${describe(seen)}; ${describe(overtaken)}`,
    )
  }
}

/** In the order of their zxids, and checks that the changes in each make sense in that order. */
function livesOf(
  zxids: readonly number[],
  changes: ReadonlyMap<number, Sight>,
  sights: readonly Sight[],
  found: Found,
): Life[] {
  const lives: Life[] = []
  const byBirth = new Map<number, Life>()
  let before: Sight | undefined
  for (const zxid of zxids) {
    const sight = changes.get(zxid) as Sight
    const content = sight.content as NodeContent
    if ((content.version === 0) !== (content.mzxid === content.czxid) || content.mzxid < content.czxid) {
      found('one history', `version and zxids contradict each other: ${describe(sight)}`)
    }
    const earlier = before?.content
    if (before !== undefined && earlier !== undefined && earlier !== null) {
      const sameLife = earlier.czxid === content.czxid
      if (sameLife ? content.version <= earlier.version : content.czxid <= earlier.mzxid) {
        found('one history', `not in this order: ${describe(before)}; ${describe(sight)}`)
      }
    }
    before = sight
    const life = byBirth.get(content.czxid)
    if (life === undefined) {
      const born: Life = { bornZxid: content.czxid, aliveZxid: zxid, witness: sight }
      lives.push(born)
      byBirth.set(content.czxid, born)
    } else {
      life.aliveZxid = zxid
      life.witness = sight
    }
  }
  for (const sight of sights) {
    if (sight.kind !== 'read' || sight.content === null) continue
    const life = byBirth.get(sight.content.czxid)
    if (life === undefined || sight.floorZxid <= life.aliveZxid) continue
    life.aliveZxid = sight.floorZxid
    life.witness = sight
  }
  return lives
}

/** The node was not there at some moment between floor and ceiling: no life may span both. */
function checkAbsence(sight: Sight, lives: readonly Life[], found: Found): void {
  for (const { bornZxid, aliveZxid, witness } of lives) {
    if (bornZxid > sight.floorZxid || aliveZxid < sight.ceilingZxid) continue
    found('never back in time', `${describe(sight)}, but it was there before and after: ${describe(witness)}`)
  }
}

function firstAbove(sorted: readonly number[], bound: number): number | undefined {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((sorted[middle] as number) > bound) high = middle
    else low = middle + 1
  }
  return sorted[low]
}

function sameContent(a: NodeContent | null, b: NodeContent): boolean {
  return a !== null && a.czxid === b.czxid && a.version === b.version && a.value === b.value
}

function describe(sight: Sight): string {
  const { client, sessionId, returnedUs, kind, content, floorZxid, ceilingZxid } = sight
  const what =
    content === null
      ? 'no node'
      : `${content.value}, version ${content.version}, czxid ${hex(content.czxid)}, mzxid ${hex(content.mzxid)}`
  return (
    `${kind} by client ${client} in session ${hex(sessionId)}, answered at ${(returnedUs / 1e6).toFixed(6)} s: ${what} ` +
    `(it knew ${hex(floorZxid)} before, ${hex(ceilingZxid)} after)`
  )
}

function hex(zxid: number): string {
  return `0x${zxid.toString(16)}`
}
