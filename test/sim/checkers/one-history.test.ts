import { describe, expect, it } from 'vitest'
import { OneHistory } from '../../../src/sim/checkers/one-history.ts'

const first = 2 ** 32 + 1

/** Servers apply `count` transactions, each to the same effect. */
function alike(servers: number[], count: number): OneHistory {
  const history = new OneHistory()
  for (const server of servers) {
    expect(history.loaded(server, 0, 'empty')).toBeNull()
    for (let i = 0; i < count; i++) expect(history.applied(server, first + i, `d${i}`)).toBeNull()
  }
  return history
}

describe('one history', () => {
  it('the same transactions, by several servers, again after a restart and behind a snapshot -> nothing', () => {
    const history = alike([1, 2], 4)
    expect(history.loaded(1, 0, 'empty')).toBeNull()
    for (let i = 0; i < 4; i++) expect(history.applied(1, first + i, `d${i}`)).toBeNull()
    expect(history.loaded(3, first + 2, 'd2')).toBeNull()
    expect(history.applied(3, first + 3, 'd3')).toBeNull()
    expect(history).toMatchObject({ length: 4, last: first + 3 })
  })

  it('a transaction with another effect -> found, with both digests', () => {
    const history = alike([1], 3)
    history.loaded(2, 0, 'empty')
    history.applied(2, first, 'd0')
    expect(history.applied(2, first + 1, 'dx')).toEqual({
      rule: 'equal digest at equal zxid',
      problem: 'at 0x100000002 server 2 has dx, server 1 had d1',
    })
  })

  it('digests of some transactions only -> these are compared, whoever tells one first', () => {
    const history = new OneHistory()
    for (const server of [1, 2]) history.loaded(server, 0, 'empty')
    expect(history.applied(1, first, null)).toBeNull()
    expect(history.applied(2, first, 'd0')).toBeNull()
    expect(history.loaded(3, first, 'dx')?.rule).toBe('equal digest at equal zxid')
    expect(history.loaded(3, first, 'd0')).toBeNull()
  })

  it('a snapshot with another state -> found', () => {
    expect(alike([1], 3).loaded(2, first + 2, 'd1')?.rule).toBe('equal digest at equal zxid')
  })

  it('an empty history that leaves a state behind -> found', () => {
    const history = alike([1], 1)
    // The digest of the state before the first transaction is noted like any other.
    expect(history.loaded(2, 0, 'not empty')?.rule).toBe('equal digest at equal zxid')
  })

  it('a transaction left out -> found, though the digest is right', () => {
    const history = alike([1], 3)
    history.loaded(2, first, 'd0')
    expect(history.applied(2, first + 2, 'd2')?.problem).toBe(
      'server 2 applied 0x100000003 behind 0x100000001, server 1 behind 0x100000002',
    )
  })

  it('a transaction twice -> found', () => {
    const history = alike([1], 2)
    expect(history.applied(1, first + 1, 'd1')?.rule).toBe('one history')
  })

  it('a transaction that nobody else has, when later ones are committed -> found', () => {
    const history = alike([1], 3)
    history.applied(1, 2 ** 33 + 1, 'd3')
    history.loaded(2, first + 2, 'd2')
    expect(history.applied(2, first + 3, 'dx')?.problem).toBe(
      'server 2 applied 0x100000004, which no other has, when 0x200000001 was committed',
    )
  })
})
