import { describe, expect, it } from 'vitest'
import type { Client } from '../../../src/client/index.ts'
import type { SimEnsemble } from '../../../src/sim/sim-ensemble.ts'
import { atDepth } from '../../depth.ts'
import { forSeeds, scenarioTimeoutMs } from './for-seeds.ts'

const seeds = atDepth(6, 20)
const hourMs = 3_600_000
const options = { servers: 3, network: { delayMinUs: 500, delayMaxUs: 4000 } }

interface Kept {
  readonly client: Client
  readonly path: string
  readonly expired: string[]
}

/** One client on each server, with a short session and an ephemeral node. */
async function clientsOf(ensemble: SimEnsemble, sessionTimeoutMs: number): Promise<Kept[]> {
  ensemble.start()
  await ensemble.untilServing()
  const kept: Kept[] = []
  for (const id of ensemble.ids) {
    // It knows all servers and begins with this one.
    const servers = [id, ...ensemble.ids.filter((other) => other !== id)]
    const client = await ensemble.connectedClient({ servers, sessionTimeoutMs })
    const expired: string[] = []
    client.on('state', (state) => {
      if (state === 'expired') expired.push(`client ${id} at ${ensemble.world.nowMs} ms`)
    })
    await ensemble.world.settle(client.create(`/e${id}`, '', { ephemeral: true }))
    kept.push({ client, path: `/e${id}`, expired })
  }
  return kept
}

/** Every session lives, its node stands, and it can write. */
async function expectAlive(ensemble: SimEnsemble, kept: readonly Kept[]): Promise<void> {
  for (const { client, path, expired } of kept) {
    await ensemble.world.settle(client.set(path, 'still here'), 30_000)
    expect(expired).toEqual([])
  }
  await ensemble.converge()
  for (const id of ensemble.running) expect(ensemble.server(id).status().sessions).toBe(kept.length)
}

describe('session time', () => {
  for (const [direction, byMs] of [
    ['forward', 24 * hourMs],
    ['backward', -24 * hourMs],
  ] as const) {
    it(
      `the wall clocks of leader and followers jump ${direction}, one by one -> nobody expires`,
      async () => {
        await forSeeds(seeds, options, async (ensemble) => {
          const kept = await clientsOf(ensemble, 2000)
          for (const id of [ensemble.leader, ...ensemble.ids.filter((id) => id !== ensemble.leader)]) {
            ensemble.host(id).jumpWallClock(byMs)
            await ensemble.world.runFor(3000)
          }
          await expectAlive(ensemble, kept)
        })
      },
      scenarioTimeoutMs,
    )

    it(
      `the wall clock of a leader jumps ${direction}, and it dies -> the next one expires nobody`,
      async () => {
        await forSeeds(seeds, options, async (ensemble) => {
          const kept = await clientsOf(ensemble, 4000)
          ensemble.host(ensemble.leader).jumpWallClock(byMs)
          await ensemble.world.runFor(1000)
          const gone = ensemble.leader
          ensemble.crash(gone, 'process')
          await ensemble.world.runFor(3000)
          ensemble.restart(gone)
          await ensemble.untilServing()
          await ensemble.world.runFor(3000)
          await expectAlive(ensemble, kept)
        })
      },
      scenarioTimeoutMs,
    )
  }

  it(
    'a leader is frozen for longer than all timeouts, and another one is elected -> nobody expires, also when it wakes',
    async () => {
      await forSeeds(seeds, options, async (ensemble) => {
        const kept = await clientsOf(ensemble, 4000)
        const frozen = ensemble.leader
        ensemble.host(frozen).freeze()
        await ensemble.world.runFor(15_000)
        ensemble.host(frozen).thaw()
        await ensemble.untilServing()
        await ensemble.world.runFor(5000)
        await expectAlive(ensemble, kept)
      })
    },
    scenarioTimeoutMs,
  )

  it(
    'all servers are frozen for longer than all timeouts, as when their machine sleeps -> nobody expires',
    async () => {
      await forSeeds(seeds, options, async (ensemble) => {
        const kept = await clientsOf(ensemble, 4000)
        for (const id of ensemble.ids) ensemble.host(id).freeze()
        await ensemble.world.runFor(60_000)
        for (const id of ensemble.ids) ensemble.host(id).thaw()
        await ensemble.untilServing()
        await ensemble.world.runFor(5000)
        await expectAlive(ensemble, kept)
      })
    },
    scenarioTimeoutMs,
  )

  it(
    'a server alone is frozen again and again, each time for longer than all timeouts -> nobody expires',
    async () => {
      await forSeeds(seeds, { ...options, servers: 1 }, async (ensemble) => {
        const kept = await clientsOf(ensemble, 4000)
        for (let i = 0; i < 4; i++) {
          ensemble.host(1).freeze()
          await ensemble.world.runFor(6000)
          ensemble.host(1).thaw()
          await ensemble.world.runFor(1500)
        }
        await expectAlive(ensemble, kept)
      })
    },
    scenarioTimeoutMs,
  )

  it(
    'a client is gone for good, on a server whose clock jumps -> its session still expires within two ticks of its timeout',
    async () => {
      await forSeeds(seeds, options, async (ensemble) => {
        const kept = await clientsOf(ensemble, 4000)
        for (const id of ensemble.ids) ensemble.host(id).jumpWallClock(id * hourMs)
        ensemble.world.host('c1').crash()
        await ensemble.world.runFor(3500)
        expect(ensemble.server(ensemble.leader).status().sessions).toBe(3)
        await ensemble.world.runFor(2500)
        await expectAlive(ensemble, kept.slice(1))
      })
    },
    scenarioTimeoutMs,
  )

  it(
    'a write is answered, and server and client die at once -> the session lives its timeout, counted from the write',
    async () => {
      await forSeeds(seeds, options, async (ensemble) => {
        const { world } = ensemble
        const kept = await clientsOf(ensemble, 2000)
        const id = ensemble.ids.find((server) => server !== ensemble.leader) ?? 0
        const { client, path } = kept[ensemble.ids.indexOf(id)] as Kept
        // Silent but for its pings: the last touch may be long ago.
        await world.runFor(1000 + world.random.below(1000))
        const calledMs = world.nowMs
        await world.settle(client.set(path, 'x'))
        ensemble.crash(id, 'process')
        world.host(`c${id}`).crash()
        await world.run({ untilMs: calledMs + 1999 })
        expect(ensemble.server(ensemble.leader).status().sessions).toBe(kept.length)
      })
    },
    scenarioTimeoutMs,
  )
})
