import { expect, it } from 'vitest'
import { register } from '../../../src/sim/workloads/register.ts'
import { atDepth } from '../../depth.ts'
import { runWorkload } from './in-simulation.ts'

const seeds = atDepth(2, 5)

it('register workload: an ensemble in trouble -> hundreds of calls, no violation', async () => {
  let operations = 0
  for (let seed = 1; seed <= seeds; seed++) {
    const { violations, workload, notes } = await runWorkload(register, { seed, troubleSteps: 12 })
    expect(violations, `seed ${seed}`).toEqual([])
    expect(notes, `seed ${seed}`).toEqual([])
    operations += workload.operationCount
  }
  expect(operations).toBeGreaterThan(200 * seeds)
})

it('register workload: the same seed -> the same trace', async () => {
  const first = await runWorkload(register, { seed: 5, troubleSteps: 5 })
  const second = await runWorkload(register, { seed: 5, troubleSteps: 5 })
  expect(second.traceHash).toBe(first.traceHash)
  expect(second.workload.operationCount).toBe(first.workload.operationCount)
})

it('register workload: a server that shows the past now and then -> violations of linearizability and of the order', async () => {
  const { violations } = await runWorkload(register, {
    seed: 3,
    calmMs: 5000,
    distort: (client) => {
      const get = client.get.bind(client)
      let reads = 0
      const old = new Map<string, Awaited<ReturnType<typeof get>>>()
      client.get = async (path, options) => {
        const found = await get(path, options)
        if (!old.has(path)) old.set(path, found)
        return ++reads % 20 === 0 ? (old.get(path) ?? found) : found
      }
      return client
    },
  })
  const rules = new Set(violations.map(({ rule }) => rule))
  expect(rules).toContain('linearizability')
  expect(rules).toContain('never back in time')
})
