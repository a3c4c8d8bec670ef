import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { WatchKind } from '../../src/client/watch-registry.ts'
import { WatchRegistry, watchKinds } from '../../src/client/watch-registry.ts'
import type { WatchSelection } from '../../src/client/watch-removal.ts'
import { takeWatches } from '../../src/client/watch-removal.ts'

const selections: WatchSelection[] = ['any', 'data', 'children', 'persistent', 'recursive']

/** What the server drops, by its own rules since 3.9: by table and mode. */
const dropped: Record<WatchSelection, readonly WatchKind[]> = {
  any: watchKinds,
  data: ['data', 'exist'],
  children: ['child'],
  persistent: ['persistent'],
  recursive: ['recursive'],
}

describe('taking watches away', () => {
  test('nothing there -> null', () => {
    const registry = new WatchRegistry()
    registry.file('data', '/a', () => {})
    expect(takeWatches(registry, '/a', 'children', undefined)).toBeNull()
    expect(takeWatches(registry, '/b', 'any', undefined)).toBeNull()
    expect(takeWatches(registry, '/a', 'data', () => {})).toBeNull()
    expect(registry.size).toBe(1)
  })

  test('the last listener of a path -> everything, which every release understands', () => {
    const registry = new WatchRegistry()
    const listener = (): void => {}
    registry.file('recursive', '/a', listener)
    expect(takeWatches(registry, '/a', 'recursive', listener)).toEqual(['any'])
  })

  test('one-shot watches beside persistent ones stay on the server, for old releases would drop both', () => {
    const registry = new WatchRegistry()
    registry.file('data', '/a', () => {})
    registry.file('persistent', '/a', () => {})
    expect(takeWatches(registry, '/a', 'data', undefined)).toEqual([])
    expect(registry.has('data', '/a')).toBe(false)
  })

  test('any listeners, any removal: who is left keeps a watch on the server; a kind asked for loses its own', () => {
    const listeners = [0, 1, 2].map(() => () => {})
    const filed = fc.array(fc.tuple(fc.constantFrom(...watchKinds), fc.nat({ max: 2 })), { maxLength: 8 })
    const removals = fc.array(fc.tuple(fc.constantFrom(...selections), fc.option(fc.nat({ max: 2 }))), {
      minLength: 1,
      maxLength: 5,
    })
    fc.assert(
      fc.property(filed, removals, (pairs, asked) => {
        const registry = new WatchRegistry()
        const server = new Set<WatchKind>()
        const model = new Set<string>()
        for (const [kind, i] of pairs) {
          registry.file(kind, '/a', listeners[i] ?? (() => {}))
          server.add(kind)
          model.add(`${kind} ${i}`)
        }
        for (const [selection, i] of asked) {
          const before = model.size
          for (const kind of dropped[selection]) {
            for (const one of i === null ? [0, 1, 2] : [i]) model.delete(`${kind} ${one}`)
          }
          const sent = takeWatches(registry, '/a', selection, i === null ? undefined : listeners[i])
          expect(sent === null).toBe(model.size === before)
          for (const removal of sent ?? []) for (const kind of dropped[removal]) server.delete(kind)
          const wanted = new Set([...model].map((one) => one.split(' ')[0] as WatchKind))
          expect(watchKinds.filter((kind) => registry.has(kind, '/a'))).toEqual(
            watchKinds.filter((kind) => wanted.has(kind)),
          )
          // data and exist are one watch on the server.
          for (const kind of wanted) expect(server.has(kind), kind).toBe(true)
          if (wanted.size === 0 && sent !== null) expect(server.size).toBe(0)
        }
      }),
    )
  })
})
