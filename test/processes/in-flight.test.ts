import { describe, expect, test } from 'vitest'
import { Ensemble } from './harness/ensemble.ts'
import type { EnsembleServer } from './harness/ensemble-server.ts'
import { dataRead, RawClient, versionSet } from './harness/raw-client.ts'
import { serverKind } from './harness/server-kind.ts'
import { until } from './harness/until.ts'

// ZooKeeper's followers close their connections when the leader is gone; that this one's do not is the point here.
describe.skipIf(serverKind.name !== 'Banyan')('in flight when the leader dies', () => {
  test('requests sent while the leader is frozen, then killed -> answered late, in order, once, on the same connection', async () => {
    const { ensemble, leader, client } = await followerClient()
    const before = client.create('/frozen', 'start')
    expect((await client.reply(before)).errorCode).toBe(0)

    leader.child.signal('SIGSTOP')
    const sets = Array.from({ length: 200 }, (_, i) => client.set('/frozen', String(i)))
    const read = client.get('/frozen')
    expect(client.replies).toHaveLength(1)
    await leader.kill()

    const last = await client.reply(read)
    expectPauseOnly(client, [before, ...sets, read])
    expect(versionsSet(client, sets)).toEqual(sets.map((_xid, i) => i + 1))
    expect(dataRead(last)).toBe('199')
    await ensemble.settled()
  })

  test('the leader is killed while answers stream -> each request is done once, whether its answer was under way or not', async () => {
    const { ensemble, leader, client } = await followerClient()
    const before = client.create('/stream', 'start')
    await client.reply(before)
    const sets: number[] = []
    const setOnUntil = async (reached: () => boolean): Promise<void> => {
      await until('answers', () => {
        for (let i = 0; i < 50; i++) sets.push(client.set('/stream', String(sets.length)))
        return reached()
      })
    }
    await setOnUntil(() => client.replies.length > 100)
    const killed = leader.kill()
    await setOnUntil(() => !leader.running)
    await killed
    await client.reply(sets.at(-1) ?? 0)
    expectPauseOnly(client, [before, ...sets])
    expect(versionsSet(client, sets)).toEqual(sets.map((_xid, i) => i + 1))
    await ensemble.settled()
  })

  test('reads, sync and a watch wait or work during the pause -> none fails', async () => {
    const { ensemble, leader, client } = await followerClient()
    const created = client.create('/watched', 'start')
    await client.reply(created)
    leader.child.signal('SIGSTOP')
    const readBefore = client.get('/watched', true)
    await client.reply(readBefore)
    const sync = client.sync('/watched')
    const set = client.set('/watched', 'changed')
    const readBehind = client.get('/watched')
    await leader.kill()
    await client.reply(readBehind)
    expectPauseOnly(client, [created, readBefore, sync, set, readBehind])
    expect(client.events).toHaveLength(1)
    await ensemble.settled()
  })
})

async function followerClient(): Promise<{ ensemble: Ensemble; leader: EnsembleServer; client: RawClient }> {
  const ensemble = await Ensemble.start()
  const leader = await ensemble.settled()
  const follower = ensemble.server(1)
  expect(follower).not.toBe(leader)
  return { ensemble, leader, client: await RawClient.attach(follower.member.clientPort) }
}

function versionsSet(client: RawClient, xids: readonly number[]): number[] {
  const byXid = new Map(client.replies.map((reply) => [reply.xid, reply]))
  return xids.map((xid) => {
    const reply = byXid.get(xid)
    return reply === undefined ? -1 : versionSet(reply)
  })
}

function expectPauseOnly(client: RawClient, xids: readonly number[]): void {
  expect(client.closed).toBe(false)
  expect(client.replies.map((reply) => reply.xid)).toEqual(xids)
  expect(client.replies.filter((reply) => reply.errorCode !== 0)).toEqual([])
  const zxids = client.replies.map((reply) => reply.zxid)
  expect(zxids).toEqual([...zxids].sort((a, b) => Number(a - b)))
}
