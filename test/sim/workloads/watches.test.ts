import { expect, it } from 'vitest'
import { watches } from '../../../src/sim/workloads/watches.ts'
import { atDepth } from '../../depth.ts'
import { forSeeds, scenarioTimeoutMs } from '../scenarios/for-seeds.ts'
import { underTrouble } from './under-trouble.ts'

const seeds = atDepth(4, 10)

it(
  'watches: servers, connections and sessions are lost while nodes change -> each change is told as promised',
  async () => {
    let operations = 0
    await forSeeds(seeds, { servers: 3 }, async (ensemble) => {
      const { workload, violations } = await underTrouble(ensemble, watches, 20)
      expect(violations).toEqual([])
      operations += workload.operationCount
    })
    expect(operations).toBeGreaterThan(100 * seeds)
  },
  scenarioTimeoutMs,
)
