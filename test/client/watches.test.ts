import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Stat } from '../../src/client/types.ts'
import { changesSince } from '../../src/client/watch-differences.ts'
import type { WatchEvent } from '../../src/client/watch-registry.ts'
import { WatchRegistry } from '../../src/client/watch-registry.ts'

describe('watch registry', () => {
  // Which lists a change uses up, by the server's model of watches.
  test.each<[WatchEvent['type'], ('data' | 'exist' | 'child')[]]>([
    ['created', ['data', 'exist']],
    ['dataChanged', ['data', 'exist']],
    ['deleted', ['data', 'exist', 'child']],
    ['childrenChanged', ['child']],
  ])('%s -> fires %j, each listener once, and forgets them', (type, kinds) => {
    const registry = new WatchRegistry()
    const listeners = { data: () => {}, exist: () => {}, child: () => {} }
    for (const kind of ['data', 'exist', 'child'] as const) registry.file(kind, '/a', listeners[kind])
    const everywhere = (): void => {}
    for (const kind of kinds) registry.file(kind, '/a', everywhere)
    const fired = registry.fired(type, '/a')
    expect(fired.filter((listener) => listener === everywhere)).toHaveLength(1)
    expect(new Set(fired)).toEqual(new Set([everywhere, ...kinds.map((kind) => listeners[kind])]))
    expect(registry.fired(type, '/a')).toEqual([])
    expect(registry.size).toBe(3 - kinds.length)
  })

  test('a listener taken away leaves no watch to restore', () => {
    const registry = new WatchRegistry()
    const listener = (): void => {}
    registry.file('data', '/a', listener)
    registry.remove('data', '/a', listener)
    expect([...registry.portions(100)]).toEqual([])
  })

  test('portions: all paths once, in their lists, none above the limit unless alone', () => {
    const path = fc.string({ minLength: 1, maxLength: 40 }).map((name) => `/${name}`)
    const paths = fc.uniqueArray(path, { maxLength: 40 })
    fc.assert(
      fc.property(paths, paths, paths, fc.integer({ min: 1, max: 300 }), (data, exist, child, bytesMax) => {
        const registry = new WatchRegistry()
        const kinds = { data, exist, child }
        for (const kind of ['data', 'exist', 'child'] as const) {
          for (const one of kinds[kind]) registry.file(kind, one, () => {})
        }
        const portions = [...registry.portions(bytesMax)]
        expect(portions.flatMap((portion) => portion.data)).toEqual(data)
        expect(portions.flatMap((portion) => portion.exist)).toEqual(exist)
        expect(portions.flatMap((portion) => portion.child)).toEqual(child)
        for (const portion of portions) {
          const all = [...portion.data, ...portion.exist, ...portion.child]
          const bytes = all.reduce((sum, one) => sum + 4 + Buffer.byteLength(one), 0)
          expect(all.length === 1 || bytes <= bytesMax).toBe(true)
          expect(all.length).toBeGreaterThan(0)
        }
      }),
    )
  })
})

function stat(czxid: number, mzxid = czxid, cversion = 0, pzxid = czxid): Stat {
  const zero = {
    ctime: 0,
    mtime: 0,
    version: 0,
    aversion: 0,
    ephemeralOwner: 0n,
    dataLength: 0,
    numChildren: 0,
  }
  return { ...zero, czxid, mzxid, cversion, pzxid }
}

function types(before: Stat | null, event: WatchEvent['type'] | null, now: Stat | null): string[] {
  const fired = event === null ? null : { type: event, path: '/a', zxid: 50 }
  return changesSince({ stat: before, event: fired }, now, '/a', true).map(({ type }) => type)
}

describe('changes between two looks', () => {
  test('nothing happened -> nothing told', () => {
    expect(types(stat(1), null, stat(1))).toEqual([])
    expect(types(null, null, null)).toEqual([])
  })

  test('data and children of the same node', () => {
    expect(types(stat(1), 'dataChanged', stat(1, 5, 2, 6))).toEqual(['dataChanged', 'childrenChanged'])
  })

  test('deleted and created again -> both, though one event came', () => {
    expect(types(stat(1), 'deleted', stat(9))).toEqual(['deleted', 'created'])
    expect(types(stat(1), 'dataChanged', stat(9, 10))).toEqual([
      'dataChanged',
      'deleted',
      'created',
      'dataChanged',
    ])
  })

  test('came and went between two looks -> both told', () => {
    expect(types(null, 'created', null)).toEqual(['created', 'deleted'])
  })

  test('children are only told when they are asked for', () => {
    expect(changesSince({ stat: stat(1), event: null }, stat(1, 1, 4, 5), '/a', false)).toEqual([])
  })

  test('any history: the told changes lead from "is there" to "is there" without contradiction', () => {
    const maybe = fc.option(
      fc.tuple(
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 0, max: 2 }),
        fc.integer({ min: 0, max: 2 }),
      ),
    )
    const event = fc.constantFrom<WatchEvent['type'] | null>(
      null,
      'created',
      'deleted',
      'dataChanged',
      'childrenChanged',
    )
    fc.assert(
      fc.property(maybe, maybe, event, (before, after, fired) => {
        const build = (fields: [number, number, number] | null): Stat | null =>
          fields === null ? null : stat(fields[0], fields[0] + fields[1], fields[2])
        let there = before !== null
        for (const type of types(build(before), fired, build(after))) {
          if (type === 'created') expect(there).toBe(false)
          else expect(there).toBe(true)
          there = type !== 'deleted'
        }
        expect(there).toBe(after !== null)
      }),
    )
  })
})
