import { describe, expect, it } from 'vitest'
import { atDepth } from '../../depth.ts'
import { forSeeds, scenarioTimeoutMs } from './for-seeds.ts'

const seeds = atDepth(10, 50)

describe('election', () => {
  it(
    'all servers start together -> the highest id wins',
    async () => {
      await forSeeds(seeds, { servers: 5 }, async (ensemble) => {
        ensemble.start()
        await ensemble.untilLeader(5)
        await ensemble.untilServing()
        expect(ensemble.leader).toBe(5)
      })
    },
    scenarioTimeoutMs,
  )

  it(
    'the highest id is down -> the next one wins, and hands over when it returns',
    async () => {
      await forSeeds(seeds, { servers: 3 }, async (ensemble) => {
        ensemble.start(1, 2)
        await ensemble.untilServing(1, 2)
        expect(ensemble.leader).toBe(2)
        ensemble.start(3)
        await ensemble.untilLeader(3)
        await ensemble.untilServing()
      })
    },
    scenarioTimeoutMs,
  )

  it(
    'ids from 0 -> server 0 follows and leads like any other, also with its disk lost',
    async () => {
      await forSeeds(seeds, { servers: 3, firstId: 0 }, async (ensemble) => {
        ensemble.start(0)
        ensemble.start(1)
        await ensemble.untilServing(0, 1)
        expect(ensemble.leader).toBe(1)
        ensemble.start(2)
        await ensemble.untilLeader(2)
        await ensemble.untilServing()
        ensemble.crash(0)
        ensemble.wipe(0)
        ensemble.restart(0)
        await ensemble.untilServing()
        ensemble.crash(2)
        await ensemble.untilLeader(1)
        await ensemble.untilServing(0, 1)
      })
      await forSeeds(5, { servers: 1, firstId: 0 }, async (ensemble) => {
        ensemble.start()
        await ensemble.untilLeader(0)
        await ensemble.untilServing()
      })
    },
    scenarioTimeoutMs,
  )

  it(
    'a stale highest id wins -> it adopts the freshest history',
    async () => {
      await forSeeds(seeds, { servers: 3 }, async (ensemble) => {
        ensemble.start()
        await ensemble.untilServing()
        ensemble.crash(3, 'process')
        await ensemble.untilLeader(2)
        await ensemble.untilServing(1, 2)
        const client = await ensemble.connectedClient({ servers: [1, 2] })
        for (let i = 0; i < 20; i++) await ensemble.world.settle(client.create(`/n${i}`, `${i}`))
        const before = client.lastZxid
        // Everybody stops; then the stale one and one that knows more come back, and no reign is there to join.
        ensemble.crash(1)
        ensemble.crash(2)
        ensemble.restart(3, 1)
        await ensemble.untilLeader(3)
        await ensemble.untilServing(3, 1)
        expect(ensemble.server(3).status().replica.appliedZxid).toBeGreaterThanOrEqual(before)
        const reader = await ensemble.connectedClient({ servers: [3] })
        const children = await ensemble.world.settle(reader.getChildren('/'))
        for (let i = 0; i < 20; i++) expect(children).toContain(`n${i}`)
        ensemble.restart(2)
        await ensemble.converge()
      })
    },
    scenarioTimeoutMs,
  )
})
