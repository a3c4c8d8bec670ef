import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { limits } from '../../src/server/limits.ts'
import { SessionTracker } from '../../src/server/sessions/session-tracker.ts'
import { Harness } from './client-side-harness.ts'
import { connectBody, ephemeral, frameOf } from './raw-client.ts'

describe('session tracker', () => {
  test('a silent session -> expires between its timeout and one tick later', () => {
    const tracker = newTracker()
    tracker.add(1, 2500)
    expect(ticksUntilExpiry(tracker, 0)).toEqual([3000, [1]])
    expect(tracker.isAlive(1)).toBe(false)
  })

  test('a touch -> a whole timeout anew', () => {
    const tracker = newTracker()
    tracker.add(1, 2000)
    for (let nowMs = 500; nowMs <= 10_000; nowMs += 500) {
      expect(tracker.tick(nowMs)).toEqual([])
      tracker.renew(1, 2000, 7)
    }
    expect(ticksUntilExpiry(tracker, 10_000)[0]).toBe(12_000)
  })

  test('a touch between two ticks -> a whole timeout from the touch, not from the tick before it', () => {
    let nowMs = 0
    const tracker = newTracker(() => nowMs)
    tracker.add(1, 2000)
    tracker.add(2, 2000)
    for (const atMs of [500, 1000]) tracker.tick(atMs)
    nowMs = 1400
    tracker.extend(1)
    tracker.renew(2, 2000, 7)
    for (const atMs of [1500, 2000, 2500, 3000]) expect(tracker.tick(atMs)).toEqual([])
    expect(ticksUntilExpiry(tracker, 3000)).toEqual([4000, [1, 2]])
  })

  test('a session that has expired -> no touch brings it back', () => {
    const tracker = newTracker()
    tracker.add(1, 1000)
    ticksUntilExpiry(tracker, 0)
    tracker.renew(1, 1000, 7)
    expect(tracker.isAlive(1)).toBe(false)
    expect(tracker.renew(1, 1000, 7)).toBeNull()
  })

  test('the process was frozen for an hour -> nobody expires before a tick has passed, and time stood still', () => {
    const tracker = newTracker()
    tracker.add(1, 2000)
    tracker.add(2, 2000)
    const hour = 3_600_000
    expect(tracker.tick(500)).toEqual([])
    expect(tracker.tick(hour)).toEqual([])
    tracker.renew(1, 2000, 7)
    expect(tracker.tick(hour + 500)).toEqual([])
    const [expiredAt, expired] = ticksUntilExpiry(tracker, hour + 500)
    expect(expired).toEqual([2])
    expect(expiredAt - hour).toBeLessThanOrEqual(2000)
    expect(tracker.isAlive(1)).toBe(true)
  })

  test('random sessions, renewals, closings and pauses of the process -> expires exactly who a naive list says', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('tick' as const), count: fc.integer({ min: 1, max: 6 }) }),
      fc.record({ kind: fc.constant('pause' as const), ms: fc.integer({ min: 1, max: 20_000 }) }),
      fc.record({ kind: fc.constant('renewAll' as const) }),
      fc.record({
        kind: fc.constantFrom('add', 'renew', 'remove'),
        id: fc.integer({ min: 1, max: 6 }),
        timeoutMs: fc.integer({ min: 1, max: 6000 }),
      }),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const tracker = newTracker()
        const naive = new NaiveTracker()
        let nowMs = 0
        const tick = (byMs: number): void => {
          nowMs += byMs
          expect(tracker.tick(nowMs).sort()).toEqual(naive.tick(nowMs, byMs))
        }
        for (const each of steps) {
          if (each.kind === 'tick') for (let i = 0; i < each.count; i++) tick(periodMs)
          else if (each.kind === 'pause') tick(each.ms)
          else if (each.kind === 'renewAll') {
            tracker.renewAll()
            naive.renewAll()
          } else {
            const { kind, id, timeoutMs } = each
            if (kind === 'add' && !naive.has(id)) tracker.add(id, timeoutMs)
            if (kind === 'add') naive.add(id, timeoutMs)
            if (kind === 'remove') tracker.remove(id)
            if (kind === 'remove') naive.remove(id)
            if (kind === 'renew') expect(tracker.renew(id, timeoutMs, id)).toBe(naive.renew(id, timeoutMs))
            expect(tracker.isAlive(id)).toBe(naive.isAlive(id))
          }
          expect(tracker.size).toBe(naive.size)
        }
      }),
      { numRuns: 500 },
    )
  })
})

