import { describe, expect, it } from 'vitest'
import type { SimEnsemble } from '../../../src/sim/sim-ensemble.ts'
import { forSeeds, scenarioTimeoutMs } from './for-seeds.ts'
import { missingAnywhere, Writer } from './writer.ts'

/** A network as between machines: what a client does one after the other takes a few milliseconds each. */
const options = { servers: 3, network: { delayMinUs: 500, delayMaxUs: 4000 } }

/** Ten seconds of trouble: at most a minority is down or without a disk at once, links break and heal, processes freeze. */
async function trouble(ensemble: SimEnsemble): Promise<void> {
  const random = ensemble.world.random.fork('trouble')
  const size = ensemble.ids.length
  for (let step = 0; step < 15; step++) {
    const id = 1 + random.below(size)
    const other = 1 + random.below(size)
    const host = ensemble.host(id)
    const down = size - ensemble.running.length
    switch (random.below(7)) {
      case 0:
      case 1:
        if (host.up && down < Math.floor((size - 1) / 2))
          ensemble.crash(id, random.below(2) === 0 ? 'power' : 'process')
        break
      case 2:
        for (const stopped of ensemble.ids) if (!ensemble.host(stopped).up) ensemble.restart(stopped)
        break
      case 3:
        if (id !== other)
          ensemble.world.network.cut(`s${id}`, `s${other}`, random.below(2) === 0 ? 'reset' : 'blackhole')
        break
      case 4:
        ensemble.world.network.healAll()
        break
      case 5:
        if (host.up) {
          host.freeze()
          ensemble.world.at(ensemble.world.nowMs + random.below(2500), () => host.thaw())
        }
        break
      case 6:
        if (id !== other) ensemble.world.network.resetConnections(`s${id}`, `s${other}`)
        break
    }
    await ensemble.world.runFor(random.below(800))
  }
}

async function peace(ensemble: SimEnsemble): Promise<void> {
  ensemble.world.network.healAll()
  for (const id of ensemble.ids) {
    ensemble.host(id).thaw()
    if (!ensemble.host(id).up) ensemble.restart(id)
  }
  await ensemble.untilServing()
}

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
  await trouble(ensemble)
  await peace(ensemble)
  for (const writer of writers) await writer.stop(ensemble)
  return writers
}

describe('faults', () => {
  it(
    'crashes, cuts, freezes under writes -> every server ends with equal state digests, nothing acknowledged is lost',
    async () => {
      let acknowledged = 0
      await forSeeds(50, options, async (ensemble) => {
        const writers = await troubleUnderWrites(ensemble)
        await ensemble.converge()
        for (const [i, writer] of writers.entries()) {
          acknowledged += writer.acknowledged.length
          expect(await missingAnywhere(ensemble, `/w${i + 1}`, writer.acknowledged)).toEqual([])
        }
      })
      expect(acknowledged).toBeGreaterThan(1500)
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
      await forSeeds(50, options, run)
      const first = hashes.splice(0)
      await forSeeds(50, options, run)
      expect(hashes).toEqual(first)
      expect(new Set(hashes).size).toBe(50)
    },
    scenarioTimeoutMs,
  )
})
