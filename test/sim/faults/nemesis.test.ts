import { describe, expect, it } from 'vitest'
import { SeededRandom } from '../../../src/runtime/seeded-random.ts'
import { type FaultName, faultNames } from '../../../src/sim/faults/fault.ts'
import { Nemesis } from '../../../src/sim/faults/nemesis.ts'
import { onlyRates } from '../../../src/sim/faults/rates.ts'
import { SimEnsemble } from '../../../src/sim/sim-ensemble.ts'
import { atDepth } from '../../depth.ts'
import { scenarioTimeoutMs } from '../scenarios/for-seeds.ts'
import { missingAnywhere, Writer } from '../scenarios/writer.ts'

const allRates = (rate: number) => onlyRates(Object.fromEntries(faultNames.map((name) => [name, rate])))

/** Writes under faults, then repairs; nothing acknowledged may be missing on any server. */
async function run(
  seed: number,
  rates: ReturnType<typeof onlyRates>,
  { servers = 3, ms = 10_000 }: { servers?: number; ms?: number } = {},
) {
  const ensemble = new SimEnsemble({ seed, servers, config: { snapCount: 50 } })
  const { world } = ensemble
  const nemesis = new Nemesis({ ensemble, random: new SeededRandom(`nemesis ${seed}`), rates })
  ensemble.start()
  await ensemble.untilServing()
  const client = await ensemble.connectedClient({ sessionTimeoutMs: 20_000 })
  await world.settle(client.create('/w', ''))
  const writer = new Writer(client, '/w')
  writer.start(2)
  nemesis.start()
  await world.runFor(ms)
  nemesis.stop()
  const countsAtStop = nemesis.counts
  expect(nemesis.recoverable).toBe(true)
  await ensemble.untilServing()
  await writer.stop(ensemble)
  await ensemble.converge()
  expect(await missingAnywhere(ensemble, '/w', writer.acknowledged)).toEqual([])
  await world.runFor(1_000)
  expect(nemesis.counts).toEqual(countsAtStop)
  return { nemesis, ensemble, hash: world.trace.hash }
}

describe('nemesis', () => {
  it(
    'every kind of fault, each alone, at a high rate -> it strikes, and the ensemble is whole again afterwards',
    async () => {
      for (const [seed, name] of faultNames.entries()) {
        try {
          const { nemesis } = await run(seed, onlyRates({ [name]: 300 }), { ms: 1_250 })
          expect(Object.keys(nemesis.counts)).toEqual([name])
          expect(nemesis.counts[name]).toBeGreaterThan(0)
        } catch (error) {
          throw new Error(`${name}, seed ${seed}: ${error instanceof Error ? error.stack : String(error)}`)
        }
      }
    },
    scenarioTimeoutMs,
  )

  it(
    'all kinds together -> nothing acknowledged is lost, every kind strikes sooner or later',
    async () => {
      const seen = new Set<FaultName>()
      // Which kinds a few seeds bring shifts with every change of the servers.
      for (let seed = 1; seed <= atDepth(4, 10) || (seed <= 60 && seen.size < faultNames.length); seed++) {
        const { nemesis } = await run(seed, allRates(40), { servers: seed % 2 === 0 ? 5 : 3, ms: 4_000 })
        for (const name of Object.keys(nemesis.counts) as FaultName[]) seen.add(name)
      }
      expect([...seen].sort()).toEqual([...faultNames].sort())
    },
    scenarioTimeoutMs,
  )

  it('same seed -> same faults and same trace', async () => {
    const first = await run(7, allRates(10))
    const second = await run(7, allRates(10))
    expect(second.hash).toBe(first.hash)
    expect(second.nemesis.counts).toEqual(first.nemesis.counts)
  })

  it('a server that fails by itself, without a fault that explains it -> the run fails', async () => {
    const ensemble = new SimEnsemble({ seed: 1, servers: 3 })
    const nemesis = new Nemesis({ ensemble, random: new SeededRandom(1), rates: onlyRates({}) })
    nemesis.start()
    ensemble.start()
    await ensemble.untilServing()
    // Behind the back of the nemesis.
    ensemble.host(1).disk.flipBit('/data/1/state', 3)
    ensemble.crash(1)
    await expect(ensemble.untilServing()).rejects.toThrow(
      /server 1 stopped by itself, though nothing damaged its data/,
    )
  })
})