describe('expiry', () => {
  test('a silent client -> its ephemerals go, its connection is closed without a word', async () => {
    const harness = await Harness.serving()
    const silent = harness.client({ timeoutMs: 2000 })
    silent.ask(silent.create('/e', ephemeral), silent.create('/stays'))
    harness.time.pass(3500)
    expect(silent.connection.ended).toBe('orderly')
    expect(silent.frames()).toEqual([])
    expect(harness.side.state.tree.find('/e')).toBeUndefined()
    expect(harness.side.state.tree.find('/stays')).toBeDefined()
    expect(harness.side.metrics.sessionsExpired).toBe(1)
  })

  test('a client that pings -> lives', async () => {
    const harness = await Harness.serving()
    const client = harness.client({ timeoutMs: 2000 })
    for (let i = 0; i < 20; i++) {
      expect(client.ask(client.ping())).toMatchObject([{ xid: -2, error: 0 }])
      harness.time.pass(660)
    }
    expect(client.connection.closed).toBe(false)
  })

  test('a client whose connection is gone -> may come back within its timeout, its ephemerals are there', async () => {
    const harness = await Harness.serving()
    const client = harness.client({ timeoutMs: 4000 })
    const { sessionId, password } = client.session ?? { sessionId: 0, password: null }
    client.ask(client.create('/e', ephemeral))
    client.connection.destroy()
    harness.time.pass(2500)
    const again = harness.client({ sessionId, password, timeoutMs: 4000 })
    expect(again.session?.sessionId).toBe(sessionId)
    harness.time.pass(3000)
    expect(harness.side.state.tree.find('/e')).toBeDefined()
    harness.time.pass(3000)
    expect(harness.side.state.tree.find('/e')).toBeUndefined()
    expect(harness.dial().connect({ sessionId, password })).toMatchObject({ sessionId: 0, timeoutMs: 0 })
  })

  test('the leader has no quorum for long -> nobody expires, and then everybody has the whole timeout to come back', async () => {
    const harness = await Harness.serving()
    const client = harness.client({ timeoutMs: 4000 })
    const { sessionId, password } = client.session ?? { sessionId: 0, password: null }
    harness.time.pass(3000)
    harness.replica.cutOff = true
    client.connection.destroy()
    harness.time.pass(60_000)
    harness.replica.cutOff = false
    harness.time.pass(3500)
    expect(harness.dial().connect({ sessionId, password, timeoutMs: 4000 })).toMatchObject({ sessionId })
    harness.time.pass(8000)
    expect(harness.side.state.sessions.size).toBe(0)
  })

  test('a new reign -> every session gets its whole timeout anew', async () => {
    const harness = await Harness.serving()
    harness.client({ timeoutMs: 4000 }).connection.destroy()
    harness.time.pass(3500)
    harness.replica.adrift()
    harness.replica.lead()
    harness.time.pass(3500)
    expect(harness.side.state.sessions.size).toBe(1)
    harness.time.pass(2000)
    expect(harness.side.state.sessions.size).toBe(0)
  })

  test('a re-attachment with another timeout -> that one counts, also under the next leader', async () => {
    const harness = await Harness.serving()
    const { sessionId, password } = harness.client({ timeoutMs: 2000 }).session ?? {
      sessionId: 0,
      password: null,
    }
    harness.client({ sessionId, password, timeoutMs: 10_000 })
    harness.time.pass(5000)
    expect(harness.side.state.sessions.size).toBe(1)
    harness.replica.adrift()
    harness.replica.lead()
    harness.time.pass(5000)
    expect(harness.side.state.sessions.size).toBe(1)
    harness.time.pass(7000)
    expect(harness.side.state.sessions.size).toBe(0)
  })

  test('the whole server was frozen for longer than the timeouts -> a client that pings when it wakes lives', async () => {
    const harness = await Harness.serving()
    const client = harness.client({ timeoutMs: 2000 })
    harness.time.pass(1000)
    harness.time.freeze(60_000)
    harness.time.pass(1)
    client.send(client.ping())
    harness.time.pass(1500)
    client.send(client.ping())
    harness.time.pass(1500)
    expect(client.connection.closed).toBe(false)
  })

  test('two thousand sessions expire together -> all closed, in several batches', async () => {
    const harness = await Harness.serving({ maxClientCnxns: 0, globalOutstandingLimit: 100_000 })
    const clients = Array.from({ length: 2000 }, () => harness.client({ timeoutMs: 2000 }))
    const before = harness.replica.sent.length
    harness.time.pass(3500)
    expect(harness.side.state.sessions.size).toBe(0)
    expect(clients.every(({ connection }) => connection.closed)).toBe(true)
    expect(harness.replica.sent.length - before).toBe(
      (2000 * limits.expiryWeightOfSession) / limits.expiryBatchWeight,
    )
    expect(harness.side.metrics.sessionsExpired).toBe(2000)
    expect(harness.lines.filter((line) => line.includes('have expired'))).toEqual([
      'info: 2000 sessions have expired',
    ])
  })

  test('many expire together -> the next batch is closed when the last one is, and others are served in between', async () => {
    const harness = await Harness.serving({ maxClientCnxns: 0 })
    for (let i = 0; i < 250; i++) {
      const client = harness.client({ timeoutMs: 2000 })
      client.ask(client.create(`/e${i}`, ephemeral))
    }
    const bystander = harness.client({ timeoutMs: 20_000 })
    harness.replica.committing = false
    const before = harness.replica.sent.length
    harness.time.pass(3500)
    expect(harness.replica.sent.length - before).toBe(1)
    bystander.send(bystander.create('/between'))
    const left: number[] = []
    while (harness.side.state.sessions.size > 1) {
      harness.commit()
      left.push(harness.side.state.sessions.size)
      harness.time.pass(1)
    }
    // Each weighs six: itself, its connection, one node.
    expect(left).toEqual([251 - 84, 251 - 168, 1])
    expect(bystander.frames()).toMatchObject([{ xid: 1, error: 0 }])
    expect(harness.side.state.tree.find('/e249')).toBeUndefined()
  })

  test('the reign ends in the middle of many expiries -> the rest gets its whole timeout anew, then goes', async () => {
    const harness = await Harness.serving({ maxClientCnxns: 0 })
    for (let i = 0; i < 250; i++) harness.client({ timeoutMs: 2000 }).connection.destroy()
    harness.replica.committing = false
    harness.time.pass(3000)
    harness.commit()
    harness.replica.adrift()
    harness.replica.committing = true
    harness.replica.lead()
    expect(harness.side.state.sessions.size).toBe(150)
    harness.time.pass(1500)
    expect(harness.side.state.sessions.size).toBe(150)
    harness.time.pass(2000)
    expect(harness.side.state.sessions.size).toBe(0)
  })
})

