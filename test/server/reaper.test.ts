import { beforeEach, describe, expect, test } from 'vitest'
import { silentLog } from '../../src/runtime/log.ts'
import { Reaper, type ReaperOptions } from '../../src/server/reaper.ts'
import { areReapRequests, ReapRequest, readReapRequest } from '../../src/tree/reaping.ts'
import { RequestEnvelope, readEnvelope, requestBytes } from '../../src/tree/request.ts'
import { JuteReader } from '../../src/wire/jute-reader.ts'
import { OpCode } from '../../src/wire/opcodes.ts'
import { createBody, createTtlBody, deleteBody, SessionHarness } from '../tree/harness.ts'
import { Harness } from './client-side-harness.ts'
import { FakeTime } from './fake-world.ts'

/** The paths that one batch of requests is about. */
function pathsOf(requests: Buffer): string[] {
  expect(areReapRequests(requests)).toBe(true)
  const paths: string[] = []
  const reap = new ReapRequest()
  for (let at = 0; at < requests.length; at += requestBytes(requests, at)) {
    const reader = new JuteReader(requests, at + 4, at + requestBytes(requests, at))
    const envelope = new RequestEnvelope()
    readEnvelope(reader, envelope)
    expect([envelope.number, envelope.opcode]).toEqual([0, OpCode.deleteContainer])
    readReapRequest(reader, reap)
    paths.push(reap.path)
  }
  return paths
}

describe('the reaper', () => {
  let h: SessionHarness
  let time: FakeTime
  let sent: Buffer[]
  let serving: boolean

  beforeEach(() => {
    h = new SessionHarness({ settings: { extendedTypesEnabled: true } })
    time = new FakeTime()
    time.setWallMs(h.wallMs)
    sent = []
    serving = true
  })

  /** It leads from now on. What it asks for is decided at once, unless `decides` is false. */
  function reaper(overrides: Partial<ReaperOptions> & { decides?: boolean } = {}): Reaper {
    const made: Reaper = new Reaper({
      clock: time,
      timers: time,
      log: silentLog,
      tree: h.state.tree,
      intervalMs: 1000,
      perMinuteMax: 10_000,
      neverUsedContainerMs: 300_000,
      serving: () => serving,
      sendRequests: (requests) => {
        sent.push(requests)
        if (overrides.decides === false) return
        h.wallMs = time.wallMs()
        h.execute(requests)
        h.applyAll()
        made.decided()
      },
      ...overrides,
    })
    made.beginReign()
    return made
  }

  function emptied(count: number): void {
    for (let i = 0; i < count; i++) {
      h.ask(OpCode.createContainer, createBody(`/c${i}`))
      h.create(`/c${i}/x`)
      h.ask(OpCode.delete, deleteBody(`/c${i}/x`))
    }
  }

  test('an interval passes -> what is overdue goes, nothing else is asked for', () => {
    emptied(2)
    h.ask(OpCode.createContainer, createBody('/used'))
    h.create('/used/x')
    h.ask(OpCode.createContainer, createBody('/never'))
    h.ask(OpCode.createTtl, createTtlBody('/t', 5, 5000))
    reaper()
    time.pass(999)
    expect(sent).toEqual([])
    time.pass(1)
    expect(sent.map(pathsOf)).toEqual([['/c0', '/c1']])
    time.setWallMs(time.wallMs() + 6000)
    time.pass(1000)
    expect(sent.slice(1).map(pathsOf)).toEqual([['/t']])
    time.setWallMs(time.wallMs() + 300_000)
    time.pass(1000)
    expect(sent.slice(2).map(pathsOf)).toEqual([['/never']])
    time.pass(10_000)
    expect(sent.length).toBe(3)
    expect([...h.state.tree.reaped].map((node) => h.state.tree.path(node))).toEqual(['/used'])
  })

  test('more than may go in a minute -> spread over it, in slices', () => {
    emptied(150)
    reaper({ perMinuteMax: 600 })
    time.pass(1000)
    expect(sent.map((requests) => pathsOf(requests).length)).toEqual([1])
    time.pass(10_000)
    expect(sent.flatMap(pathsOf).length).toBeGreaterThanOrEqual(95)
    expect(sent.flatMap(pathsOf).length).toBeLessThanOrEqual(101)
    time.pass(10_000)
    expect(h.state.tree.reaped.size).toBe(0)
  })

  test('one a minute -> one a minute, also over several intervals', () => {
    emptied(3)
    reaper({ perMinuteMax: 1 })
    const goneAfter = (ms: number) => {
      time.pass(ms)
      return sent.flatMap(pathsOf).length
    }
    expect([goneAfter(1000), goneAfter(59_000), goneAfter(1200), goneAfter(58_700)]).toEqual([1, 1, 2, 2])
    expect(goneAfter(1500)).toBe(3)
  })

  test('more nodes than one slice looks at -> the next one goes on where it ended', () => {
    const looked: string[] = []
    const nodes = Array.from({ length: 25_000 }, (_, i) => ({ path: `/${i}` }))
    const tree = {
      reaped: new Set(nodes),
      isOverdue: (node: { path: string }) => {
        looked.push(node.path)
        return false
      },
    } as unknown as ReaperOptions['tree']
    reaper({ tree })
    time.pass(1000)
    expect(looked.length).toBe(10_000)
    time.pass(100)
    expect(looked.length).toBe(20_000)
    time.pass(100)
    expect(looked).toEqual(nodes.map((node) => node.path))
  })

  test('what was asked for is not decided yet -> nothing more is asked for', () => {
    emptied(100)
    const made = reaper({ decides: false })
    time.pass(20_000)
    expect(sent.length).toBe(1)
    made.decided()
    time.pass(100)
    expect(sent.length).toBe(2)
  })

  test('not serving yet -> waits; the reign ends -> stops; a new one -> goes on', () => {
    emptied(100)
    serving = false
    const made = reaper({ decides: false })
    time.pass(5000)
    expect(sent).toEqual([])
    serving = true
    time.pass(100)
    expect(sent.length).toBe(1)
    made.endReign()
    made.decided()
    time.pass(10_000)
    expect(sent.length).toBe(1)
    made.beginReign()
    time.pass(1000)
    expect(sent.length).toBe(2)
  })
})

describe('a server that leads', () => {
  test('an emptied container -> goes by itself; clients are told as of any delete', async () => {
    const harness = await Harness.serving({ reapIntervalMs: 1000 })
    const client = harness.client()
    const container = client.request(OpCode.createContainer, (body) => {
      body.string('/c').buffer(null).int(1).int(31).string('world').string('anyone').int(4)
    })
    client.ask(container, client.create('/c/x'), client.delete('/c/x'), client.exists('/c', true))
    harness.time.pass(1000)
    harness.commit()
    expect(client.frames()).toMatchObject([{ xid: -1, error: 0 }])
    expect(harness.side.state.tree.find('/c')).toBeUndefined()
  })
})
