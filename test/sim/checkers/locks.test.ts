import { describe, expect, it } from 'vitest'
import type { FencedWrite, Grant, LockHistory } from '../../../src/sim/checkers/locks.ts'
import { checkLocks } from '../../../src/sim/checkers/locks.ts'

/** Client and session 1 hold the lock by token 10, then client and session 2 by token 20. */
const first = grant(1, [0, 10], { token: 10, sequence: 0 })
const second = grant(2, [100, 110], { token: 20, sequence: 1 })

function grant(client: number, [calledUs, returnedUs]: [number, number], input: Partial<Grant>) {
  return {
    client,
    sessionId: client,
    calledUs,
    returnedUs,
    input: { token: 0, sequence: 0, owner: client, synced: true, ...input },
    outcome: { kind: 'ok', output: null },
  } as const
}

function write(client: number, calledUs: number, input: FencedWrite, zxid: number) {
  return {
    client,
    sessionId: client,
    calledUs,
    returnedUs: calledUs + 10,
    input,
    outcome: { kind: 'ok', output: { version: input.version + 1, zxid } },
  } as const
}

function read(client: number, token: number, version: number) {
  return {
    client,
    sessionId: client,
    calledUs: 0,
    returnedUs: 1,
    input: null,
    outcome: { kind: 'ok', output: { token, version } },
  } as const
}

function rulesBroken(history: Partial<LockHistory>): string[] {
  return checkLocks({ grants: [], writes: [], reads: [], accepted: [], ...history }).map(({ rule }) => rule)
}

describe('lock checker', () => {
  it('holders one after the other, each with its writes -> nothing is wrong', () => {
    expect(
      rulesBroken({
        grants: [first, second],
        writes: [
          write(1, 20, { token: 10, guarded: true, version: 0 }, 11),
          write(1, 40, { token: 10, guarded: false, version: 1 }, 12),
          write(2, 120, { token: 20, guarded: true, version: 2 }, 21),
        ],
        reads: [read(1, 0, 0), read(2, 10, 2), read(1, 20, 3)],
        accepted: [10, 10, 20],
      }),
    ).toEqual([])
  })

  it('a grant without a sync is seen late, behind a newer one -> nothing is wrong', () => {
    const late = grant(1, [120, 130], { token: 10, sequence: 0, synced: false })
    expect(rulesBroken({ grants: [second, late] })).toEqual([])
  })

  it('an older token is granted behind a sync after a newer one -> found', () => {
    const late = grant(1, [120, 130], { token: 10, sequence: 0 })
    expect(rulesBroken({ grants: [second, late] })).toEqual(['lock: tokens rise from grant to grant'])
  })

  it('one token is granted to two -> found', () => {
    const again = grant(2, [100, 110], { token: 10, sequence: 0 })
    expect(rulesBroken({ grants: [first, again] })).toEqual(['lock: a token is granted once'])
  })

  it('a later node has a lower number -> found', () => {
    const swapped = grant(2, [100, 110], { token: 20, sequence: 0 })
    expect(rulesBroken({ grants: [grant(1, [0, 10], { token: 10, sequence: 1 }), swapped] })).toEqual([
      'lock: numbers of sequential nodes rise with their czxid',
    ])
  })

  it('the lock node of the holder belongs to another session -> found', () => {
    expect(rulesBroken({ grants: [grant(1, [0, 10], { token: 10, owner: 7 })] })).toEqual([
      'lock: the lock node belongs to its session',
    ])
  })

  it('the older lock node still exists after a newer holder was shown that it is gone -> found', () => {
    const writes = [write(1, 120, { token: 10, guarded: true, version: 0 }, 30)]
    expect(rulesBroken({ grants: [first, second], writes })).toEqual(['lock: one living holder'])
  })

  it('the older holder wrote while the newer one was being told -> nothing is wrong', () => {
    const writes = [write(1, 105, { token: 10, guarded: true, version: 0 }, 30)]
    expect(rulesBroken({ grants: [first, second], writes })).toEqual([])
  })

  it('a write with an older token succeeds behind one with a newer token -> found', () => {
    const writes = [
      write(2, 120, { token: 20, guarded: true, version: 0 }, 21),
      write(1, 140, { token: 10, guarded: false, version: 1 }, 22),
    ]
    expect(rulesBroken({ grants: [first, second], writes })).toEqual([
      'lock: no older token behind a newer one',
    ])
  })

  it('two writes make the same version -> found', () => {
    const writes = [
      write(1, 20, { token: 10, guarded: true, version: 0 }, 11),
      write(2, 120, { token: 20, guarded: true, version: 0 }, 21),
    ]
    expect(rulesBroken({ grants: [first, second], writes })).toEqual(['lock: a version is made once'])
  })

  it('a later version has an earlier zxid -> found', () => {
    const writes = [
      write(1, 20, { token: 10, guarded: true, version: 0 }, 30),
      write(2, 120, { token: 20, guarded: true, version: 1 }, 21),
    ]
    expect(rulesBroken({ grants: [first, second], writes })).toEqual(['lock: versions rise with zxids'])
  })

  it('a write makes another version than the one behind that which it asked for -> found', () => {
    const asked = write(1, 20, { token: 10, guarded: true, version: 0 }, 11)
    const writes = [{ ...asked, outcome: { kind: 'ok', output: { version: 2, zxid: 11 } } } as const]
    expect(rulesBroken({ writes })).toEqual(['lock: a write that asks for a version makes the next one'])
  })

  it('a version is read with another token than it was written with -> found', () => {
    const writes = [write(1, 20, { token: 10, guarded: true, version: 0 }, 11)]
    expect(rulesBroken({ writes, reads: [read(2, 9, 1)] })).toEqual(['lock: what is read was written'])
  })

  it('the resource takes an older token behind a newer one -> found', () => {
    expect(rulesBroken({ accepted: [10, 20, 10] })).toEqual(['lock: the resource refuses older tokens'])
  })
})
