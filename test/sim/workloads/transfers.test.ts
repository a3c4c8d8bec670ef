import { expect, it } from 'vitest'
import { transfers } from '../../../src/sim/workloads/transfers.ts'
import { atDepth } from '../../depth.ts'
import { runWorkload } from './in-simulation.ts'

const seeds = atDepth(2, 4)

it('transfers workload: an ensemble in trouble -> hundreds of calls, no violation', async () => {
  let operations = 0
  for (let seed = 1; seed <= seeds; seed++) {
    const { violations, workload } = await runWorkload(transfers, { seed, troubleSteps: 12 })
    expect(violations, `seed ${seed}`).toEqual([])
    operations += workload.operationCount
  }
  expect(operations).toBeGreaterThan(125 * seeds)
})

it('transfers workload: reads of several nodes that are not of one moment -> found', async () => {
  const rules = new Set<string>()
  for (let seed = 1; seed <= 3; seed++) {
    const { violations } = await runWorkload(transfers, {
      seed,
      calmMs: 3000,
      distort: (client) => {
        client.multiRead = async (reads) => {
          const results = []
          for (const { path } of reads) {
            results.push({ type: 'get' as const, path, ...(await client.get(path)) })
          }
          return results
        }
        return client
      },
    })
    for (const { rule } of violations) rules.add(rule)
  }
  expect(rules).toContain('constant sum')
})
