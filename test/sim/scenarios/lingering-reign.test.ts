import { expect, it } from 'vitest'
import { atDepth } from '../../depth.ts'
import { forSeeds, scenarioTimeoutMs } from './for-seeds.ts'

const seeds = atDepth(9, 30)

it(
  'lingering reign: a client comes from the next reign to a follower of the old leader -> it is not taken in before that one has caught up',
  async () => {
    let comings = 0
    await forSeeds(seeds, { servers: 5 }, async (ensemble) => {
      const { world } = ensemble
      const { network } = world
      ensemble.start()
      await ensemble.untilLeader(5)
      await ensemble.untilServing()
      const client = await ensemble.connectedClient({ servers: [1, 4], sessionTimeoutMs: 20_000 })
      const [host = ''] = [...world.hosts].map(({ name }) => name).filter((name) => name.startsWith('c'))
      await world.settle(client.create('/x', 'old'))

      for (const left of [4, 5]) for (const other of [1, 2, 3]) network.cut(`s${left}`, `s${other}`)
      network.cut(host, 's4')
      await world.run({ until: () => ensemble.leader === 3, limitMs: 10_000 })
      await world.settle(client.set('/x', 'new'))
      expect(client.server?.host).toBe('s1')

      network.heal(host, 's4')
      network.cut(host, 's1')
      const read = client.get('/x')
      let sightings = 0
      const untilMs = world.nowMs + 1_500
      while (world.nowMs < untilMs) {
        await world.runFor(10)
        const { replica } = ensemble.server(4).status()
        if (!replica.serving || replica.epoch === ensemble.server(3).status().replica.epoch) break
        expect(client.server).toBeNull()
        sightings++
      }
      if (sightings > 10) comings++
      for (const left of [4, 5]) for (const other of [1, 2, 3]) network.heal(`s${left}`, `s${other}`)
      expect(String((await world.settle(read, 60_000)).data)).toBe('new')
      network.healAll()
      await world.settle(client.close())
    })
    // The old reign went on long enough for the client to come to it.
    expect(comings).toBeGreaterThan((2 / 3) * seeds)
  },
  scenarioTimeoutMs,
)
