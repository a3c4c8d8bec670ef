import fc from 'fast-check'
import { expect, it } from 'vitest'
import { checkNodeOrder, type NodeContent, type Sight } from '../../../src/sim/checkers/node-order.ts'
import { quickestMs } from './quickest-ms.ts'

const content = (czxid: number, mzxid: number, version: number, value = `v${mzxid}`): NodeContent => ({
  czxid,
  mzxid,
  version,
  value,
})

function sight(
  kind: Sight['kind'],
  floorZxid: number,
  ceilingZxid: number,
  shown: NodeContent | null,
): Sight {
  return {
    client: 1,
    sessionId: 7,
    calledUs: floorZxid,
    returnedUs: ceilingZxid,
    kind,
    content: shown,
    floorZxid,
    ceilingZxid,
  }
}

const rulesOf = (sights: Sight[]): string[] => checkNodeOrder('/n', sights).map(({ rule }) => rule)

const good: [string, Sight[]][] = [
  [
    'a stale read by who knows nothing newer',
    [
      sight('write', 0, 5, content(5, 5, 0)),
      sight('write', 5, 9, content(5, 9, 1)),
      sight('read', 5, 6, content(5, 5, 0)),
    ],
  ],
  [
    'a gap in the versions, by writes of unknown fate',
    [sight('write', 0, 5, content(5, 5, 0)), sight('read', 5, 12, content(5, 12, 4))],
  ],
  [
    'gone, and made again',
    [
      sight('write', 0, 5, content(5, 5, 0)),
      sight('delete', 5, 6, null),
      sight('read', 6, 7, null),
      sight('write', 7, 8, content(8, 8, 0)),
    ],
  ],
  ['not there yet', [sight('read', 1, 2, null), sight('write', 2, 5, content(5, 5, 0))]],
]
for (const [name, sights] of good) {
  it(`node order: ${name} -> accepted`, () => {
    expect(checkNodeOrder('/n', sights)).toEqual([])
  })
}

const bad: [string, string, Sight[]][] = [
  [
    'one zxid with two contents',
    'one history',
    [sight('write', 0, 5, content(5, 5, 0, 'a')), sight('read', 5, 5, content(5, 5, 0, 'b'))],
  ],
  [
    'a version that falls',
    'one history',
    [sight('read', 0, 9, content(2, 8, 3)), sight('read', 0, 9, content(2, 9, 2))],
  ],
  [
    'two lives at once',
    'one history',
    [sight('read', 0, 9, content(2, 8, 3)), sight('read', 0, 9, content(5, 9, 4))],
  ],
  ['changed, yet of version 0', 'one history', [sight('read', 0, 9, content(2, 8, 0))]],
  [
    'a read older than an own write',
    'never back in time',
    [
      sight('write', 0, 5, content(5, 5, 0)),
      sight('write', 5, 9, content(5, 9, 1)),
      sight('read', 9, 9, content(5, 5, 0)),
    ],
  ],
  [
    'a read older than what another node told',
    'never back in time',
    [
      sight('write', 0, 5, content(5, 5, 0)),
      sight('write', 5, 9, content(5, 9, 1)),
      sight('read', 30, 30, content(5, 5, 0)),
    ],
  ],
  [
    'missing, though there before and after',
    'never back in time',
    [
      sight('write', 0, 5, content(5, 5, 0)),
      sight('read', 7, 8, null),
      sight('write', 8, 9, content(5, 9, 1)),
    ],
  ],
  [
    'deleted, though seen alive later',
    'never back in time',
    [
      sight('write', 0, 5, content(5, 5, 0)),
      sight('delete', 6, 7, null),
      sight('read', 20, 20, content(5, 5, 0)),
    ],
  ],
  ['newer than the reply', 'session order', [sight('read', 0, 4, content(5, 5, 0))]],
  ['a write below what was known', 'session order', [sight('write', 6, 7, content(5, 5, 0))]],
]
for (const [name, rule, sights] of bad) {
  it(`node order: ${name} -> refused`, () => {
    expect(rulesOf(sights)).toContain(rule)
  })
}

