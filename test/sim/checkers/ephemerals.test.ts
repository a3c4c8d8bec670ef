import { describe, expect, it } from 'vitest'
import type { EphemeralRecord, SessionRecord } from '../../../src/sim/checkers/ephemerals.ts'
import { checkEphemerals } from '../../../src/sim/checkers/ephemerals.ts'

const never = Number.POSITIVE_INFINITY
const second = 1_000_000

/** A session of ten seconds that wrote at 20 s and is alive, as far as is known. */
function session(differences: Partial<SessionRecord> = {}): SessionRecord {
  return {
    id: 7,
    timeoutMs: 10_000,
    lastWriteCalledUs: 20 * second,
    closeCalledUs: never,
    closedUs: never,
    expiredUs: never,
    standstillUs: 0,
    ...differences,
  }
}

/** Its node, created at 1 s and seen at 15 s. */
function node(differences: Partial<EphemeralRecord> = {}): EphemeralRecord {
  return {
    path: '/e/7-0',
    sessionId: 7,
    createdUs: second,
    deleteCalledUs: never,
    deletedUs: never,
    missingUs: never,
    missingToOwnerUs: never,
    presentUs: 15 * second,
    ...differences,
  }
}

function rulesBroken(one: SessionRecord, its: EphemeralRecord): string[] {
  return checkEphemerals({ sessions: [one], nodes: [its] }).map(({ rule }) => rule)
}

const early = 'ephemerals: none is gone before its session'

describe('ephemeral checker', () => {
  it('the node of a living session is there -> nothing is wrong', () => {
    expect(rulesBroken(session(), node())).toEqual([])
  })

  it('a silent session expires, and its node goes, behind its timeout -> nothing is wrong', () => {
    const gone = node({ missingUs: 31 * second })
    expect(rulesBroken(session({ expiredUs: 31 * second }), gone)).toEqual([])
  })

  it('the node of a silent session is gone before the timeout is over -> found', () => {
    expect(rulesBroken(session(), node({ missingUs: 29 * second }))).toEqual([early])
  })

  it('a node is gone, and its session writes after that -> found', () => {
    expect(rulesBroken(session(), node({ missingUs: 16 * second }))).toEqual([early])
  })

  it('a session is over behind its timeout, but the servers stood still for a part of that time -> found', () => {
    const standstillUs = 4 * second
    const expired = 'ephemerals: no session expires before its timeout'
    expect(rulesBroken(session({ expiredUs: 33 * second, standstillUs }), node())).toEqual([expired])
    expect(rulesBroken(session({ expiredUs: 35 * second, standstillUs }), node())).toEqual([])
  })

  it('a client is told too early that its session is over -> found', () => {
    expect(rulesBroken(session({ expiredUs: 25 * second }), node())).toEqual([
      'ephemerals: no session expires before its timeout',
    ])
  })

  it('a node goes while its session is being closed, or while it is being deleted -> nothing is wrong', () => {
    const missingUs = 22 * second
    expect(rulesBroken(session({ closeCalledUs: 21 * second }), node({ missingUs }))).toEqual([])
    expect(rulesBroken(session(), node({ missingUs, deleteCalledUs: 21 * second }))).toEqual([])
  })

  it('a node is seen after its session was closed -> found', () => {
    const closed = session({ closeCalledUs: 21 * second, closedUs: 22 * second })
    expect(rulesBroken(closed, node({ presentUs: 23 * second }))).toEqual([
      'ephemerals: closeSession removes them at once',
    ])
  })

  it('a node is seen after its deletion -> found', () => {
    const deleted = node({ deleteCalledUs: 10 * second, deletedUs: 11 * second })
    expect(rulesBroken(session(), deleted)).toEqual(['ephemerals: what is deleted is gone'])
  })

  it('a node of an expired session is seen again after it was gone -> found', () => {
    const back = node({ missingUs: 31 * second, presentUs: 32 * second })
    expect(rulesBroken(session({ expiredUs: 31 * second }), back)).toEqual([
      'ephemerals: what is gone stays gone',
    ])
  })

  it('a session reads that its own node is gone, long after its last write -> found', () => {
    expect(rulesBroken(session(), node({ missingToOwnerUs: 40 * second }))).toEqual([
      'ephemerals: a session that is answered has its nodes',
    ])
  })

  it('a session that never wrote -> nothing is known of its timeout', () => {
    expect(
      rulesBroken(
        session({ lastWriteCalledUs: -never, expiredUs: second }),
        node({ missingUs: second, presentUs: -never }),
      ),
    ).toEqual([])
  })
})
