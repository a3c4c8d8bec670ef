import { describe, expect, test } from 'vitest'
import type { Client } from '../../src/client/index.ts'
import { Ensemble, type EnsembleOptions } from './harness/ensemble.ts'
import type { EnsembleServer } from './harness/ensemble-server.ts'
import { dataRead, RawClient } from './harness/raw-client.ts'
import { serverKind } from './harness/server-kind.ts'
import { until } from './harness/until.ts'

/** What an ensemble has whose file names no settings. */
const defaults: EnsembleOptions = {
  settings: { tickTime: 2000, initLimit: 10, syncLimit: 5, peerTimeout: 1000 },
}

/** The silence that counts as failure, a heartbeat or two, an election, a discovery, and a write. */
const writesBackMsMax = 1500
/** As often as it takes until so many were short enough: a machine that is busy with other tests holds some of them up. */
const shortPausesMin = 2
const freezesMax = 6

describe.skipIf(serverKind.name !== 'Banyan')('frozen leader', () => {
  test('stopped in its tracks, again and again -> writes are back within 1.5 s, with default settings', async () => {
    const ensemble = await Ensemble.start(defaults)
    const pausesMs: number[] = []
    const short = (): number[] => pausesMs.filter((ms) => ms < writesBackMsMax)
    while (short().length < shortPausesMin && pausesMs.length < freezesMax) {
      const leader = await ensemble.settled()
      const [follower] = ensemble.others(leader)
      if (follower === undefined) throw new Error('no follower')
      const client = await ensemble.client({ servers: follower.address })
      await client.set('/', 'before')
      leader.freeze()
      const startMs = performance.now()
      await client.set('/', 'after')
      pausesMs.push(performance.now() - startMs)
      await client.close()
      leader.thaw()
      // It takes the lead back, so that the next freeze finds the same sight.
      await ensemble.ledBy(leader.id)
    }
    expect(short().length, `pauses of ${pausesMs.map(Math.round).join(', ')} ms`).toBe(shortPausesMin)
    // It was the silence that counted, nothing quicker: else this is no frozen leader.
    expect(Math.min(...pausesMs)).toBeGreaterThan(500)
  }, 120_000)

  test('thawed under a new reign -> what reached it meanwhile gets no answer of the old one, and it rejoins', async () => {
    const ensemble = await Ensemble.start(defaults)
    const old = await ensemble.settled()
    const [follower] = ensemble.others(old)
    if (follower === undefined) throw new Error('no follower')
    const client = await ensemble.client({ servers: follower.address })
    await client.create('/read', 'old')
    await client.create('/written', 'old')
    const readers = await Promise.all([1, 2, 3, 4].map(() => RawClient.attach(old.member.clientPort)))
    const writers = await Promise.all([1, 2, 3, 4].map(() => RawClient.attach(old.member.clientPort)))
    old.freeze()
    await client.set('/read', 'new')

    // Its system takes these bytes for it, so that they are the first that it sees when it wakes.
    for (const reader of readers) reader.sync('/read')
    const reads = readers.map((reader) => [reader, reader.get('/read')] as const)
    const writes = writers.map((writer, i) => [writer, writer.set('/written', `ghost ${i}`), i] as const)
    old.thaw()

    for (const [reader, xid] of reads) {
      const reply = await answerOf(reader, xid)
      if (reply !== null) expect(dataRead(reply)).toBe('new')
    }
    const acknowledged: number[] = []
    for (const [writer, xid, i] of writes) {
      const reply = await answerOf(writer, xid)
      if (reply?.errorCode === 0) acknowledged.push(i)
    }
    await expectAcknowledgedByTheNewReign(client, acknowledged)
    await expectRejoined(ensemble, old)
  }, 60_000)
})

/** The reply, or null when the connection was closed instead. */
async function answerOf(client: RawClient, xid: number) {
  return until('an answer or the end', () => {
    const reply = client.replies.find((candidate) => candidate.xid === xid)
    if (reply !== undefined) return { reply }
    return client.closed ? { reply: null } : null
  }).then(({ reply }) => reply)
}

/** Each acknowledged set is one version of the node: there are at least as many as there were acknowledgements. */
async function expectAcknowledgedByTheNewReign(client: Client, acknowledged: readonly number[]) {
  await client.sync('/written')
  const { data, stat } = await client.get('/written')
  expect(stat.version).toBeGreaterThanOrEqual(acknowledged.length)
  if (acknowledged.length > 0) expect(data?.toString()).toMatch(/^ghost \d$/)
}

async function expectRejoined(ensemble: Ensemble, old: EnsembleServer): Promise<void> {
  await ensemble.settled()
  const there = await ensemble.client({ servers: old.address })
  await there.sync('/')
  expect((await there.get('/read')).data?.toString()).toBe('new')
  await there.set('/read', 'newer')
}
