import { expect, it } from 'vitest'
import { exactlyOnce } from '../../../src/sim/workloads/exactly-once.ts'
import { runWorkload } from './in-simulation.ts'

it('exactly-once workload: an ensemble in trouble -> thousands of writes, each once', async () => {
  let operations = 0
  for (let seed = 1; seed <= 3; seed++) {
    const { violations, workload } = await runWorkload(exactlyOnce, { seed, troubleSteps: 10 })
    expect(violations, `seed ${seed}`).toEqual([])
    operations += workload.operationCount
  }
  expect(operations).toBeGreaterThan(1000)
})

it('exactly-once workload: a client that sends a write twice -> found', async () => {
  const { violations } = await runWorkload(exactlyOnce, {
    seed: 1,
    distort: (client) => {
      const create = client.create.bind(client)
      let creates = 0
      client.create = (path, data, options) => {
        if (++creates % 20 === 0) void create(path, data, options).catch(() => {})
        return create(path, data, options)
      }
      return client
    },
  })
  expect(violations.map(({ rule }) => rule)).toContain('exactly once')
})
