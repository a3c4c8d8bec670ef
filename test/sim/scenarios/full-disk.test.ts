import { describe, expect, it } from 'vitest'
import type { SimEnsemble } from '../../../src/sim/sim-ensemble.ts'
import { atDepth } from '../../depth.ts'
import { forSeeds, scenarioTimeoutMs } from './for-seeds.ts'
import { missingAnywhere, Writer } from './writer.ts'

/** Each server is filled once, and the power fails once. */
const seeds = atDepth(3, 5)
const options = { servers: 3, network: { delayMinUs: 500, delayMaxUs: 4000 } }

/** No more than `bytes` beyond what is there fit on the disk of a server. */
function fill(ensemble: SimEnsemble, id: number, bytes: number): void {
  const { disk } = ensemble.host(id)
  disk.capacityBytes = disk.usedBytes('/') + bytes
}

function makeRoom(ensemble: SimEnsemble, id: number): void {
  ensemble.host(id).disk.capacityBytes = Number.POSITIVE_INFINITY
}

async function begin(ensemble: SimEnsemble): Promise<Writer> {
  ensemble.start()
  await ensemble.untilLeader(3)
  await ensemble.untilServing()
  const client = await ensemble.connectedClient({ sessionTimeoutMs: 20_000 })
  await ensemble.world.settle(client.create('/w', ''))
  const writer = new Writer(client, '/w')
  writer.start(3)
  return writer
}

const troubleOf = (ensemble: SimEnsemble, id: number): string | null =>
  ensemble.server(id).status().diskTrouble

async function untilAside(ensemble: SimEnsemble, id: number): Promise<void> {
  await ensemble.world.run({ until: () => troubleOf(ensemble, id) !== null, limitMs: 120_000 })
}

describe('full disk', () => {
  it(
    'of one server, leader or follower, under writes -> it stands aside and says why, the others go on, and with room again it is back by itself with nothing lost',
    async () => {
      let written = 0
      await forSeeds(seeds, options, async (ensemble, seed) => {
        const { world } = ensemble
        const writer = await begin(ensemble)
        await world.runFor(300)
        const full = 1 + (seed % 3)
        fill(ensemble, full, world.random.below(20_000))
        await untilAside(ensemble, full)
        expect(troubleOf(ensemble, full)).toMatch(/ENOSPC.*Way out: make room on this disk/)
        expect(ensemble.server(full).status().mode).toBeNull()
        const others = ensemble.ids.filter((id) => id !== full)
        await ensemble.untilServing(...others)
        const before = writer.acknowledged.length
        await world.run({ until: () => writer.acknowledged.length >= before + 20, limitMs: 30_000 })
        await writer.stop(ensemble)
        await world.runFor(20_000)
        expect(troubleOf(ensemble, full)).toMatch(
          /see whether the disk can be used again.*ENOSPC.*Way out: make room/,
        )
        makeRoom(ensemble, full)
        await ensemble.untilServing()
        expect(troubleOf(ensemble, full)).toBeNull()
        await ensemble.converge()
        expect(await missingAnywhere(ensemble, '/w', writer.acknowledged)).toEqual([])
        written += writer.acknowledged.length
      })
      expect(written).toBeGreaterThan(30 * seeds)
    },
    scenarioTimeoutMs,
  )

  it(
    'of all servers -> nothing is acknowledged, and with room again they go on by themselves with nothing lost, also when the power fails meanwhile',
    async () => {
      await forSeeds(seeds, options, async (ensemble, seed) => {
        const { world } = ensemble
        const writer = await begin(ensemble)
        await world.runFor(300)
        for (const id of ensemble.ids) fill(ensemble, id, world.random.below(5000))
        for (const id of ensemble.ids) await untilAside(ensemble, id)
        const before = writer.acknowledged.length
        await world.runFor(5000)
        expect(writer.acknowledged.length).toBe(before)
        if (seed % 3 === 0) {
          for (const id of ensemble.ids) ensemble.crash(id)
          ensemble.restart(...ensemble.ids)
          await world.runFor(3000)
          for (const id of ensemble.ids) expect(troubleOf(ensemble, id)).toMatch(/ENOSPC/)
        }
        for (const id of ensemble.ids) makeRoom(ensemble, id)
        await ensemble.untilServing()
        await writer.stop(ensemble)
        await ensemble.converge()
        expect(await missingAnywhere(ensemble, '/w', writer.acknowledged)).toEqual([])
      })
    },
    scenarioTimeoutMs,
  )

  it(
    'writes and syncs that fail now and then on any server -> each comes back by itself, and not even a power failure of all takes back what was acknowledged',
    async () => {
      let aside = 0
      await forSeeds(seeds, options, async (ensemble) => {
        const { world } = ensemble
        const writer = await begin(ensemble)
        for (let i = 0; i < 8; i++) {
          await world.runFor(world.random.below(1500))
          const id = 1 + world.random.below(3)
          const { disk } = ensemble.host(id)
          if (world.random.chance(1, 2)) disk.failSyncs(1 + world.random.below(3))
          else disk.failWrites(1 + world.random.below(2))
          await world.runFor(world.random.below(300))
          if (troubleOf(ensemble, id) !== null) aside++
        }
        await ensemble.untilServing()
        await writer.stop(ensemble)
        for (const id of ensemble.ids) ensemble.crash(id)
        ensemble.restart(...ensemble.ids)
        await ensemble.converge()
        expect(await missingAnywhere(ensemble, '/w', writer.acknowledged)).toEqual([])
      })
      expect(aside).toBeGreaterThan(1.6 * seeds)
    },
    scenarioTimeoutMs,
  )

  it(
    'a client waits for its sync while the server stands aside for a moment -> it is answered',
    async () => {
      await forSeeds(5, { ...options, servers: 1 }, async (ensemble) => {
        ensemble.start()
        await ensemble.untilServing()
        const { world } = ensemble
        const client = await ensemble.connectedClient({ sessionTimeoutMs: 20_000 })
        ensemble.host(1).disk.failWrites(1)
        const written = client.create('/a', '')
        const synced = client.sync('/')
        await untilAside(ensemble, 1)
        const later = client.sync('/')
        await world.settle(Promise.all([written, synced, later]), 20_000)
        expect(await world.settle(client.exists('/a'))).not.toBeNull()
      })
    },
    scenarioTimeoutMs,
  )
})
