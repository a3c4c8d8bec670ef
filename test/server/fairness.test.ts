import { describe, expect, test } from 'vitest'
import { limits } from '../../src/server/limits.ts'
import { Harness } from './client-side-harness.ts'
import { dataOf, type RawClient } from './raw-client.ts'

const largeBytes = 500_000
const large = 'x'.repeat(largeBytes)
/** Reads of the large node that fit one turn's share: the one that passes it is the last. */
const perShare = Math.ceil(limits.turnCostMax / largeBytes)

/** Arrives in the same turn as what others send. */
function deliver(client: RawClient, ...pieces: Buffer[]): void {
  client.connection.handlers?.onData(Buffer.concat(pieces))
}

async function withLargeNode(): Promise<{ harness: Harness; client: () => RawClient }> {
  const harness = await Harness.serving()
  const maker = harness.client()
  maker.ask(maker.create('/large', 0, large), maker.create('/small', 0, 'zero'))
  return { harness, client: () => harness.client() }
}

describe('reads that cost much', () => {
  test('from many connections in one turn -> a share of them in each turn, in the order in which they came', async () => {
    const { harness, client } = await withLargeNode()
    const greedy = Array.from({ length: 30 }, client)
    for (const one of greedy) deliver(one, one.get('/large'))
    const answeredAfter: number[] = []
    const answered = (): number[] =>
      greedy.flatMap((one, i) => (one.connection.received.length > largeBytes ? [i] : []))
    for (let turn = 0; turn < 8 && answered().length < greedy.length; turn++) {
      harness.time.endTurn()
      answeredAfter.push(answered().length)
      // Whoever is answered came before everybody who is not.
      expect(answered()).toEqual(greedy.slice(0, answered().length).map((_, i) => i))
    }
    expect(answered()).toHaveLength(greedy.length)
    // What arrives has a share, and what waited has one at the turn's end.
    const inTurns = answeredAfter.map((count, turn) => count - (answeredAfter[turn - 1] ?? 0))
    expect(Math.max(...inTurns)).toBeLessThanOrEqual(2 * perShare)
    for (const one of greedy) expect(one.connection.paused).toBe(false)
  })

  test('the share is spent -> a ping is answered in this turn, and a small read of another before the second ones of the greedy', async () => {
    const { harness, client } = await withLargeNode()
    const greedy = Array.from({ length: 3 * perShare }, client)
    const [pinging, modest] = [client(), client()]
    for (const one of greedy) deliver(one, one.get('/large'))
    deliver(pinging, pinging.ping())
    deliver(modest, modest.get('/small'))
    for (const one of greedy) deliver(one, one.get('/large'))
    harness.time.endTurn()
    expect(pinging.frames()).toMatchObject([{ xid: -2, error: 0 }])
    const { length } = modest.connection.received
    for (let turn = 0; turn < 20 && modest.connection.received.length === length; turn++)
      harness.time.endTurn()
    expect(modest.frames().map(dataOf)).toEqual(['zero'])
    const answeredTwice = greedy.filter((one) => one.connection.received.length > 2 * largeBytes)
    expect(answeredTwice.length).toBeLessThanOrEqual(perShare)
    harness.time.endTurns()
    for (const one of greedy) expect(one.frames().map(({ error }) => error)).toEqual([0, 0])
  })

  test('the share is spent, and a write is done behind a read that waits -> the read is answered first, and shows what was before', async () => {
    const { harness, client } = await withLargeNode()
    const greedy = Array.from({ length: perShare }, client)
    const writer = client()
    harness.replica.committing = false
    writer.send(
      writer.set('/small', 'one'),
      writer.get('/small'),
      writer.set('/small', 'two'),
      writer.get('/small'),
    )
    for (const one of greedy) deliver(one, one.get('/large'))
    expect(harness.side.turnShare.isSpent).toBe(true)
    harness.commit()
    const frames = writer.frames()
    expect(frames.map(({ error }) => error)).toEqual([0, 0, 0, 0])
    expect([frames[1], frames[3]].map((frame) => frame && dataOf(frame))).toEqual(['one', 'two'])
    expect(writer.connection.closed).toBe(false)
  })

  test('a connection that waits for its turn is closed -> the others go on', async () => {
    const { harness, client } = await withLargeNode()
    const greedy = Array.from({ length: 3 * perShare }, client)
    for (const one of greedy) deliver(one, one.get('/large'))
    for (const one of greedy.slice(perShare, 2 * perShare)) one.connection.destroy()
    harness.time.endTurns()
    for (const one of greedy.slice(2 * perShare)) expect(one.frames()).toMatchObject([{ error: 0 }])
  })
})

describe('writes of many bytes', () => {
  test('one client has much in flight -> it is not read from until half is done; another one writes', async () => {
    const { harness, client } = await withLargeNode()
    const [greedy, modest] = [client(), client()]
    harness.replica.committing = false
    let sent = 0
    while (!greedy.connection.paused && sent < 100) {
      greedy.send(greedy.set('/large', large))
      sent++
    }
    expect(sent).toBe(Math.ceil(limits.connectionInFlightBytesMax / largeBytes))
    modest.send(modest.set('/small', 'one'))
    expect(modest.connection.paused).toBe(false)
    expect(harness.replica.pending).toBe(sent + 1)
    harness.commit(1)
    expect(greedy.connection.paused).toBe(true)
    harness.commit(2)
    expect(greedy.connection.paused).toBe(false)
    harness.commit()
    expect(greedy.frames().map(({ error }) => error)).toEqual(Array.from({ length: sent }, () => 0))
    expect(modest.frames()).toMatchObject([{ error: 0 }])
  })
})
