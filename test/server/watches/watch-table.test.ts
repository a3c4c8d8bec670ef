import { describe, expect, test } from 'vitest'
import { anyMode, WatchMode, WatchTable } from '../../../src/server/watches/watch-table.ts'

interface Named {
  readonly name: string
}

const [a, b, c] = [{ name: 'a' }, { name: 'b' }, { name: 'c' }]
const { standard, persistent, recursive } = WatchMode

const names = (watchers: Named | ReadonlySet<Named> | undefined): string =>
  watchers === undefined
    ? ''
    : [...(watchers instanceof Set ? watchers : [watchers as Named])].map(({ name }) => name).join('')

describe('watch table', () => {
  test('adding twice -> counts once; a trigger tells in order of arrival; drop forgets everything of one', () => {
    const table = new WatchTable<Named>()
    for (const watcher of [a, b, a, c]) table.add('/x', watcher, standard)
    table.add('/y', a, standard)
    expect([table.size, table.pathCount, table.watcherCount]).toEqual([4, 2, 3])
    table.drop(a)
    expect(table.sweep(100)).toBe(true)
    expect([table.size, table.pathCount, table.watcherCount]).toEqual([2, 1, 2])
    expect(table.trigger('/y')).toBeUndefined()
    expect(names(table.trigger('/x'))).toBe('bc')
    expect([table.size, table.pathCount, table.watcherCount, table.bytes]).toEqual([0, 0, 0, 0])
  })

  test('several modes at one path -> one watch, told once; only the standard one is used up', () => {
    const table = new WatchTable<Named>()
    table.add('/x', a, standard)
    table.add('/x', a, persistent)
    table.add('/x', a, recursive)
    table.add('/x', b, standard)
    expect([table.size, table.pathCount]).toEqual([2, 1])
    expect(names(table.trigger('/x'))).toBe('ab')
    expect(names(table.trigger('/x'))).toBe('a')
    expect(table.has('/x', a, standard)).toBe(false)
    expect(table.has('/x', a, persistent)).toBe(true)
    expect(table.has('/x', a, recursive)).toBe(true)
    expect(table.size).toBe(1)
  })

  test('a set of watchers that all stay -> it stays as it is', () => {
    const table = new WatchTable<Named>()
    for (const watcher of [a, b]) table.add('/x', watcher, persistent)
    expect(names(table.trigger('/x'))).toBe('ab')
    expect(names(table.trigger('/x'))).toBe('ab')
    expect(table.size).toBe(2)
  })

  test('recursive -> told of everything below, once each, and of nothing beside', () => {
    const table = new WatchTable<Named>()
    table.add('/x', a, recursive)
    table.add('/', a, recursive)
    table.add('/x/y', b, recursive)
    table.add('/x', c, persistent)
    expect(names(table.trigger('/x/y/z'))).toBe('ab')
    expect(names(table.trigger('/x/y'))).toBe('ba')
    expect(names(table.trigger('/x'))).toBe('ac')
    expect(names(table.trigger('/xy'))).toBe('a')
    expect(table.remove('/', a, recursive)).toBe(true)
    expect(names(table.trigger('/xy'))).toBe('')
    expect(names(table.trigger('/x/yz'))).toBe('a')
  })

  test('the last recursive watch goes -> nothing above a path is told any more', () => {
    const table = new WatchTable<Named>()
    table.add('/x', a, recursive)
    table.add('/x', b, standard)
    expect(table.recursiveCount).toBe(1)
    expect([...table.recursive()]).toEqual([[a, '/x']])
    table.drop(a)
    expect(table.sweep(100)).toBe(true)
    expect(table.recursiveCount).toBe(0)
    expect(table.trigger('/x/y')).toBeUndefined()
    table.add('/x/long', a, recursive)
    expect(names(table.trigger('/x/long/child'))).toBe('a')
    expect(names(table.trigger('/x'))).toBe('b')
  })

  test('remove -> takes only the modes asked for, and says whether there were any', () => {
    const table = new WatchTable<Named>()
    table.add('/x', a, standard)
    table.add('/x', a, persistent)
    expect(table.remove('/x', a, recursive)).toBe(false)
    expect(table.remove('/x', b, anyMode)).toBe(false)
    expect(table.remove('/x', a, standard)).toBe(true)
    expect(table.has('/x', a, standard)).toBe(false)
    expect(table.size).toBe(1)
    expect(table.remove('/x', a, anyMode)).toBe(true)
    expect([table.size, table.pathCount, table.watcherCount, table.bytes]).toEqual([0, 0, 0, 0])
  })

  test('many watches of one that is gone -> it is told nothing at once, and they are taken out bit by bit', () => {
    const table = new WatchTable<Named>()
    for (let i = 0; i < 10; i++) table.add(`/x/${i}`, a, i === 0 ? recursive : standard)
    table.add('/x/5', b, standard)
    table.drop(a)
    expect([table.size, table.watcherCount, table.has('/x/1', a, anyMode)]).toEqual([11, 1, false])
    expect([table.watchersAt('/x/5'), table.watchersAt('/x/6')]).toEqual([[b], []])
    expect(table.sweep(4)).toBe(false)
    expect([table.size, table.recursiveCount]).toEqual([7, 0])
    // Somebody else comes to a path that is not taken out yet, one is alone there, and one finds it fired.
    table.trigger('/x/8')
    table.add('/x/8', c, standard)
    table.add('/x/9', c, persistent)
    expect(table.sweep(4)).toBe(false)
    expect(table.sweep(4)).toBe(true)
    expect([table.size, table.pathCount, table.watcherCount]).toEqual([3, 3, 2])
    expect(names(table.trigger('/x/8'))).toBe('c')
    expect(names(table.trigger('/x/9'))).toBe('c')
    expect(names(table.trigger('/x/5'))).toBe('b')
  })

  test('who and where -> both ways', () => {
    const table = new WatchTable<Named>()
    table.add('/x', a, standard)
    table.add('/x', b, persistent)
    table.add('/y', b, recursive)
    expect([...table.paths()]).toEqual(['/x', '/y'])
    expect([...table.watchers()]).toEqual([a, b])
    expect(table.watchersAt('/x')).toEqual([a, b])
    expect(table.watchersAt('/y')).toEqual([b])
    expect(table.watchersAt('/z')).toEqual([])
    expect([...table.pathsOf(b)]).toEqual([
      ['/x', persistent],
      ['/y', recursive],
    ])
    expect(table.pathsOf(c).size).toBe(0)
  })

  test('bytes -> grow with the paths and shrink to nothing', () => {
    const table = new WatchTable<Named>()
    table.add('/x', a, standard)
    const short = table.bytesOf(a)
    table.add(`/${'y'.repeat(999)}`, a, standard)
    expect(table.bytesOf(a) - 2 * short).toBe(998)
    expect(table.bytes).toBe(table.bytesOf(a))
    table.trigger('/x')
    table.remove(`/${'y'.repeat(999)}`, a, standard)
    expect([table.bytes, table.bytesOf(a)]).toEqual([0, 0])
  })
})
