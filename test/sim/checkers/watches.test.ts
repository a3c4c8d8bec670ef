import { describe, expect, it } from 'vitest'
import type { TreeChange } from '../../../src/sim/checkers/tree-changes.ts'
import type { WatchRecord } from '../../../src/sim/checkers/watches.ts'
import { checkWatches } from '../../../src/sim/checkers/watches.ts'

/** A node with a child that is set, goes, comes again, and is set again. */
const changes: TreeChange[] = [
  { zxid: 10, type: 'created', path: '/w' },
  { zxid: 20, type: 'created', path: '/w/a' },
  { zxid: 30, type: 'dataChanged', path: '/w/a' },
  { zxid: 40, type: 'deleted', path: '/w/a' },
  { zxid: 50, type: 'created', path: '/w/a' },
  { zxid: 60, type: 'dataChanged', path: '/w/a' },
]

type Event = Extract<WatchRecord, { what: 'event' }>

const asked = (
  id: number,
  kind: 'data' | 'children' | 'persistent' | 'recursive',
  path: string,
  lastZxid = 0,
) => ({ what: 'asked', id, kind, path, lastZxid }) as const
const answered = (id: number, since: number | null, lastZxid: number) =>
  ({ what: 'answered', id, since, lastZxid, fresh: true }) as const
const event = (type: Event['type'], path: string, zxid: number, lastZxid: number, ...heard: number[]) =>
  ({ what: 'event', type, path, zxid, lastZxid, heard }) as const
const looked = (lastZxid: number) => ({ what: 'looked', lastZxid, fresh: true }) as const
const attached = { what: 'attached' } as const
const lost = { what: 'lost' } as const

function rulesBroken(...records: WatchRecord[]): string[] {
  return checkWatches({ changes, clients: [records] }).map(({ rule }) => rule.slice('watches: '.length))
}

describe('watch checker: one-shot watches', () => {
  const onData = [attached, asked(1, 'data', '/w/a'), answered(1, 20, 20)]

  it('it fires for the first change, before any answer that shows it -> nothing is wrong', () => {
    expect(rulesBroken(...onData, event('dataChanged', '/w/a', 30, 20, 1), looked(60))).toEqual([])
  })

  it('it does not fire, and an answer shows the change -> found', () => {
    expect(rulesBroken(...onData, looked(29))).toEqual([])
    expect(rulesBroken(...onData, looked(30))).toEqual(['none is missed'])
  })

  it('it fires after an answer has shown the change -> found', () => {
    expect(rulesBroken(...onData, event('dataChanged', '/w/a', 30, 30, 1))).toEqual([
      'an event comes before what is newer',
    ])
  })

  it('its event comes in one piece with the answer that left it -> nothing is wrong', () => {
    expect(
      rulesBroken(asked(1, 'data', '/w/a'), event('dataChanged', '/w/a', 30, 20, 1), answered(1, 20, 30)),
    ).toEqual([])
  })

  it('it fires for a change that never was -> found', () => {
    expect(rulesBroken(...onData, event('dataChanged', '/w/a', 25, 20, 1))).toContain(
      'no event without a change',
    )
  })

  it('it fires for a change that the answer had shown -> found', () => {
    expect(
      rulesBroken(asked(1, 'data', '/w/a'), event('dataChanged', '/w/a', 30, 20, 1), answered(1, 30, 30)),
    ).toEqual(['no event without a change'])
  })

  it('it fires for the second change, though others between the two were told -> found', () => {
    const others = [asked(2, 'recursive', '/w'), answered(2, null, 20)]
    const told = [event('deleted', '/w/a', 40, 20, 2), event('created', '/w/a', 50, 20, 2)]
    expect(
      rulesBroken(attached, asked(1, 'data', '/w/a'), answered(1, 20, 20), ...others, ...told, {
        ...event('dataChanged', '/w/a', 60, 20, 1, 2),
      }),
    ).toEqual(['it fires for the first change'])
  })

  it('it fires once more -> found', () => {
    const twice = [event('dataChanged', '/w/a', 30, 20, 1), event('deleted', '/w/a', 40, 20)]
    expect(rulesBroken(...onData, ...twice)).toEqual(['only what is watched is told'])
    expect(
      rulesBroken(
        asked(1, 'data', '/w/a'),
        event('dataChanged', '/w/a', 30, 20, 1),
        event('deleted', '/w/a', 40, 20, 1),
        answered(1, 20, 20),
      ),
    ).toContain('a one-shot watch fires once')
  })

  it('one change is told twice -> found', () => {
    const watches = [...onData, asked(2, 'recursive', '/w'), answered(2, null, 20)]
    const told = event('dataChanged', '/w/a', 30, 20, 1, 2)
    expect(rulesBroken(...watches, told, { ...told, heard: [2] })).toEqual(['a change is told once'])
  })

  it('a missing node is created -> its watch has to fire', () => {
    const missing = [attached, asked(1, 'data', '/w/a', 10), answered(1, null, 12)]
    expect(rulesBroken(...missing, event('created', '/w/a', 20, 12, 1), looked(60))).toEqual([])
    expect(rulesBroken(...missing, looked(30))).toEqual(['none is missed'])
  })

  it('a child comes -> the watch on the children has to fire, by the right event', () => {
    const onChildren = [attached, asked(1, 'children', '/w'), answered(1, 10, 12)]
    expect(rulesBroken(...onChildren, event('childrenChanged', '/w', 20, 12, 1))).toEqual([])
    expect(rulesBroken(...onChildren, looked(20))).toEqual(['none is missed'])
    expect(rulesBroken(...onChildren, event('childrenChanged', '/w', 15, 12, 1))).toContain(
      'no event without a change',
    )
  })

  it('the connection is lost -> what was missed is told when it is back, before any answer', () => {
    const away = [...onData, lost, attached]
    expect(rulesBroken(...away, event('dataChanged', '/w/a', -1, 20, 1), looked(60))).toEqual([])
    expect(rulesBroken(...away, looked(60))).toEqual(['none is missed'])
    expect(rulesBroken(...onData, lost, attached, looked(22))).toEqual([])
  })

  it('told after a reconnect what never happened -> found', () => {
    const away = [attached, asked(1, 'data', '/w/a'), answered(1, 60, 60), lost, attached]
    expect(rulesBroken(...away, event('deleted', '/w/a', -1, 60, 1))).toContain('no event without a change')
  })

  it('the session ends, or the call fails -> the watch owes nothing', () => {
    expect(rulesBroken(...onData, { what: 'ended' }, looked(60))).toEqual([])
    expect(rulesBroken(asked(1, 'data', '/w/b'), { what: 'failed', id: 1 }, looked(60))).toEqual([])
  })
})

