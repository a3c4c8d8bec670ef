import { describe, expect, test } from 'vitest'
import { Harness } from './client-side-harness.ts'
import { connectBody, dataOf, frameOf } from './raw-client.ts'

/** Everything that is applied there from now on. */
function recordApplied(harness: Harness): { zxid: number; bytes: Buffer }[] {
  const applied: { zxid: number; bytes: Buffer }[] = []
  const { tree } = harness.side
  const apply = tree.apply.bind(tree)
  tree.apply = (zxid, records, start, end) => {
    applied.push({ zxid, bytes: Buffer.from(records.subarray(start, end)) })
    apply(zxid, records, start, end)
  }
  return applied
}

/**
 * Another server with the state of `here`, which has become the leader: it does what `here` sends from now on, and no
 * answer gets back.
 */
class Elsewhere {
  readonly #here: Harness
  readonly #there: Harness
  readonly #sentBefore: number

  static async ofNow(here: Harness): Promise<Elsewhere> {
    const there = await Harness.start({ serverId: 2 })
    await there.load(here.side.state.lastApplied, await here.snapshot())
    there.replica.epoch = here.replica.epoch
    there.replica.lead()
    there.replica.losing = true
    here.replica.losing = true
    return new Elsewhere(here, there)
  }

  private constructor(here: Harness, there: Harness) {
    this.#here = here
    this.#there = there
    this.#sentBefore = here.replica.sent.length
  }

