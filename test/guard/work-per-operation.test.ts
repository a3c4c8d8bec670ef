import { describe, expect, inject, it } from 'vitest'
import { allocatedBytesPer } from './allocations.ts'
import { exceeded } from './exceeded.ts'
import { allocatedBytesLimits, workLimits } from './limits.ts'
import { type Operation, workOf } from './simulated-work.ts'

const operations: readonly Operation[] = ['set', 'create', 'get']

describe('work per operation', () => {
  it.each(operations)(
    'a thousand times %s, simulated -> no more traffic and disk work than allowed',
    async (operation) => {
      const work = await workOf(operation)
      expect(exceeded(operation, work, workLimits[operation])).toEqual([])
    },
  )

  it('a run whose seed is the same -> the same figures', async () => {
    expect(await workOf('set')).toEqual(await workOf('set'))
  })

  it.each(operations)('%s on a lone server -> no more bytes of heap than allowed', async (operation) => {
    expect(inject('buildFault')).toBeNull()
    const allocatedBytes = await allocatedBytesPer(operation)
    expect(allocatedBytes).toBeGreaterThan(0)
    expect(
      exceeded(operation, { allocatedBytes }, { allocatedBytes: allocatedBytesLimits[operation] }),
    ).toEqual([])
  })

  it('one figure above its limit -> named, with what was found and allowed; those at theirs are not', () => {
    const limits = { syncs: 10, diskBytes: 500 }
    expect(exceeded('set', { syncs: 10, diskBytes: 500 }, limits)).toEqual([])
    expect(exceeded('set', { syncs: 11, diskBytes: 500 }, limits)).toEqual([
      'set: syncs 11, allowed 10 (test/guard/limits.ts)',
    ])
  })
})