describe('a session being created', () => {
  test('the client hangs up while its session is being created -> nothing is left of the connection', async () => {
    const harness = await Harness.serving()
    harness.replica.committing = false
    const client = harness.dial()
    client.send(frameOf(connectBody()))
    client.connection.destroy()
    harness.commit()
    expect(harness.side.sessions.size).toBe(0)
    expect(harness.side.connections.size).toBe(0)
    harness.replica.committing = true
    harness.time.pass(6000)
    expect(harness.side.state.sessions.size).toBe(0)
  })
})

const tickMs = 1000
const periodMs = 500

/** The rules of expiry over a list, looked through from end to end at each tick. */
class NaiveTracker {
  readonly #sessions = new Map<
    number,
    { timeoutMs: number; deadlineMs: number; closing: boolean; owner: number | null }
  >()
  /** Time that stands still while the process does. */
  #timeMs = 0
  #expiredThroughMs = 0
  #quietUntilMs = 0

  get size(): number {
    return this.#sessions.size
  }

  has(id: number): boolean {
    return this.#sessions.has(id)
  }

  isAlive(id: number): boolean {
    return this.#sessions.get(id)?.closing === false
  }

  add(id: number, timeoutMs: number): void {
    if (!this.has(id))
      this.#sessions.set(id, {
        timeoutMs,
        deadlineMs: this.#deadline(timeoutMs),
        closing: false,
        owner: null,
      })
  }

  remove(id: number): void {
    this.#sessions.delete(id)
  }

  renew(id: number, timeoutMs: number): number | null {
    const session = this.#sessions.get(id)
    if (session === undefined || session.closing) return null
    const before = session.owner
    session.owner = id
    session.timeoutMs = timeoutMs
    session.deadlineMs = this.#deadline(timeoutMs)
    return before
  }

  renewAll(): void {
    for (const session of this.#sessions.values()) {
      if (!session.closing) session.deadlineMs = this.#deadline(session.timeoutMs)
    }
  }

  tick(nowMs: number, sinceMs: number): number[] {
    this.#timeMs += Math.min(sinceMs, periodMs)
    if (sinceMs > 2 * periodMs) this.#quietUntilMs = nowMs + tickMs
    if (nowMs < this.#quietUntilMs) return []
    this.#expiredThroughMs = Math.max(this.#expiredThroughMs, Math.floor(this.#timeMs / tickMs) * tickMs)
    const expired: number[] = []
    for (const [id, session] of this.#sessions) {
      if (session.closing || session.deadlineMs > this.#expiredThroughMs) continue
      session.closing = true
      expired.push(id)
    }
    return expired.sort()
  }

  #deadline(timeoutMs: number): number {
    return Math.max(Math.ceil((this.#timeMs + timeoutMs) / tickMs) * tickMs, this.#expiredThroughMs + tickMs)
  }
}

/** @param nowMs between ticks; by default nothing happens there */
function newTracker(nowMs = (): number => 0): SessionTracker {
  const tracker = new SessionTracker({ tickMs, periodMs, nowMs })
  tracker.reset(0)
  return tracker
}

function ticksUntilExpiry(tracker: SessionTracker, fromMs: number): [number, number[]] {
  for (let nowMs = fromMs + 500; nowMs < fromMs + 100_000; nowMs += 500) {
    const expired = tracker.tick(nowMs)
    if (expired.length > 0) return [nowMs, expired]
  }
  throw new Error('nobody expires')
}
