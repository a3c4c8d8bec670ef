import { expect, test } from 'vitest'
import { atDepth } from '../depth.ts'
import { Ensemble } from './harness/ensemble.ts'
import { serverKind } from './harness/server-kind.ts'
import { differences, treeOn } from './harness/tree-on.ts'
import { until } from './harness/until.ts'
import { Writer } from './writer.ts'

const kills = atDepth(5, 10)
/** Written between two events, so that each one comes in the middle of writes. */
const writesBetween = 60

test('nothing lost: the leader is killed again and again under writes -> every acknowledged write is on every server, once', async () => {
  const ensemble = await Ensemble.start()
  const writers = await startWriters(ensemble)
  const running = Promise.all(writers.map((writer) => writer.run()))
  const leaders: number[] = []
  for (let i = 0; i < kills; i++) {
    await moreWrites(writers)
    const leader = await ensemble.settled()
    leaders.push(leader.id)
    await leader.kill()
    await moreWrites(writers)
    leader.start()
    await leader.serves()
  }
  for (const writer of writers) writer.stop()
  await running
  expect(leaders).toHaveLength(kills)
  await ensemble.settled()
  await expectSameTreeWithAllOf(ensemble, writers)
}, 120_000)

test('nothing lost: all three servers are killed at once under writes -> all that was acknowledged is there after the restart', async () => {
  const ensemble = await Ensemble.start()
  const writers = await startWriters(ensemble)
  const running = Promise.all(writers.map((writer) => writer.run()))
  for (let i = 0; i < 2; i++) {
    await moreWrites(writers)
    await ensemble.killAll()
    await ensemble.startAll()
    await moreWrites(writers)
  }
  for (const writer of writers) writer.stop()
  await running
  await expectSameTreeWithAllOf(ensemble, writers)
}, 120_000)

async function startWriters(ensemble: Ensemble): Promise<Writer[]> {
  const clients = await Promise.all([ensemble.client(), ensemble.client(), ensemble.client()])
  const writers = clients.map((client, i) => new Writer(client, `/writer-${i}`))
  await Promise.all(writers.map((writer) => writer.prepare()))
  return writers
}

/** Until every one of them got on. */
async function moreWrites(writers: readonly Writer[]): Promise<void> {
  for (const writer of writers) writer.createsLeft = writesBetween
  const before = writers.map((writer) => writer.acknowledged)
  await until('every writer to get on', () =>
    writers.every((writer, i) => writer.acknowledged >= (before[i] ?? 0) + writesBetween),
  )
}

async function expectSameTreeWithAllOf(ensemble: Ensemble, writers: readonly Writer[]): Promise<void> {
  const [first, ...others] = await Promise.all(ensemble.servers.map(treeOn))
  if (first === undefined) throw new Error('no server')
  for (const tree of others) expect(differences(first, tree)).toEqual([])
  for (const { folder, created, failures, setsAcknowledged } of writers) {
    const lost = [...created].filter(([data, path]) => first.get(path)?.data !== data)
    expect(lost).toEqual([])
    const prefix = `${folder}/n-`
    const present = [...first.keys()].filter((path) => path.startsWith(prefix))
    const setsDone = first.get(`${folder}/set`)?.stat.version ?? -1
    // Its sessions take every write exactly once, so that our client never has to tell of one whose outcome it does not know.
    if (serverKind.name === 'Banyan') expect(failures).toEqual([])
    // A write whose answer was lost and that failed may have been done or not; any other was done exactly once.
    expect(present.length).toBeGreaterThanOrEqual(created.size)
    expect(setsDone).toBeGreaterThanOrEqual(setsAcknowledged)
    expect(present.length + setsDone).toBeLessThanOrEqual(created.size + setsAcknowledged + failures.length)
  }
}
