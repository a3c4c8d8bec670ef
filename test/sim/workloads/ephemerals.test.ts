import { expect, it } from 'vitest'
import { ephemerals } from '../../../src/sim/workloads/ephemerals.ts'
import { atDepth } from '../../depth.ts'
import { forSeeds, scenarioTimeoutMs } from '../scenarios/for-seeds.ts'
import { underTrouble } from './under-trouble.ts'

const seeds = atDepth(4, 10)

it(
  'ephemerals: servers, connections and sessions are lost -> nodes live as long as their sessions, and no longer',
  async () => {
    let operations = 0
    await forSeeds(seeds, { servers: 3 }, async (ensemble) => {
      const { workload, violations } = await underTrouble(ensemble, ephemerals, 20)
      expect(violations).toEqual([])
      operations += workload.operationCount
    })
    expect(operations).toBeGreaterThan(100 * seeds)
  },
  scenarioTimeoutMs,
)
