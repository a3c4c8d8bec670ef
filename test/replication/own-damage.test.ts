import { describe, expect, test } from 'vitest'
import { StorageError } from '../../src/storage/storage.ts'
import { ReplicaEnsemble } from './replica-ensemble.ts'

/** What is written while a reign ends is not sent again here. */
const untilReign = (ensemble: ReplicaEnsemble, leader: number, servers: number): Promise<void> =>
  ensemble.world.run({
    until: () => ensemble.leader === leader && ensemble.serving.length === servers,
    limitMs: 30_000,
  })

/** Three servers that serve, server 3 leads, and all have taken a snapshot since the first of these texts. */
async function withSnapshots(resync: 'auto' | 'full'): Promise<ReplicaEnsemble> {
  const ensemble = new ReplicaEnsemble(3, { seed: 'own damage' }, { resync })
  const { world, ids } = ensemble
  ensemble.boot(...ids)
  await untilReign(ensemble, 3, 3)
  for (let n = 0; n < 60; n++) await ensemble.writeEverywhere(3)
  await world.run({
    until: () => ids.every((id) => ensemble.member(id).storage.snapshotZxid > 0),
    limitMs: 30_000,
  })
  return ensemble
}

/** The server stops for what was found on its disk, and is brought back without it. */
async function stopsAndComesBack(ensemble: ReplicaEnsemble, id: number, others: number[]): Promise<void> {
  await ensemble.world.run({ until: () => ensemble.stopped.get(id) !== null, limitMs: 30_000 })
  const error = ensemble.stopped.get(id)
  expect(error).toBeInstanceOf(StorageError)
  expect(error).toMatchObject({ code: 'DAMAGED', message: expect.stringMatching(/^data\/h-.*Way out: /) })
  ensemble.crash(id)
  for (const other of others) ensemble.restart(other)
  await ensemble.untilServing(ensemble.ids.filter((other) => other !== id))
  ensemble.wipe(id)
  ensemble.restart(id)
  await untilReign(ensemble, 3, 3)
  await ensemble.writeEverywhere(1)
  ensemble.checkConverged()
}

describe('a history that a server has damaged on its own disk, and is to send', () => {
  test('the snapshot of a leader, for a follower that takes everything -> it stops, the others go on, nothing is lost', async () => {
    const ensemble = await withSnapshots('full')
    ensemble.crash(1)
    ensemble.damage(3, 'snapshot', '"t1"')
    ensemble.restart(1)
    await stopsAndComesBack(ensemble, 3, [])
  })

  test('the log of a leader, for a follower that lacks some of it -> it stops, the others go on, nothing is lost', async () => {
    const ensemble = await withSnapshots('auto')
    ensemble.crash(1)
    ensemble.damage(3, 'log', await ensemble.writeEverywhere(3, [2, 3]))
    ensemble.restart(1)
    await stopsAndComesBack(ensemble, 3, [])
  })

  test('the log of a follower, for the winner of an election that lacks some of it -> it stops, and is not voted with', async () => {
    const ensemble = await withSnapshots('auto')
    ensemble.crash(3)
    await untilReign(ensemble, 2, 2)
    const text = await ensemble.writeEverywhere(2, [1, 2])
    ensemble.crash(2)
    ensemble.damage(1, 'log', text)
    ensemble.restart(3)
    await stopsAndComesBack(ensemble, 1, [2])
  })
})
