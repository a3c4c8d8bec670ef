import { expect, it } from 'vitest'
import { atDepth } from '../../depth.ts'
import { forSeeds, scenarioTimeoutMs } from './for-seeds.ts'

it(
  'amnesia: a voter loses its disk while the leader is cut off -> nothing acknowledged is lost',
  async () => {
    await forSeeds(atDepth(12, 50), { servers: 3 }, async (ensemble, seed) => {
      ensemble.start()
      await ensemble.untilLeader(3)
      await ensemble.untilServing()
      // 1. Server 1 is away, so every acknowledged write rests on 2 and 3 alone.
      ensemble.crash(1)
      const client = await ensemble.connectedClient({ servers: [3] })
      for (let i = 0; i < 10; i++) await ensemble.world.settle(client.create(`/n${i}`, ''))
      // 2. Server 2 forgets everything; 3, the only one that knows, is cut off or dies.
      ensemble.crash(2)
      ensemble.wipe(2)
      if (seed % 2 === 0) ensemble.isolate(3, 'blackhole')
      else ensemble.crash(3)
      // 3. The stale one and the forgetful one must not go on without it.
      ensemble.restart(2, 1)
      await ensemble.world.runFor(6000)
      expect(ensemble.server(1).status().replica.serving).toBe(false)
      expect(ensemble.server(2).status().replica.serving).toBe(false)
      expect(ensemble.server(2).status().replica.waitingFor).toMatch(/empty/)
      // 4. It returns, and all is there.
      if (seed % 2 === 0) ensemble.world.network.healAll()
      else ensemble.restart(3)
      await ensemble.untilServing()
      await ensemble.converge()
      const reader = await ensemble.connectedClient({ servers: [2] })
      const children = await ensemble.world.settle(reader.getChildren('/'))
      for (let i = 0; i < 10; i++) expect(children).toContain(`n${i}`)
    })
  },
  scenarioTimeoutMs,
)
