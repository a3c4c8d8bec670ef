import { expect, it } from 'vitest'
import { locks } from '../../../src/sim/workloads/locks.ts'
import { atDepth } from '../../depth.ts'
import { forSeeds, scenarioTimeoutMs } from '../scenarios/for-seeds.ts'
import { underTrouble } from './under-trouble.ts'

const seeds = atDepth(4, 10)

it(
  'locks: servers and connections are lost while clients queue -> one living holder at a time, and tokens that rise',
  async () => {
    let operations = 0
    await forSeeds(seeds, { servers: 3 }, async (ensemble) => {
      const { workload, violations } = await underTrouble(ensemble, locks, 20)
      expect(violations).toEqual([])
      operations += workload.operationCount
    })
    expect(operations).toBeGreaterThan(100 * seeds)
  },
  scenarioTimeoutMs,
)