const later = sight('write', 5, 9, content(5, 9, 1))
const lateWrite = { sessionId: 7, calledUs: 4, value: 'v12' }
const seenByOther = sight('read', 0, 12, content(5, 12, 2))

it('node order: an unanswered write takes effect behind a later one of its session -> refused', () => {
  const [violation] = checkNodeOrder('/n', [later, seenByOther], [lateWrite])
  expect(violation?.rule).toBe('session order')
  expect(violation?.problem).toContain('a write of v12')
})

const goodLateWrites: [string, Partial<typeof lateWrite>][] = [
  ['called after the other one', { calledUs: 6 }],
  ['called in one go with the other one', { calledUs: 5 }],
  ['of another session', { sessionId: 8 }],
  ['that took effect first', { value: 'v7' }],
  ['that never took effect', { value: 'v99' }],
]
for (const [name, difference] of goodLateWrites) {
  it(`node order: an unanswered write ${name} -> accepted`, () => {
    const before = sight('read', 0, 7, content(5, 7, 1))
    const after = sight('write', 5, 9, content(5, 9, 2))
    const seen = sight('read', 0, 12, content(5, 12, 3))
    expect(checkNodeOrder('/n', [before, after, seen], [{ ...lateWrite, ...difference }])).toEqual([])
  })
}

/** What sessions see that follow one history, each at its own pace, changing the node now and then. */
const honest = fc
  .array(fc.record({ what: fc.nat(5), session: fc.nat(2), lag: fc.nat(6) }), { minLength: 1, maxLength: 60 })
  .map((steps) => {
    const states: (NodeContent | null)[] = [null]
    const known = [0, 0, 0]
    const sights: Sight[] = []
    for (const { what, session, lag } of steps) {
      const now = states.length - 1
      const before = known[session] ?? 0
      const state = states[now] ?? null
      if (what < 3) {
        const as = Math.max(before, now - lag)
        sights.push(sight('read', before, as, states[as] ?? null))
        known[session] = as
        continue
      }
      const zxid = now + 1
      if (state !== null && what === 3) states.push(null)
      else if (state === null) states.push(content(zxid, zxid, 0))
      else states.push(content(state.czxid, zxid, state.version + 1))
      const made = states[zxid] ?? null
      sights.push(sight(made === null ? 'delete' : 'write', before, zxid, made))
      known[session] = zxid
    }
    return sights
  })

it('node order: sessions that follow one history -> accepted', () => {
  fc.assert(
    fc.property(honest, (sights) => {
      expect(checkNodeOrder('/n', sights)).toEqual([])
    }),
    { numRuns: 500 },
  )
})

it('node order: a read put back before a change that its session knew of -> refused', () => {
  let foundCount = 0
  fc.assert(
    fc.property(honest, fc.nat(), (sights, where) => {
      const reads = sights.filter(
        ({ kind, content, floorZxid }) => kind === 'read' && content !== null && content.mzxid <= floorZxid,
      )
      const victim = reads[where % Math.max(1, reads.length)]
      const older = sights.find(
        ({ content }) =>
          content !== null &&
          victim?.content?.czxid === content.czxid &&
          content.mzxid < victim.content.mzxid,
      )
      if (victim === undefined || older === undefined) return
      foundCount++
      const altered = sights.map((one) => (one === victim ? { ...one, content: older.content } : one))
      // Somebody else still tells of the newer change.
      altered.push({ ...victim, kind: 'read' })
      expect(rulesOf(altered)).toContain('never back in time')
    }),
    { numRuns: 500 },
  )
  expect(foundCount).toBeGreaterThan(20)
})

it('node order: 2,000 sights -> checked in well under 100 ms', () => {
  const sights: Sight[] = []
  for (let i = 1; i <= 2000; i++)
    sights.push(
      sight(i % 2 === 0 ? 'read' : 'write', i - 1 - (i % 2), i, content(1, i - ((i + 1) % 2), (i - 1) >> 1)),
    )
  expect(quickestMs(100, () => expect(checkNodeOrder('/n', sights)).toEqual([]))).toBeLessThan(100)
})