describe('watch checker: persistent watches', () => {
  const recursive = [attached, asked(1, 'recursive', '/w'), answered(1, null, 20)]
  const all = [
    event('dataChanged', '/w/a', 30, 20, 1),
    event('deleted', '/w/a', 40, 20, 1),
    event('created', '/w/a', 50, 20, 1),
    event('dataChanged', '/w/a', 60, 20, 1),
  ]

  it('every change is told in order -> nothing is wrong', () => {
    expect(rulesBroken(...recursive, ...all, looked(60))).toEqual([])
  })

  it('one in the middle is not told -> found', () => {
    for (const missed of [0, 1, 2, 3]) {
      const rest = all.flatMap((one, i) => (i === missed ? [looked(one.zxid)] : [one, looked(one.zxid)]))
      expect(rulesBroken(...recursive, ...rest)).toContain('none is missed')
    }
  })

  it('told in another order -> found', () => {
    const swapped = [all[1], all[0], all[2], all[3]] as Event[]
    expect(rulesBroken(...recursive, ...swapped, looked(60))).toEqual(['in the order of zxids'])
  })

  it('a server got its state by snapshot -> the difference of the two states is enough, and not less', () => {
    expect(rulesBroken(...recursive, event('dataChanged', '/w/a', 62, 20, 1), looked(70))).toEqual([])
    expect(rulesBroken(...recursive, looked(70))).toEqual(['none is missed'])
    const gone = event('deleted', '/w/a', 62, 20, 1)
    expect(rulesBroken(...recursive, gone, looked(70))).toEqual(['none is missed'])
  })

  it('the connection is lost -> what happened meanwhile may be missed, and nothing behind it', () => {
    const away = [...recursive, lost, attached]
    expect(rulesBroken(...away, looked(45), all[2] as Event, all[3] as Event, looked(60))).toEqual([])
    expect(rulesBroken(...away, looked(45), all[3] as Event, looked(60))).toEqual(['none is missed'])
  })

  it('a persistent watch tells of the children of its node too, and of nothing below them', () => {
    const watch = [attached, asked(1, 'persistent', '/w'), answered(1, null, 20)]
    const told = [event('childrenChanged', '/w', 40, 20, 1), event('childrenChanged', '/w', 50, 20, 1)]
    expect(rulesBroken(...watch, ...told, looked(60))).toEqual([])
    expect(rulesBroken(...watch, told[1] as Event, looked(45))).toEqual(['none is missed'])
  })

  it('it is told after an answer has shown the change -> found', () => {
    expect(rulesBroken(...recursive, event('dataChanged', '/w/a', 30, 30, 1))).toEqual([
      'an event comes before what is newer',
    ])
  })
})
