import { expect, it } from 'vitest'
import { sessions } from '../../../src/sim/workloads/sessions.ts'
import { runWorkload } from './in-simulation.ts'

it('sessions workload: an ensemble in trouble -> sessions come and go, no violation', async () => {
  let operations = 0
  for (let seed = 1; seed <= 3; seed++) {
    const { violations, workload } = await runWorkload(sessions, { seed, troubleSteps: 10 })
    expect(violations, `seed ${seed}`).toEqual([])
    operations += workload.operationCount
  }
  expect(operations).toBeGreaterThan(300)
})

it('sessions workload: ephemeral nodes that are not -> found', async () => {
  const { violations } = await runWorkload(sessions, {
    seed: 1,
    distort: (client) => {
      const create = client.create.bind(client)
      client.create = (path, data) => create(path, data)
      return client
    },
  })
  expect(violations.map(({ rule }) => rule)).toContain('ephemeral gone with its session')
})