  /** Does all that was sent. `here` finds its next leader, has the first batches by snapshot and the rest by the log. */
  async doAll(batchesBySnapshot: number): Promise<void> {
    const here = this.#here
    const there = this.#there
    const sent = here.replica.sent.slice(this.#sentBefore)
    for (const requests of sent.slice(0, batchesBySnapshot)) there.replica.execute(1, requests)
    const zxid = there.side.state.lastApplied
    const snapshot = await there.snapshot()
    const behind = recordApplied(there)
    for (const requests of sent.slice(batchesBySnapshot)) there.replica.execute(1, requests)
    here.replica.adrift()
    await here.load(zxid, snapshot)
    for (const txn of behind) here.side.tree.apply(txn.zxid, txn.bytes, 0, txn.bytes.length)
    here.replica.epoch = there.replica.epoch
    here.replica.losing = false
    here.replica.lead()
    here.time.endTurns()
  }
}

describe('in flight across leaders', () => {
  test('what was lost on its way is sent again, in order, and answered on the same connection', async () => {
    const harness = await Harness.serving()
    const client = harness.client()
    client.ask(client.create('/a', 0, 'zero'))
    harness.replica.losing = true
    client.send(client.set('/a', 'one'), client.get('/a'))
    client.send(client.set('/a', 'two'), client.get('/a'))
    harness.replica.adrift()
    harness.replica.losing = false
    client.send(client.set('/a', 'three'), client.get('/a'))
    expect(client.frames()).toEqual([])
    harness.replica.lead()
    harness.time.endTurns()
    const frames = client.frames()
    expect(frames.map(({ xid, error }) => [xid, error])).toEqual([2, 3, 4, 5, 6, 7].map((xid) => [xid, 0]))
    expect([frames[1], frames[3], frames[5]].map(dataOf)).toEqual(['one', 'two', 'three'])
  })

  test('what was proposed but not committed is sent again and done once', async () => {
    const harness = await Harness.serving()
    const client = harness.client()
    harness.replica.committing = false
    client.send(client.create('/a'), client.create('/b'))
    harness.commit(1)
    harness.replica.adrift()
    harness.replica.committing = true
    harness.replica.lead()
    harness.time.endTurns()
    expect(client.frames()).toMatchObject([
      { xid: 1, error: 0 },
      { xid: 2, error: 0 },
    ])
  })

  test('a leader that gets the same requests twice -> does them once', async () => {
    const harness = await Harness.serving()
    const client = harness.client()
    client.ask(client.create('/a'), client.set('/a', 'x'))
    const before = harness.side.state.lastApplied
    for (const requests of harness.replica.sent) harness.replica.execute(1, requests)
    expect(harness.side.state.lastApplied).toBe(before)
  })

  test('the client gives up on a server without a leader, and writes elsewhere -> what it asked for here is not done later', async () => {
    const harness = await Harness.serving()
    const client = harness.client()
    const other = harness.client()
    client.ask(client.create('/x', 0, 'zero'), client.create('/leaving', 1))
    const leaving = harness.client()
    harness.replica.losing = true
    client.send(client.set('/x', 'one'))
    other.send(other.create('/other'))
    leaving.send(leaving.close())
    harness.replica.adrift()
    client.send(client.set('/x', 'stale'))
    client.connection.handlers?.onClose()
    leaving.connection.handlers?.onClose()
    harness.replica.losing = false
    harness.replica.lead()
    harness.time.endTurns()
    expect(other.frames()).toMatchObject([{ xid: 1, error: 0 }])
    expect(other.ask(other.get('/x')).map(dataOf)).toEqual(['zero'])
    expect(harness.side.inFlight.count).toBe(0)
    expect(harness.side.state.sessions.size).toBe(2)
  })

  test('while there is no leader -> reads go on, writes wait', async () => {
    const harness = await Harness.serving()
    const client = harness.client()
    harness.replica.adrift()
    expect(client.ask(client.exists('/'))).toMatchObject([{ error: 0 }])
    expect(client.ask(client.create('/a'), client.exists('/a'))).toEqual([])
    harness.replica.lead()
    harness.time.endTurns()
    expect(client.frames()).toMatchObject([{ error: 0 }, { error: 0 }])
  })

  test('no leader for syncLimit -> connections are closed; a leader in time -> none is', async () => {
    const harness = await Harness.serving()
    const client = harness.client()
    harness.replica.adrift()
    harness.time.pass(4999)
    harness.replica.lead()
    harness.time.pass(2000)
    expect(client.connection.closed).toBe(false)
    harness.replica.adrift()
    harness.time.pass(4999)
    expect(client.connection.closed).toBe(false)
    harness.time.pass(1)
    expect(client.connection.ended).toBe('orderly')
  })

  test('this server led too few for syncLimit, and resigns -> connections are closed at once', async () => {
    const harness = await Harness.serving()
    const client = harness.client()
    harness.replica.adrift(5000)
    harness.time.pass(1)
    expect(client.connection.ended).toBe('orderly')
  })

  test('the creation of a session is in flight when the leader dies -> created under the next, once', async () => {
    const harness = await Harness.serving()
    harness.replica.losing = true
    const client = harness.dial()
    client.send(frameOf(connectBody()))
    harness.replica.adrift()
    harness.replica.losing = false
    harness.replica.lead()
    harness.time.endTurns()
    expect(client.connectAnswer().sessionId).toBe(harness.side.state.lastApplied)
    expect(harness.side.state.sessions.size).toBe(1)
  })

  test('done elsewhere, the state came by snapshot -> plain sessions lose the connection, exactly-once ones get the kept answer', async () => {
    const harness = await Harness.serving()
    const plain = harness.client()
    const once = harness.client({ exactlyOnceWindow: 16 })
    const idle = harness.client()
    const elsewhere = await Elsewhere.ofNow(harness)
    plain.send(plain.create('/plain'))
    once.send(once.create('/once'), once.create('/plain'), once.get('/once'))
    await elsewhere.doAll(2)
    expect(plain.connection.closed).toBe(true)
    expect(plain.frames()).toEqual([])
    expect(once.frames()).toMatchObject([
      { xid: 1, error: 0 },
      { xid: 2, error: -110 },
      { xid: 3, error: 0 },
    ])
    expect(idle.connection.closed).toBe(false)
    expect(idle.ask(idle.set('/once', 'x'))).toMatchObject([{ error: 0 }])
  })

  test.each([
    ['all came by snapshot', 3],
    ['the first came by snapshot, the rest in the log behind it', 1],
  ])(
    'a read between two writes, both done elsewhere, %s -> it is not answered with the later one: the connection ends',
    async (_how, batchesBySnapshot) => {
      const harness = await Harness.serving()
      const once = harness.client({ exactlyOnceWindow: 16 })
      const elsewhere = await Elsewhere.ofNow(harness)
      once.send(once.create('/a', 0, 'before'))
      once.send(once.get('/a'), once.set('/a', 'later'))
      once.send(once.get('/a'), once.set('/a', 'last'))
      await elsewhere.doAll(batchesBySnapshot)
      expect(once.frames()).toMatchObject([{ xid: 1, error: 0 }])
      expect(once.connection.closed).toBe(true)
    },
  )

  test('done elsewhere, some by snapshot and the rest in the log behind it -> each answered once, nothing breaks', async () => {
    const harness = await Harness.serving()
    const plain = harness.client()
    const once = harness.client({ exactlyOnceWindow: 16 })
    const elsewhere = await Elsewhere.ofNow(harness)
    once.send(once.create('/once'))
    plain.send(plain.create('/plain'))
    once.send(once.create('/plain'))
    await elsewhere.doAll(1)
    expect(plain.frames()).toMatchObject([{ xid: 1, error: 0 }])
    expect(once.frames()).toMatchObject([
      { xid: 1, error: 0 },
      { xid: 2, error: -110 },
    ])
    expect(plain.ask(plain.get('/once'))).toMatchObject([{ error: 0 }])
  })

  test('the whole history is replayed from the beginning -> nothing is answered or told a second time', async () => {
    const harness = await Harness.start()
    const history = recordApplied(harness)
    harness.replica.lead()
    const client = harness.client()
    client.ask(client.create('/a'), client.set('/a', 'x'), client.delete('/a'), client.create('/a'))
    client.ask(client.get('/a', true), client.children('/', true))
    const digest = harness.side.state.digest()
    harness.replica.adrift()
    harness.side.tree.reset()
    for (const txn of [...history]) harness.side.tree.apply(txn.zxid, txn.bytes, 0, txn.bytes.length)
    harness.replica.lead()
    harness.time.endTurns()
    expect(harness.side.state.digest()).toBe(digest)
    expect(client.connection.closed).toBe(false)
    expect(client.frames()).toEqual([])
    expect(client.ask(client.set('/a', 'y')).map(({ xid }) => xid)).toEqual([-1, 7])
  })

  test('a restarted process -> numbers under a later incarnation, also when the clock went back', async () => {
    const harness = await Harness.serving()
    const client = harness.client()
    client.ask(client.create('/a'))
    const first = harness.side.inFlight.incarnation
    const restarted = await Harness.start()
    restarted.time.setWallMs(first - 1_000_000)
    await restarted.load(harness.side.state.lastApplied, await harness.snapshot())
    restarted.replica.epoch = harness.replica.epoch
    restarted.replica.lead()
    expect(restarted.side.inFlight.incarnation).toBe(first + 1)
    const again = restarted.client()
    expect(again.ask(again.set('/a', 'x'))).toMatchObject([{ error: 0 }])
  })
})

describe('frames', () => {
  test('bytes one by one -> the same answers', async () => {
    const harness = await Harness.serving()
    const client = harness.dial()
    const bytes = Buffer.concat([frameOf(connectBody()), client.create('/a'), client.get('/a')])
    for (const byte of bytes) client.send(Buffer.from([byte]))
    client.connectAnswer()
    expect(client.frames()).toMatchObject([
      { xid: 1, error: 0 },
      { xid: 2, error: 0 },
    ])
  })
})
