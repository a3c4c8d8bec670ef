import { describe, expect, it } from 'vitest'
import type { Client } from '../../../src/client/client.ts'
import { ZkError } from '../../../src/client/zk-error.ts'
import type { Random } from '../../../src/runtime/random.ts'
import type { SimEnsemble } from '../../../src/sim/sim-ensemble.ts'
import { atDepth } from '../../depth.ts'
import { forSeeds, scenarioTimeoutMs } from './for-seeds.ts'
import { Trouble } from './trouble.ts'

const nodesMax = 12
const bytesMax = 150

/** Snapshots come often, so that servers start from them, and are sent them. */
const options = {
  servers: 3,
  network: { delayMinUs: 500, delayMaxUs: 4000 },
  config: { snapCount: 40, enforceQuota: true },
}

/** Whatever may go wrong for one of several clients at work on the same few nodes. */
const expected = [
  'noNode',
  'nodeExists',
  'quotaExceeded',
  'connectionLoss',
  'sessionExpired',
  'closing',
] as const

async function doSomething(client: Client, random: Random): Promise<void> {
  const path = `/work/n${random.below(2 * nodesMax)}`
  const data = 'x'.repeat(random.below(20))
  switch (random.below(5)) {
    case 0:
      await client.create(path, data, { ephemeral: true })
      return
    case 1:
      await client.delete(path)
      return
    case 2:
      await client.set(path, data)
      return
    case 3:
      await client
        .transaction()
        .check('/work')
        .create(path)
        .delete(`/work/n${random.below(nodesMax)}`)
        .commit()
      return
    default:
      await client.create(path, data)
  }
}

/** Returns how many writes the quota has refused. */
async function work(ensemble: SimEnsemble, name: string, stop: () => boolean): Promise<number> {
  const random = ensemble.world.random.fork(name)
  let client = ensemble.client({ sessionTimeoutMs: 5_000 })
  await client.connect({ timeoutMs: 60_000 })
  let refused = 0
  while (!stop()) {
    try {
      await doSomething(client, random)
      if (random.below(30) > 0) continue
      // Its ephemeral nodes go with it.
      await client.close()
      client = ensemble.client({ sessionTimeoutMs: 5_000 })
      await client.connect({ timeoutMs: 60_000 })
    } catch (error) {
      if (!expected.some((name) => ZkError.is(error, name))) throw error
      if (ZkError.is(error, 'quotaExceeded')) refused++
      if (!ZkError.is(error, 'sessionExpired')) continue
      client = ensemble.client({ sessionTimeoutMs: 5_000 })
      await client.connect({ timeoutMs: 60_000 })
    }
  }
  await client.close().catch(() => {})
  return refused
}

/** What each server says there is, and what there is. */
async function countsOf(ensemble: SimEnsemble, id: number): Promise<{ said: unknown; found: unknown }> {
  const { world } = ensemble
  const client = await ensemble.connectedClient({ servers: [id] })
  const quota = await world.settle(client.getQuota('/work'))
  let count = 1
  let bytes = 0
  for (const name of await world.settle(client.getChildren('/work'))) {
    const node = await world.settle(client.get(`/work/${name}`))
    count++
    bytes += node.data?.length ?? 0
  }
  await world.settle(client.close())
  return { said: quota?.usage, found: { count, bytes } }
}

describe('quotas', () => {
  it(
    'crashes, lost disks, snapshots and ending sessions under writes -> every server counts what there is, within the limits',
    async () => {
      let refused = 0
      await forSeeds(atDepth(7, 20), options, async (ensemble) => {
        ensemble.start()
        await ensemble.untilServing()
        const owner = await ensemble.connectedClient({ sessionTimeoutMs: 20_000 })
        await ensemble.world.settle(owner.create('/work'))
        await ensemble.world.settle(owner.setQuota('/work', { countHard: nodesMax, bytesHard: bytesMax }))
        let stopped = false
        const working = Promise.all(['w1', 'w2', 'w3'].map((name) => work(ensemble, name, () => stopped)))
        const trouble = new Trouble(ensemble)
        await trouble.run(10, 800)
        await trouble.end()
        stopped = true
        for (const one of await ensemble.world.settle(working, 120_000)) refused += one
        await ensemble.converge()
        for (const id of ensemble.ids) {
          const { said, found } = await countsOf(ensemble, id)
          expect(said).toEqual(found)
          expect(found).toMatchObject({ count: expect.toSatisfy((count: number) => count <= nodesMax) })
          expect(found).toMatchObject({ bytes: expect.toSatisfy((bytes: number) => bytes <= bytesMax) })
        }
      })
      expect(refused).toBeGreaterThan(100)
    },
    scenarioTimeoutMs,
  )
})
