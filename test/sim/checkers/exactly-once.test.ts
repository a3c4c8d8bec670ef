import fc from 'fast-check'
import { expect, it } from 'vitest'
import {
  checkExactlyOnce,
  type ExactlyOnceHistory,
  type MadeNode,
} from '../../../src/sim/checkers/exactly-once.ts'

const node = (token: string, made: MadeNode['made'], deleted: MadeNode['deleted'] = 'no'): MadeNode => ({
  token,
  made,
  deleted,
})
const at = (token: string, path = `/${token}`) => ({ token, path })

const problemsOf = (history: Partial<ExactlyOnceHistory>): string[] =>
  checkExactlyOnce({
    sets: { acknowledged: 0, unknown: 0 },
    setsCounted: 0,
    made: [],
    left: [],
    refused: [],
    ...history,
  }).map(({ problem }) => problem)

it('exactly once: every call once, those of unknown fate once or not at all -> accepted', () => {
  for (const setsCounted of [10, 11, 12]) {
    expect(problemsOf({ sets: { acknowledged: 10, unknown: 2 }, setsCounted })).toEqual([])
  }
  const made = [
    node('a', 'acknowledged'),
    node('b', 'unknown'),
    node('c', 'unknown'),
    node('d', 'acknowledged', 'unknown'),
  ]
  expect(problemsOf({ made, left: [at('a'), at('b')] })).toEqual([])
})

const bad: [string, Partial<ExactlyOnceHistory>, string][] = [
  ['a set counted twice', { sets: { acknowledged: 10, unknown: 0 }, setsCounted: 11 }, 'set 11 times'],
  ['a set lost', { sets: { acknowledged: 10, unknown: 3 }, setsCounted: 9 }, 'set 9 times'],
  [
    'a create that met its own node',
    { refused: [{ call: 'a create of /a', code: 'nodeExists' }] },
    'its own retry',
  ],
  [
    'two nodes of one call',
    { made: [node('a', 'acknowledged')], left: [at('a', '/1'), at('a', '/2')] },
    '/1 and /2',
  ],
  ['a node that came back', { left: [at('a')] }, 'deleted or never asked for'],
  [
    'a deletion not done',
    { made: [node('a', 'acknowledged', 'acknowledged')], left: [at('a')] },
    'its deletion',
  ],
  ['a node lost', { made: [node('a', 'acknowledged')] }, 'is gone'],
]
for (const [name, history, problem] of bad) {
  it(`exactly once: ${name} -> refused`, () => {
    expect(problemsOf(history)).toEqual([expect.stringContaining(problem)])
  })
}

it('exactly once: any honest history -> accepted; with one node carried out twice -> refused', () => {
  const fates = fc.array(fc.record({ made: fc.boolean(), done: fc.boolean() }), {
    minLength: 1,
    maxLength: 50,
  })
  fc.assert(
    fc.property(fates, fc.nat(), (program, where) => {
      const made = program.map((fate, i) => node(`t${i}`, fate.made ? 'acknowledged' : 'unknown'))
      const left = program.flatMap((fate, i) => (fate.made || fate.done ? [at(`t${i}`)] : []))
      expect(problemsOf({ made, left })).toEqual([])
      const twice = left[where % Math.max(1, left.length)]
      if (twice !== undefined)
        expect(problemsOf({ made, left: [...left, at(twice.token, '/again')] })).toHaveLength(1)
    }),
    { numRuns: 100 },
  )
})
