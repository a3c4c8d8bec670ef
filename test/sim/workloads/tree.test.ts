import { expect, it } from 'vitest'
import { largeTree, snapshotsUnderLoad } from '../../../src/sim/workloads/tree.ts'
import { runWorkload } from './in-simulation.ts'

it('large tree: an ensemble in trouble -> every server holds what was acknowledged', async () => {
  let operations = 0
  for (let seed = 1; seed <= 3; seed++) {
    const { violations, workload } = await runWorkload(largeTree, { seed, troubleSteps: 10 })
    expect(violations, `seed ${seed}`).toEqual([])
    operations += workload.operationCount
  }
  expect(operations).toBeGreaterThan(1000)
})

it('snapshots under load: a snapshot every few writes, and trouble -> every server holds what was acknowledged', async () => {
  for (let seed = 1; seed <= 3; seed++) {
    const config = { snapCount: 20 }
    const { violations } = await runWorkload(snapshotsUnderLoad, { seed, troubleSteps: 10, config })
    expect(violations, `seed ${seed}`).toEqual([])
  }
})

it('tree workload: a set that is acknowledged and not done -> found', async () => {
  const { violations } = await runWorkload(snapshotsUnderLoad, {
    seed: 1,
    calmMs: 2000,
    distort: (client) => {
      const set = client.set.bind(client)
      let sets = 0
      client.set = async (path, data, options) => {
        if (++sets % 50 !== 0) return set(path, data, options)
        const { stat } = await client.get(path)
        return { ...stat, version: stat.version + 1 }
      }
      return client
    },
  })
  expect(violations.map(({ rule }) => rule)).toContain('tree as written')
})
