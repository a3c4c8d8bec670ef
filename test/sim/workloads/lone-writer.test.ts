import { expect, it } from 'vitest'
import type { TreeChange } from '../../../src/sim/checkers/tree-changes.ts'
import type { SimEnsemble } from '../../../src/sim/sim-ensemble.ts'
import { LoneWriter } from '../../../src/sim/workloads/lone-writer.ts'
import { UntilStopped } from '../../../src/sim/workloads/until-stopped.ts'
import { forSeeds, scenarioTimeoutMs } from '../scenarios/for-seeds.ts'

async function loneWriter(ensemble: SimEnsemble): Promise<LoneWriter> {
  const { world } = ensemble
  const writer = new LoneWriter({
    client: ensemble.client({ sessionTimeoutMs: 4000 }),
    base: '/w',
    mark: '/mark',
    random: world.random.fork('writer'),
    nowMs: () => world.nowMs,
  })
  await world.settle(writer.prepare())
  return writer
}

/** What another client is told of all that happens below `/w`. */
async function toldBelow(ensemble: SimEnsemble): Promise<TreeChange[]> {
  const told: TreeChange[] = []
  const watcher = await ensemble.connectedClient()
  watcher.on('watch', ({ type, path, zxid }) => {
    if (type === 'created' || type === 'deleted' || type === 'dataChanged') told.push({ type, path, zxid })
  })
  await ensemble.world.settle(watcher.addWatch('/w', () => {}, { recursive: true }))
  return told
}

it(
  'lone writer: an answer is lost, and the session ends while it asks what came of the write -> the change is known',
  async () => {
    await forSeeds(10, { servers: 1 }, async (ensemble) => {
      const { world } = ensemble
      const { network } = world
      ensemble.start()
      await ensemble.untilServing()
      const writer = await loneWriter(ensemble)
      const told = await toldBelow(ensemble)
      const until = new UntilStopped(world.host('workload').runtime.timers)

      network.cutOneWay('s1', 'c1')
      const step = writer.step(until)
      await world.run({ until: () => told.length > 0, limitMs: 1000 })
      network.cut('c1', 's1', 'blackhole')
      await world.settle(step, 60_000)
      expect(writer.changes).not.toContainEqual(told[0])

      const settled = writer.settle(until)
      await world.run({ until: () => ensemble.server(1).status().sessions === 1, limitMs: 60_000 })
      network.healAll()
      expect(await world.settle(settled, 60_000)).toBe(true)
      expect(told).toHaveLength(1)
      expect(writer.changes.slice(1)).toEqual(told)
      expect(writer.found).toEqual([])
    })
  },
  scenarioTimeoutMs,
)
