import fc from 'fast-check'
import { expect, it } from 'vitest'
import { type NodeValue, TreeExpectation } from '../../../src/sim/checkers/tree-expectation.ts'

const node = (value: string, version: number): NodeValue => ({ value, version })

function expected(): TreeExpectation {
  const tree = new TreeExpectation()
  tree.is('/a', node('one', 0))
  tree.is('/a/b', node('two', 3))
  tree.maybe('/a/b', node('three', 4))
  tree.maybe('/c', node('four', 0))
  return tree
}

const a = ['/a', node('one', 0)] as const
const b = ['/a/b', node('two', 3)] as const

it('tree: what was acknowledged, with or without what was not answered -> accepted', () => {
  expect(expected().compare(new Map([a, b]), 'server 1')).toEqual([])
  expect(
    expected().compare(new Map([a, ['/a/b', node('three', 4)], ['/c', node('four', 0)]]), 'server 1'),
  ).toEqual([])
})

const bad: [string, [string, NodeValue][], string][] = [
  ['a node is missing', [[...b]], '/a is not there, expected "one" of version 0'],
  ['a node of nobody', [[...a], [...b], ['/x', node('', 0)]], '/x is "" of version 0, expected not there'],
  ['other data', [['/a', node('two', 0)], [...b]], '/a is "two" of version 0, expected "one" of version 0'],
  [
    'another version',
    [['/a', node('one', 1)], [...b]],
    '/a is "one" of version 1, expected "one" of version 0',
  ],
  [
    'neither of two',
    [[...a], ['/a/b', node('two', 4)]],
    '/a/b is "two" of version 4, expected "two" of version 3, or "three" of version 4',
  ],
]
for (const [name, actual, problem] of bad) {
  it(`tree: ${name} -> refused`, () => {
    expect(expected().compare(new Map(actual), 'server 1')).toEqual([
      { rule: 'tree as written', problem: `server 1: ${problem}` },
    ])
  })
}

it('tree: a list of children -> what is certain must show, what is uncertain may, nothing else', () => {
  const tree = expected()
  tree.maybe('/a/gone', node('', 0))
  expect(tree.compareChildren('/a', ['b'], ['b', 'gone'])).toEqual([])
  expect(tree.compareChildren('/a', ['b', 'gone'], ['b', 'gone'])).toEqual([])
  expect(tree.compareChildren('/a', ['gone'], ['b', 'gone'])).toHaveLength(1)
  expect(tree.compareChildren('/a', ['b', 'x'], ['b', 'gone'])).toHaveLength(1)
})

it('tree: any writes with any answers lost -> the real tree fits; with one node altered it does not', () => {
  const writes = fc.array(
    fc.record({ name: fc.nat(8), deletes: fc.boolean(), isLost: fc.nat(5), isDone: fc.boolean() }),
    { maxLength: 60 },
  )
  fc.assert(
    fc.property(writes, (program) => {
      const tree = new TreeExpectation()
      const real = new Map<string, NodeValue>()
      for (const [i, { name, deletes, isLost, isDone }] of program.entries()) {
        const path = `/${name}`
        const before = tree.certain(path)
        if (before === null) continue
        const after = deletes ? null : node(`v${i}`, (before.node?.version ?? -1) + 1)
        if (isLost === 0) tree.maybe(path, after)
        else tree.is(path, after)
        if (isLost === 0 && !isDone) continue
        if (after === null) real.delete(path)
        else real.set(path, after)
      }
      expect(tree.compare(real, 's')).toEqual([])
      const [first] = real
      if (first === undefined) return
      expect(tree.compare(new Map([...real, [first[0], node('other', 0)]]), 's')).toHaveLength(1)
    }),
    { numRuns: 200 },
  )
})
