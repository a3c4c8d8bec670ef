import { describe, expect, test } from 'vitest'
import { ReplicaEnsemble } from './replica-ensemble.ts'

const leader = 3
const writes = 200

/** Three servers, of which the highest leads; what `count` counts is how many batches the leader has logged. */
async function threeServers(seed: number) {
  const ensemble = new ReplicaEnsemble(3, { seed })
  ensemble.boot(...ensemble.ids)
  await ensemble.untilServing()
  const { storage } = ensemble.member(leader)
  const append = storage.append.bind(storage)
  let batches = 0
  storage.append = (records, lastZxid, settled) => {
    batches++
    append(records, lastZxid, settled)
  }
  return { ensemble, batches: () => batches }
}

describe('group commit by the leader', () => {
  test('requests come faster than its disk writes -> they gather into batches, and all are applied', async () => {
    const { ensemble, batches } = await threeServers(1)
    // A tenth of a millisecond between two requests, and about twenty times as long for every sync.
    for (const id of ensemble.ids) ensemble.host(id).diskSlowness = 20
    const texts: string[] = []
    for (let k = 0; k < writes; k++) {
      texts.push(ensemble.write(1 + (k % 3)))
      await ensemble.world.runFor(0.1)
    }
    const everywhere = (): boolean =>
      ensemble.ids.every((id) => texts.every((text) => ensemble.has(id, text)))
    await ensemble.world.run({ until: everywhere, limitMs: 5000 })
    expect(batches()).toBeLessThan(writes / 5)
    expect(batches()).toBeGreaterThan(0)
    ensemble.checkConverged()
  })

  test('its disk is at rest -> a request is proposed at once, alone', async () => {
    const { ensemble, batches } = await threeServers(2)
    for (let k = 0; k < 5; k++) await ensemble.writeEverywhere(1 + (k % 3))
    expect(batches()).toBe(5)
  })

  test('its own disk is far slower than the others -> a commit by their quorum ends the wait', async () => {
    const { ensemble } = await threeServers(3)
    ensemble.host(leader).diskSlowness = 10_000
    const { nowMs } = ensemble.world
    for (let k = 0; k < 5; k++) await ensemble.writeEverywhere(1, [1, 2])
    expect(ensemble.world.nowMs - nowMs).toBeLessThan(100)
    expect(ensemble.member(leader).storage.durableZxid).toBeLessThan(ensemble.member(1).storage.durableZxid)
  })
})
