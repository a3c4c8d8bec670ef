import { expect, it } from 'vitest'
import { queue } from '../../../src/sim/workloads/queue.ts'
import { atDepth } from '../../depth.ts'
import { runWorkload } from './in-simulation.ts'

const seeds = atDepth(2, 4)

it('queue workload: an ensemble in trouble -> hundreds of calls, no violation', async () => {
  let operations = 0
  for (let seed = 1; seed <= seeds; seed++) {
    const { violations, workload } = await runWorkload(queue, { seed, troubleSteps: 12 })
    expect(violations, `seed ${seed}`).toEqual([])
    operations += workload.operationCount
  }
  expect(operations).toBeGreaterThan(125 * seeds)
})

it('queue workload: a delete that is acknowledged and not done -> found', async () => {
  const rules = new Set<string>()
  for (let seed = 1; seed <= 3; seed++) {
    const { violations } = await runWorkload(queue, {
      seed,
      calmMs: 2000,
      distort: (client) => {
        let deletes = 0
        const remove = client.delete.bind(client)
        client.delete = (path, options) => (++deletes % 10 === 0 ? Promise.resolve() : remove(path, options))
        return client
      },
    })
    for (const { rule } of violations) rules.add(rule)
  }
  expect(rules).toContain('taken once')
})
