import { expect, it } from 'vitest'
import { atDepth } from '../../depth.ts'
import { forSeeds, scenarioTimeoutMs } from './for-seeds.ts'

it(
  'minority: a leader cut off from the others cannot commit -> it rejoins with its tail wiped',
  async () => {
    await forSeeds(atDepth(12, 50), { servers: 3 }, async (ensemble) => {
      ensemble.start()
      await ensemble.untilLeader(3)
      await ensemble.untilServing()
      const cutOff = await ensemble.connectedClient({ servers: [3], sessionTimeoutMs: 20_000 })
      const others = await ensemble.connectedClient({ servers: [1, 2] })
      await ensemble.world.settle(cutOff.create('/before', ''))
      ensemble.isolate(3, 'blackhole')
      let answered = false
      const lost = cutOff.create('/tail', '').then(
        () => {
          answered = true
        },
        () => {},
      )
      await ensemble.untilLeader(2)
      await ensemble.untilServing(1, 2)
      await ensemble.world.settle(others.create('/after', ''))
      expect(answered).toBe(false)
      // The client's write is proposed by nobody while it waits, so the tail that server 3 logged must go.
      await ensemble.world.settle(others.sync('/'))
      expect(await ensemble.world.settle(others.exists('/tail'))).toBeNull()
      ensemble.world.network.healAll()
      await ensemble.untilLeader(3)
      await ensemble.untilServing()
      await ensemble.world.settle(lost, 60_000)
      await ensemble.converge()
      const children = await ensemble.world.settle(others.getChildren('/'))
      expect(children).toEqual(expect.arrayContaining(['before', 'after']))
    })
  },
  scenarioTimeoutMs,
)
