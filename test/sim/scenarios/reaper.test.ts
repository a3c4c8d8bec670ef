import { describe, expect, it } from 'vitest'
import type { SimEnsemble } from '../../../src/sim/sim-ensemble.ts'
import { ErrorCode } from '../../../src/wire/error-codes.ts'
import { OpCode } from '../../../src/wire/opcodes.ts'
import { atDepth } from '../../depth.ts'
import { AskingClient } from './asking-client.ts'
import { forSeeds, scenarioTimeoutMs } from './for-seeds.ts'

/** It looks so often that it meets the clients in every state. */
const options = {
  servers: 3,
  network: { delayMinUs: 500, delayMaxUs: 4000 },
  config: { reapIntervalMs: 10, reapedPerMinuteMax: 1_000_000, neverUsedContainerMs: 2000 },
}
const emptyNodes = 5

/** Ends when `stop` says so; whatever it throws fails the run. */
type Work = (client: AskingClient, name: string, stop: () => boolean) => Promise<number>

/**
 * Fills a container and empties it, again and again. It may go whenever it is empty; an answered child is there until its
 * maker deletes it. Returns how often the container was gone.
 */
const useContainer: Work = async (client, name, stop) => {
  let gone = 0
  while (!stop()) {
    const filled = await client.create(`/${name}/x`)
    if (filled === ErrorCode.noNode) {
      gone++
      const made = await client.container(`/${name}`)
      if (made !== 0) throw new Error(`${name}: container: ${made}`)
      continue
    }
    if (filled !== 0) throw new Error(`${name}: child: ${filled}`)
    const seen = await client.exists(`/${name}/x`)
    if (seen !== 0) throw new Error(`${name}: an answered child is gone: ${seen}`)
    const deleted = await client.delete(`/${name}/x`)
    if (deleted !== 0) throw new Error(`${name}: delete: ${deleted}`)
  }
  return gone
}

/** Sets the data of a node with a time to live of 60 s, far beyond any pause: it must stay. Returns how often. */
const refreshTtl: Work = async (client, name, stop) => {
  const made = await client.create(`/${name}`, OpCode.createTtl, 5, 60_000)
  if (made !== 0) throw new Error(`${name}: ${made}`)
  let refreshed = 0
  while (!stop()) {
    const set = await client.set(`/${name}`)
    if (set !== 0) throw new Error(`${name}: a refreshed node is gone: ${set}`)
    refreshed++
  }
  return refreshed
}

/** Makes nodes with a time to live of 20 ms. Returns how many. */
const leaveTtl: Work = async (client, name, stop) => {
  let left = 0
  for (; !stop(); left++) {
    const made = await client.create(`/${name}-${left}`, OpCode.createTtl, 5, 20)
    if (made !== 0) throw new Error(`${name}: ${made}`)
  }
  return left
}

async function run(ensemble: SimEnsemble, meanwhile: () => Promise<void>): Promise<number[]> {
  let stopped = false
  const stop = () => stopped
  const working: Promise<number>[] = []
  for (const [i, work] of [useContainer, useContainer, refreshTtl, leaveTtl].entries()) {
    const client = await AskingClient.connect(ensemble, 1 + (i % 2), `asker-${i}`)
    working.push(work(client, `w${i}`, stop))
  }
  const all = Promise.all(working)
  await meanwhile()
  stopped = true
  return ensemble.world.settle(all, 120_000)
}

async function untilOnlyIsLeft(ensemble: SimEnsemble, nodes: number): Promise<void> {
  const done = () => ensemble.running.every((id) => ensemble.server(id).status().nodes === nodes)
  await ensemble.world.run({ until: done, limitMs: 120_000 })
}

const seeds = atDepth(8, 25)

describe('reaper', () => {
  it(
    'containers filled and emptied, nodes refreshed, while it looks and the leader is killed -> nothing in use goes, all else does',
    async () => {
      let gone = 0
      let left = 0
      await forSeeds(seeds, options, async (ensemble) => {
        ensemble.start()
        await ensemble.untilLeader(3)
        await ensemble.untilServing()
        const counts = await run(ensemble, async () => {
          await ensemble.world.runFor(500)
          ensemble.crash(3)
          await ensemble.untilLeader(2)
          await ensemble.untilServing(1, 2)
          await ensemble.world.runFor(500)
          ensemble.restart(3)
          await ensemble.untilLeader(3)
          await ensemble.untilServing()
          await ensemble.world.runFor(500)
        })
        expect(counts[2]).toBeGreaterThan(20)
        gone += (counts[0] ?? 0) + (counts[1] ?? 0)
        left += counts[3] ?? 0
        // The containers that were used, every short-lived node; the refreshed one has most of its time before it.
        await untilOnlyIsLeft(ensemble, emptyNodes + 1)
        await ensemble.converge()
        await ensemble.world.runFor(61_000)
        await untilOnlyIsLeft(ensemble, emptyNodes)
        await ensemble.converge()
      })
      expect(gone).toBeGreaterThan(20 * seeds)
      expect(left).toBeGreaterThan(40 * seeds)
    },
    scenarioTimeoutMs,
  )

  it(
    'the leader’s wall clock jumps a year ahead -> no container with a child goes; a node with a time to live does',
    async () => {
      await forSeeds(5, options, async (ensemble) => {
        ensemble.start()
        await ensemble.untilLeader(3)
        await ensemble.untilServing()
        const client = await AskingClient.connect(ensemble, 1, 'asker')
        const { world } = ensemble
        const all = Promise.all([
          client.container('/used'),
          client.create('/used/x'),
          client.container('/never'),
          client.create('/ttl', OpCode.createTtl, 5, 60_000),
        ])
        expect(await world.settle(all)).toEqual([0, 0, 0, 0])
        await world.runFor(1000)
        const look = () =>
          Promise.all(['/used', '/used/x', '/never', '/ttl'].map((path) => client.exists(path)))
        expect(await world.settle(look())).toEqual([0, 0, 0, 0])
        ensemble.host(3).jumpWallClock(365 * 24 * 3_600_000)
        await untilOnlyIsLeft(ensemble, emptyNodes + 2)
        expect(await world.settle(look())).toEqual([0, 0, -101, -101])
      })
    },
    scenarioTimeoutMs,
  )
})
