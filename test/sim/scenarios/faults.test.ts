import { describe, expect, it } from 'vitest'
import type { SimEnsemble } from '../../../src/sim/sim-ensemble.ts'
import { atDepth } from '../../depth.ts'
import { forSeeds, scenarioTimeoutMs } from './for-seeds.ts'
import { Trouble } from './trouble.ts'
import { missingAnywhere, Writer } from './writer.ts'

/** With all of them, the rare turns as well. */
const seeds = atDepth(10, 50)

/** A network as between machines: what a client does one after the other takes a few milliseconds each. */
const options = { servers: 3, network: { delayMinUs: 500, delayMaxUs: 4000 } }

async function troubleUnderWrites(ensemble: SimEnsemble): Promise<Writer[]> {
  ensemble.start()
  await ensemble.untilServing()
  const writers: Writer[] = []
  for (const id of ensemble.ids) {
    const client = await ensemble.connectedClient({ sessionTimeoutMs: 20_000 })
    await ensemble.world.settle(client.create(`/w${id}`, ''))
    const writer = new Writer(client, `/w${id}`)
    writer.start(1)
    writers.push(writer)
  }
  const trouble = new Trouble(ensemble)
  await trouble.run(15, 800)
  await trouble.end()
  for (const writer of writers) await writer.stop(ensemble)
  return writers
}

describe('faults', () => {
  it(
    'crashes, lost disks, cuts, freezes under writes -> every server ends with equal state digests, nothing acknowledged is lost',
    async () => {
      let acknowledged = 0
      await forSeeds(seeds, options, async (ensemble) => {
        const writers = await troubleUnderWrites(ensemble)
        await ensemble.converge()
        for (const [i, writer] of writers.entries()) {
          acknowledged += writer.acknowledged.length
          expect(await missingAnywhere(ensemble, `/w${i + 1}`, writer.acknowledged)).toEqual([])
        }
      })
      expect(acknowledged).toBeGreaterThan(30 * seeds)
    },
    scenarioTimeoutMs,
  )

  it(
    'same seed -> same trace; another seed -> another',
    async () => {
      const hashes: string[] = []
      const run = async (ensemble: SimEnsemble): Promise<void> => {
        ensemble.start()
        await ensemble.untilServing()
        const client = await ensemble.connectedClient()
        const writer = new Writer(client, '')
        writer.start(2)
        await ensemble.world.runFor(100)
        ensemble.crash(ensemble.leader)
        await ensemble.world.runFor(500)
        ensemble.restart(...ensemble.ids.filter((id) => !ensemble.host(id).up))
        await ensemble.untilServing()
        await writer.stop(ensemble)
        hashes.push(ensemble.world.trace.hash)
      }
      await forSeeds(seeds, options, run)
      const first = hashes.splice(0)
      await forSeeds(seeds, options, run)
      expect(hashes).toEqual(first)
      expect(new Set(hashes).size).toBe(seeds)
    },
    scenarioTimeoutMs,
  )
})
