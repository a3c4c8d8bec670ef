import { expect, it } from 'vitest'
import { Standstill } from '../../../src/sim/run/standstill.ts'
import { SimEnsemble } from '../../../src/sim/sim-ensemble.ts'

const periodMs = 100

/** Servers whose processes are there, and a standstill that is sampled every 20 ms. */
function still(servers: number) {
  const ensemble = new SimEnsemble({ seed: 1, servers })
  const { world, ids } = ensemble
  const hosts = ids.map((id) => ensemble.host(id))
  const standstill = new Standstill(ensemble, periodMs)
  const sample = (): void => {
    standstill.sample()
    world.at(world.nowMs + 20, sample)
  }
  sample()
  return { world, hosts, standstill }
}

it('standstill: one server of one is frozen -> counted when it is over, less one period', async () => {
  const { world, hosts, standstill } = still(1)
  await world.runFor(1_000)
  expect(standstill.totalMs).toBe(0)
  hosts[0]?.freeze()
  await world.runFor(1_000)
  expect(standstill.totalMs).toBe(0)
  hosts[0]?.thaw()
  expect(standstill.totalMs).toBeGreaterThanOrEqual(1_000 - periodMs - 40)
  expect(standstill.totalMs).toBeLessThanOrEqual(1_000 - periodMs)
})

it('standstill: frozen twice with an instant between -> each loses a period', async () => {
  const { world, hosts, standstill } = still(1)
  for (let i = 0; i < 2; i++) {
    hosts[0]?.freeze()
    await world.runFor(510)
    hosts[0]?.thaw()
  }
  expect(standstill.totalMs).toBeLessThanOrEqual(2 * (510 - periodMs))
  expect(standstill.totalMs).toBeGreaterThan(2 * (510 - periodMs - 40))
})

it('standstill: one of three runs -> nothing is counted; two frozen and one down -> counted', async () => {
  const { world, hosts, standstill } = still(3)
  hosts[0]?.freeze()
  hosts[1]?.freeze()
  await world.runFor(1_000)
  hosts[2]?.crash()
  hosts[2]?.restart()
  await world.runFor(100)
  expect(standstill.totalMs).toBe(0)
  hosts[2]?.crash()
  await world.runFor(1_000)
  hosts[2]?.restart()
  expect(standstill.totalMs).toBeGreaterThan(800)
  expect(standstill.totalMs).toBeLessThanOrEqual(1_000 - periodMs)
})
