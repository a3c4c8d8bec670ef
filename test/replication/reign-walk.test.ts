import { describe, expect, test } from 'vitest'
import { atDepth } from '../depth.ts'
import { Violation } from '../explore/model/ledger.ts'
import type { Mutation } from '../explore/model/mutation.ts'
import type { World } from '../explore/model/world.ts'
import { ReignWalk } from './reign-walk.ts'

/** Walks over the real machines; a failure names its seed, which plays it again. */
function walks(size: number, count: number, steps: number): World['counts'] {
  const sum = { commits: 0, reigns: 0, wipes: 0, crashes: 0, syncs: 0 }
  for (let i = 0; i < count; i++) {
    const seed = `${size} servers, walk ${i}`
    const walk = new ReignWalk(size, seed)
    try {
      walk.run(steps)
      walk.settle()
    } catch (error) {
      throw new Error(`seed "${seed}"`, { cause: error })
    }
    for (const name of ['commits', 'reigns', 'wipes', 'crashes', 'syncs'] as const)
      sum[name] += walk.world.counts[name]
  }
  return sum
}

describe('reigns of Leader and Follower under crashes, cut links, rival candidates and lost disks', () => {
  test('three servers -> one history, never cut short, and all agree in the end', () => {
    const count = atDepth(500, 1500)
    const { commits, reigns, wipes, syncs } = walks(3, count, 700)
    // The walks have come to something.
    expect(commits).toBeGreaterThan(6 * count)
    expect(reigns).toBeGreaterThan(1.6 * count)
    expect(wipes).toBeGreaterThan(0.6 * count)
    expect(syncs).toBeGreaterThan(0.3 * count)
  })

  test('five servers -> one history, never cut short, and all agree in the end', () => {
    const count = atDepth(300, 1000)
    const { commits, reigns, wipes } = walks(5, count, 700)
    expect(commits).toBeGreaterThan(7 * count)
    expect(reigns).toBeGreaterThan(1.5 * count)
    expect(wipes).toBeGreaterThan(0.4 * count)
  })

  const mutations: Mutation[] = [
    'ack before durable',
    'promise is not durable',
    'stale history wins',
    'fresh counts',
    'commit by one',
  ]
  test.each(mutations)('with a fault put in (%s) -> the walks find a violation', (mutation) => {
    const play = (): void => {
      for (let i = 0; i < 1500; i++) new ReignWalk(3, i, mutation).run(700)
    }
    expect(play).toThrow(Violation)
  })
})
