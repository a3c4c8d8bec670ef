import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { OpCode } from '../../src/wire/opcodes.ts'
import { createBody, deleteBody, Harness } from './harness.ts'

describe('finding nodes by the bytes of a path', () => {
  test('bytes that look alike but are another path -> not taken for it', () => {
    const h = new Harness()
    const session = h.newSession()
    // The UTF-8 bytes of "/é" are the Latin-1 characters of "/Ã©".
    for (const path of ['/é', '/Ã©', '/plain']) h.run(OpCode.create, createBody(path), { session })
    const find = (path: string) => {
      const bytes = Buffer.from(`xx${path}yy`)
      return h.state.tree.findBytes(bytes, 2, bytes.length - 2)?.path
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
