import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { NodeStore } from '../../src/tree/node-store.ts'
import { PathIndex } from '../../src/tree/path-index.ts'
import { OpCode } from '../../src/wire/opcodes.ts'
import { createBody, deleteBody, Harness } from './harness.ts'

describe('the table that finds nodes', () => {
  /** Nodes /0, /1 and so on, told by the table under hashes that say nothing of them. */
  function filled(count: number, hashOf: (i: number) => number) {
    const store = new NodeStore()
    const index = new PathIndex(store)
    const nodes = Array.from({ length: count }, (_, i) => {
      const path = Buffer.from(`/${i}`)
      const node = store.add(path, 0, path.length, true, path, 0, 0)
      index.add(hashOf(i), node)
      return node
    })
    const found = (i: number) => {
      const path = Buffer.from(`/${i}`)
      const node = index.find(hashOf(i), path, 0, path.length)
      expect(index.findText(hashOf(i), `/${i}`)).toBe(node)
      return node
    }
    return { index, nodes, found }
  }

  test.each([
    ['all alike', () => 7],
    ['alike in the bits that choose the place', (i: number) => (i << 20) | 7],
    ['behind each other across the end of a part', (i: number) => (i % 3) - 2],
  ])('hashes %s -> each is found, and only while it is there', (_, hashOf) => {
    const { index, nodes, found } = filled(1000, hashOf)
    for (const [i, node] of nodes.entries()) expect(found(i)).toBe(node)
    for (const [i, node] of nodes.entries()) if (i % 3 !== 1) index.delete(hashOf(i), node)
    for (const [i, node] of nodes.entries()) expect(found(i)).toBe(i % 3 === 1 ? node : undefined)
    for (const [i, node] of nodes.entries()) if (i % 3 !== 1) index.add(hashOf(i), node)
    for (const [i, node] of nodes.entries()) expect(found(i)).toBe(node)
  })

  test('long paths that hash alike and differ in one place, anywhere -> each is found, another one is not', () => {
    const store = new NodeStore()
    const index = new PathIndex(store)
    const pathOf = (at: number) => `/${'n'.repeat(at)}m${'n'.repeat(998 - at)}`
    const look = (path: string) => {
      const bytes = Buffer.from(`xx${path}yy`)
      const node = index.find(7, bytes, 2, bytes.length - 2)
      expect(index.findText(7, path)).toBe(node)
      return node
    }
    const places = [0, 1, 500, 742, 743, 744, 900, 998]
    const nodes = places.map((at) => {
      const path = Buffer.from(pathOf(at))
      const node = store.add(path, 0, path.length, true, path, 0, 0)
      index.add(7, node)
      return node
    })
    expect(places.map((at) => look(pathOf(at)))).toEqual(nodes)
    for (const at of [2, 501, 741, 745, 997]) expect(look(pathOf(at))).toBeUndefined()
    expect(look(pathOf(500).slice(0, -1))).toBeUndefined()
  })

  test('property: any hashes, added and deleted in any order -> as a map', () => {
    const hashes = fc.array(fc.oneof(fc.integer(), fc.integer({ min: -9, max: 9 })), {
      minLength: 400,
      maxLength: 400,
    })
    fc.assert(
      fc.property(hashes, fc.array(fc.nat(399), { maxLength: 600, size: 'max' }), (chosen, toggled) => {
        const hashOf = (i: number) => chosen[i] ?? 0
        const { index, nodes, found } = filled(400, hashOf)
        const there = new Set(nodes.keys())
        for (const i of toggled) {
          const node = nodes[i]
          if (node === undefined) continue
          if (there.delete(i)) index.delete(hashOf(i), node)
          else {
            there.add(i)
            index.add(hashOf(i), node)
          }
        }
        for (const [i, node] of nodes.entries()) expect(found(i)).toBe(there.has(i) ? node : undefined)
      }),
      { numRuns: 50 },
    )
  })
})

describe('finding nodes by the bytes of a path', () => {
  test('bytes that look alike but are another path -> not taken for it', () => {
    const h = new Harness()
    const session = h.newSession()
    // The UTF-8 bytes of "/é" are the Latin-1 characters of "/Ã©".
    for (const path of ['/é', '/Ã©', '/plain']) h.run(OpCode.create, createBody(path), { session })
    const find = (path: string) => {
      const bytes = Buffer.from(`xx${path}yy`)
      const node = h.state.tree.findBytes(bytes, 2, bytes.length - 2)
      return node && h.state.tree.path(node)
    }
    for (let round = 0; round < 2; round++) {
      for (const path of ['/é', '/Ã©', '/plain', '/']) expect(find(path)).toBe(path)
      expect(find('/plai')).toBeUndefined()
      expect(find('')).toBe('/')
    }
  })

  test('property: creates, deletes and look-ups of many names -> the same node as by name', () => {
    const names = Array.from({ length: 3000 }, (_, i) => `/n${i}`)
    const h = new Harness()
    const session = h.newSession()
    for (const name of names.slice(0, 1500)) h.run(OpCode.create, createBody(name), { session })
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), fc.nat(2999)), { maxLength: 100 }), (steps) => {
        for (const [add, index] of steps) {
          const name = names[index] ?? '/'
          const bytes = Buffer.from(name)
          expect(h.state.tree.findBytes(bytes, 0, bytes.length)).toBe(h.state.tree.find(name))
          if (add) h.run(OpCode.create, createBody(name), { session })
          else h.run(OpCode.delete, deleteBody(name), { session })
          expect(h.state.tree.findBytes(bytes, 0, bytes.length)).toBe(h.state.tree.find(name))
        }
      }),
      { numRuns: 100 },
    )
  })
})
