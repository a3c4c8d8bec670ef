import { describe, expect, test } from 'vitest'
import { limits } from '../../src/server/limits.ts'
import { attachedMessage } from '../../src/server/sessions/session-messages.ts'
import { Harness } from './client-side-harness.ts'
import { type ConnectAnswer, connectBody, frameOf, type RawClient } from './raw-client.ts'

/** A client that has asked for its session, and is not answered yet. */
function comingBack(harness: Harness, { sessionId, password }: ConnectAnswer): RawClient {
  const client = harness.dial()
  client.send(frameOf(connectBody({ sessionId, password })))
  return client
}

const invalid = { timeoutMs: 0, sessionId: 0, password: Buffer.alloc(16) }

describe('handshake', () => {
  test('a new session -> id, 16-byte password, clamped timeout, and a transaction is used', async () => {
    const { side, ...harness } = await harnessOf()
    const before = side.state.lastApplied
    const answer = harness.dial().connect({ timeoutMs: 4000 })
    expect(answer).toMatchObject({ bytes: 37, timeoutMs: 4000, readOnly: false, exactlyOnceWindow: null })
    expect(answer.password).toHaveLength(16)
    expect(answer.password.equals(Buffer.alloc(16))).toBe(false)
    expect(answer.sessionId).toBe(side.state.lastApplied)
    expect(side.state.lastApplied).toBeGreaterThan(before)
  })

  test.each([
    ['below the smallest', 1, 2000],
    ['zero', 0, 2000],
    ['negative', -5, 2000],
    ['above the largest', 1_000_000, 20_000],
    ['between', 3001, 3001],
    ['the smallest', 2000, 2000],
    ['the largest', 20_000, 20_000],
    ['one above the largest', 20_001, 20_000],
    ['the largest integer', 2 ** 31 - 1, 20_000],
    ['the smallest integer', -(2 ** 31), 2000],
  ])('the timeout asked for is %s -> clamped', async (_name, asked, granted) => {
    const harness = await Harness.serving()
    expect(harness.dial().connect({ timeoutMs: asked }).timeoutMs).toBe(granted)
  })

  test.each([
    ['null', null],
    ['short', Buffer.from('abc')],
  ])('a new session with a password that is %s -> taken all the same', async (_name, password) => {
    const harness = await Harness.serving()
    expect(harness.dial().connect({ password }).sessionId).toBeGreaterThan(0)
  })

  test('the bounds are set, to something that is no multiple of tickTime -> they hold to the millisecond', async () => {
    const harness = await Harness.serving({ minSessionTimeoutMs: 777, maxSessionTimeoutMs: 2 ** 31 - 1 })
    const granted = (timeoutMs: number): number => harness.dial().connect({ timeoutMs }).timeoutMs
    expect([1, 777, 778, 2 ** 31 - 1].map(granted)).toEqual([777, 777, 778, 2 ** 31 - 1])
    harness.time.pass(60_000)
    // The longest of all is 24 days; the others are gone.
    expect(harness.side.state.sessions.size).toBe(1)
  })

  test('a 3.3 client: no readOnly byte, then the operations of its time -> served', async () => {
    const harness = await Harness.serving()
    const client = harness.dial()
    expect(client.connect({ readOnly: null }).bytes).toBe(36)
    const frames = client.ask(
      client.create('/a'),
      client.get('/a'),
      client.sync('/a'),
      client.ping(),
      client.close(),
    )
    expect(frames.map(({ xid, error }) => [xid, error])).toEqual([1, 2, 3, -2, 4].map((xid) => [xid, 0]))
  })

  test('a client that asks for a read-only server, and there is no quorum -> closed without a word, not served', async () => {
    const harness = await Harness.start()
    const client = harness.dial()
    client.send(frameOf(connectBody({ readOnly: true })))
    expect(client.connection).toMatchObject({ closed: true })
    expect(client.connection.received).toHaveLength(0)
  })

  test('the leader has lost its quorum -> whoever comes now is closed without a word, and taken when it is back', async () => {
    const harness = await Harness.serving()
    const { sessionId, password } = harness.dial().connect({})
    harness.replica.cutOff = true
    for (const request of [connectBody({}), connectBody({ sessionId, password })]) {
      const client = harness.dial()
      client.send(frameOf(request))
      expect(client.connection).toMatchObject({ closed: true })
      expect(client.connection.received).toHaveLength(0)
    }
    harness.replica.cutOff = false
    expect(harness.dial().connect({ sessionId, password })).toMatchObject({ sessionId })
  })

  test('an old session comes back, no quorum answers -> nobody has it yet, also not the leader; a quorum -> attached', async () => {
    const harness = await Harness.serving()
    const first = harness.dial()
    const session = first.connect({})
    harness.replica.holdsSyncs = true
    const second = comingBack(harness, session)
    expect(second.connection.received).toHaveLength(0)
    expect(first.connection.closed).toBe(false)
    harness.replica.releaseSyncs()
    harness.time.endTurns()
    expect(second.connectAnswer()).toMatchObject({ sessionId: session.sessionId })
    expect(first.connection.closed).toBe(true)
  })

  test('an old session comes back, no quorum answers for long -> closed without a word, to try another server', async () => {
    const harness = await Harness.serving()
    const session = harness.dial().connect({ timeoutMs: 10_000 })
    harness.replica.holdsSyncs = true
    const client = comingBack(harness, session)
    harness.time.pass(limits.attachQuorumMs - 1)
    expect(client.connection.closed).toBe(false)
    harness.time.pass(1)
    expect(client.connection).toMatchObject({ ended: 'orderly' })
    expect(client.connection.received).toHaveLength(0)
  })

  test('an old session comes back and gives up before a quorum answers -> the connection that has it stays', async () => {
    const harness = await Harness.serving()
    const first = harness.dial()
    const session = first.connect({})
    harness.replica.holdsSyncs = true
    const second = comingBack(harness, session)
    second.connection.handlers?.onClose()
    harness.replica.releaseSyncs()
    harness.time.endTurns()
    expect(first.connection.closed).toBe(false)
  })

  test('the client leaves the readOnly byte out -> so does the answer', async () => {
    const harness = await Harness.serving()
    expect(harness.dial().connect({ readOnly: null })).toMatchObject({ bytes: 36, readOnly: null })
    expect(harness.dial().connect({ readOnly: true })).toMatchObject({ bytes: 37, readOnly: false })
  })

  test('the client asks for an exactly-once window -> the granted one is echoed, also at a re-attachment', async () => {
    const harness = await Harness.serving()
    const first = harness.dial().connect({ exactlyOnceWindow: 64 })
    expect(first).toMatchObject({ bytes: 41, exactlyOnceWindow: 64 })
    const { sessionId, password } = first
    const again = harness.dial().connect({ sessionId, password, exactlyOnceWindow: 64 })
    expect(again).toMatchObject({ sessionId, exactlyOnceWindow: 64 })
    expect(harness.dial().connect({ exactlyOnceWindow: 1_000_000 }).exactlyOnceWindow).toBe(256)
  })

  test('the client has seen a later zxid -> closed without a word, no session is made', async () => {
    const harness = await Harness.serving()
    const client = harness.dial()
    client.send(frameOf(connectBody({ lastZxidSeen: 2 ** 40 })))
    expect(client.connection).toMatchObject({ closed: true })
    expect(client.connection.received).toHaveLength(0)
    expect(harness.side.state.sessions.size).toBe(0)
    expect(harness.side.metrics.handshakesAhead).toBe(1)
  })

  test('the server has never served -> closed without a word', async () => {
    const harness = await Harness.start()
    const client = harness.dial()
    client.send(frameOf(connectBody()))
    expect(client.connection.closed).toBe(true)
    expect(client.connection.received).toHaveLength(0)
  })

  test('the leader has just died -> held until the next reign; after a second without one, closed', async () => {
    const harness = await Harness.serving()
    harness.replica.adrift()
    const patient = harness.dial()
    patient.send(frameOf(connectBody()))
    expect(patient.connection.closed).toBe(false)
    harness.replica.lead()
    harness.time.endTurns()
    expect(patient.connectAnswer().sessionId).toBeGreaterThan(0)

    harness.replica.adrift()
    const late = harness.dial()
    late.send(frameOf(connectBody()))
    harness.time.pass(1000)
    expect(late.connection).toMatchObject({ closed: true })
    const later = harness.dial()
    later.send(frameOf(connectBody()))
    expect(later.connection).toMatchObject({ closed: true })
  })

  test('requests behind the connect request -> wait for the session, then are answered in order', async () => {
    const harness = await Harness.serving()
    harness.replica.committing = false
    const client = harness.dial()
    client.send(frameOf(connectBody()), client.create('/a'), client.get('/a'), client.ping())
    expect(client.connection.paused).toBe(true)
    expect(client.connection.received).toHaveLength(0)
    harness.commit()
    harness.commit()
    expect(client.connectAnswer().sessionId).toBeGreaterThan(0)
    expect(client.frames().map(({ xid, error }) => [xid, error])).toEqual([
      [1, 0],
      [2, 0],
      [-2, 0],
    ])
    expect(client.connection.paused).toBe(false)
  })

  test('a second connect request on one connection -> taken for a request, whose opcode there is not', async () => {
    const harness = await Harness.serving()
    const client = harness.client()
    const before = harness.side.state.sessions.size
    expect(client.ask(frameOf(connectBody()), client.exists('/'))).toMatchObject([
      { xid: 0, error: -6 },
      { xid: 1, error: 0 },
    ])
    expect(harness.side.state.sessions.size).toBe(before)
  })

  test('a connect request twice before the first is answered -> one session', async () => {
    const harness = await Harness.serving()
    harness.replica.committing = false
    const client = harness.dial()
    client.send(frameOf(connectBody()), frameOf(connectBody()))
    harness.commit()
    expect(client.connectAnswer().sessionId).toBeGreaterThan(0)
    expect(client.frames()).toMatchObject([{ xid: 0, error: -6 }])
    expect(harness.side.state.sessions.size).toBe(1)
  })

  test('a frame that is no connect request -> closed and counted', async () => {
    const harness = await Harness.serving()
    const client = harness.dial()
    client.send(frameOf(Buffer.from('no handshake')))
    expect(client.connection.closed).toBe(true)
    expect(harness.side.metrics.malformedFrames).toBe(1)
  })
})

describe('re-attachment', () => {
  test('right password -> same session and password, new timeout, no transaction', async () => {
    const harness = await Harness.serving()
    const { sessionId, password } = harness.dial().connect()
    const before = harness.side.state.lastApplied
    const again = harness.dial().connect({ sessionId, password, timeoutMs: 8000 })
    expect(again).toMatchObject({ sessionId, password, timeoutMs: 8000 })
    expect(harness.side.state.lastApplied).toBe(before)
  })

  test('the old connection is still there -> closed once the new one is accepted', async () => {
    const harness = await Harness.serving()
    const old = harness.client()
    const { sessionId, password } = old.session ?? invalid
    harness.dial().connect({ sessionId, password })
    expect(old.connection.ended).toBe('orderly')
    expect(harness.side.sessions.size).toBe(1)
  })

  test.each([
    ['a wrong password', () => ({ password: Buffer.alloc(16, 7) })],
    ['a null password', () => ({ password: null })],
    ['a short password', () => ({ password: Buffer.from('x') })],
    ['an empty password', () => ({ password: Buffer.alloc(0) })],
    ['a password of a megabyte', () => ({ password: Buffer.alloc(1_000_000, 7) })],
    [
      'a long password that begins as the right one',
      (_id: number, right: Buffer) => ({ password: Buffer.concat([right, right]) }),
    ],
    ['an unknown session', (id: number) => ({ sessionId: id + 1000 })],
    ['a session id of another kind of server', () => ({ sessionId: -(2 ** 53) + 1 })],
  ])('%s -> the invalid-session answer, then closed; the old connection lives', async (_name, wrong) => {
    const harness = await Harness.serving()
    const old = harness.client()
    const { sessionId, password } = old.session ?? invalid
    const thief = harness.dial()
    expect(thief.connect({ sessionId, password, ...wrong(sessionId, password) })).toMatchObject(invalid)
    expect(thief.connection.ended).toBe('orderly')
    expect(old.connection.closed).toBe(false)
    expect(old.ask(old.exists('/'))).toMatchObject([{ error: 0 }])
  })

  test('a password that cannot be one -> the leader is not asked', async () => {
    const harness = await Harness.serving()
    const { sessionId } = harness.client().session ?? invalid
    const asked = harness.replica.messages.length
    harness.dial().connect({ sessionId, password: Buffer.alloc(1_000_000) })
    expect(harness.replica.messages.length).toBe(asked)
  })

  test('the client closed its session, and comes again -> the invalid-session answer', async () => {
    const harness = await Harness.serving()
    const client = harness.client()
    const { sessionId, password } = client.session ?? invalid
    // What stands behind the goodbye is dropped.
    expect(client.ask(client.close(), client.create('/late'), client.ping())).toMatchObject([
      { xid: 1, error: 0 },
    ])
    expect(client.connection.ended).toBe('orderly')
    expect(harness.side.state.tree.find('/late')).toBeUndefined()
    expect(harness.dial().connect({ sessionId, password })).toMatchObject(invalid)
  })

  test('the invalid-session answer is under way -> what the client still sends is not looked at', async () => {
    const harness = await Harness.serving()
    const client = harness.dial()
    client.send(frameOf(connectBody({ sessionId: 77 })), client.create('/a'), Buffer.alloc(100_000))
    expect(client.connectAnswer()).toMatchObject(invalid)
    expect(client.frames()).toEqual([])
    expect(harness.side.state.tree.find('/a')).toBeUndefined()
  })

  test('the session is expiring, its closing not yet committed -> the invalid-session answer at once', async () => {
    const harness = await Harness.serving()
    const { sessionId, password } = harness.client({ timeoutMs: 2000 }).session ?? invalid
    harness.replica.committing = false
    harness.time.pass(3500)
    expect(harness.side.state.sessions.size).toBe(1)
    expect(harness.dial().connect({ sessionId, password })).toMatchObject(invalid)
  })

  test('the timeout is negotiated anew each time -> it counts while that connection is used', async () => {
    const harness = await Harness.serving()
    const { sessionId, password } = harness.client({ timeoutMs: 20_000 }).session ?? invalid
    const shorter = harness.dial()
    expect(shorter.connect({ sessionId, password, timeoutMs: 0 }).timeoutMs).toBe(2000)
    shorter.connection.destroy()
    harness.time.pass(3500)
    expect(harness.side.state.sessions.size).toBe(0)
  })

  test('refused without the readOnly byte -> the answer has none either', async () => {
    const harness = await Harness.serving()
    expect(harness.dial().connect({ sessionId: 77, readOnly: null })).toMatchObject({ ...invalid, bytes: 36 })
  })

  test('the leader dies before it answers -> the next one is asked', async () => {
    const harness = await Harness.serving()
    const { sessionId, password } = harness.dial().connect()
    harness.replica.losing = true
    const client = harness.dial()
    client.send(frameOf(connectBody({ sessionId, password })))
    expect(client.connection.received).toHaveLength(0)
    harness.replica.losing = false
    harness.replica.adrift()
    harness.replica.lead()
    harness.time.endTurns()
    expect(client.connectAnswer()).toMatchObject({ sessionId })
  })

  test('the session was created by a transaction that the leader has not applied yet -> decided once it has', async () => {
    const harness = await Harness.serving()
    const first = harness.client()
    harness.replica.committing = false
    harness.dial().send(frameOf(connectBody()))
    // Another server applied the creation already, and its client comes here at once.
    const sessionId = harness.side.tree.lastProposed
    const client = harness.dial()
    client.send(frameOf(connectBody({ sessionId, password: Buffer.alloc(16, 1) })))
    expect(client.connection.received).toHaveLength(0)
    harness.commit()
    expect(client.connectAnswer()).toMatchObject(invalid)
    expect(first.connection.closed).toBe(false)
  })
})

describe('re-attachment at a server that is behind', () => {
  test('it has not applied the creation that the leader vouches for -> the client waits for that, and gets its session', async () => {
    const other = await Harness.serving()
    const { sessionId, password } = other.dial().connect()
    const harness = await Harness.start({ serverId: 2 })
    harness.replica.lead()
    harness.replica.losing = true
    harness.replica.holdsSyncs = true
    const client = harness.dial()
    client.send(frameOf(connectBody({ sessionId, password })))
    // The word of the leader comes as fast as the link; what is committed waits for the disk.
    harness.side.onMessage(attachedMessage(1, sessionId + 1))
    expect(client.connection.received).toHaveLength(0)
    harness.replica.adrift()
    await harness.load(other.side.state.lastApplied, await other.snapshot())
    harness.replica.epoch = other.replica.epoch
    harness.replica.losing = false
    harness.replica.lead()
    harness.replica.releaseSyncs()
    harness.time.endTurns()
    expect(client.connectAnswer()).toMatchObject({ sessionId })
    expect(client.connection.closed).toBe(false)
  })
})

async function harnessOf(): Promise<{ side: Harness['side']; dial: Harness['dial'] }> {
  const harness = await Harness.serving()
  return { side: harness.side, dial: () => harness.dial() }
}
