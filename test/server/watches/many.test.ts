import { describe, expect, test } from 'vitest'
import { limits } from '../../../src/server/limits.ts'
import { Harness } from '../client-side-harness.ts'
import type { RawClient } from '../raw-client.ts'
import { addWatch, events, persistent, recursive, seen, setWatches2 } from './requests.ts'

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i)

/** Sends in portions, as a client does, and returns how many replies came without error. */
function askAll(client: RawClient, requests: Buffer[]): number {
  let answered = 0
  for (let at = 0; at < requests.length; at += 1000) {
    const frames = client.ask(...requests.slice(at, at + 1000))
    answered += frames.filter(({ error }) => error === 0).length
  }
  return answered
}

describe('100,000 watches on one server', () => {
  test('of all kinds and several connections -> each event once to each, and nothing is left behind', async () => {
    const harness = await Harness.serving()
    const { watches } = harness.side
    const count = 12_000
    const writer = harness.client()
    const nodes = range(count).map((i) => `/n/${i}`)
    expect(askAll(writer, [writer.create('/n'), ...nodes.map((path) => writer.create(path))])).toBe(count + 1)
    const [data, child, both, lasting, below] = range(5).map(() => harness.client()) as [
      RawClient,
      RawClient,
      RawClient,
      RawClient,
      RawClient,
    ]
    expect(
      askAll(
        data,
        nodes.map((path) => data.get(path, true)),
      ),
    ).toBe(count)
    expect(
      askAll(
        child,
        nodes.map((path) => child.children(path, true)),
      ),
    ).toBe(count)
    expect(
      askAll(
        both,
        nodes.flatMap((path) => [both.exists(path, true), both.children(path, true)]),
      ),
    ).toBe(2 * count)
    expect(
      askAll(
        lasting,
        nodes.map((path) => addWatch(lasting, path, persistent)),
      ),
    ).toBe(count)
    expect(
      askAll(
        below,
        nodes.map((path) => addWatch(below, path, recursive)),
      ),
    ).toBe(count)
    const { lastApplied } = harness.side.state
    const restored = harness.client()
    for (const lists of [{ data: nodes }, { child: nodes }, { persistent: nodes }]) {
      expect(seen(restored.ask(setWatches2(restored, lastApplied, lists)))).toHaveLength(1)
    }
    expect([watches.data.size, watches.child.size]).toEqual([5 * count, 4 * count])
    expect(watches.size).toBeGreaterThan(100_000)
    expect(watches.data.pathCount).toBe(count)

    askAll(
      writer,
      nodes.map((path) => writer.set(path, 'x')),
    )
    const changed = nodes.map((path) => `changed ${path}`)
    for (const client of [data, both, lasting, below, restored])
      expect(events(client.frames())).toEqual(changed)
    expect(child.frames()).toEqual([])
    // The lasting ones of three connections stay in the data table.
    expect([watches.data.size, watches.child.size]).toEqual([3 * count, 4 * count])

    askAll(
      writer,
      nodes.map((path) => writer.delete(path)),
    )
    const deleted = nodes.map((path) => `deleted ${path}`)
    expect(data.frames()).toEqual([])
    for (const client of [child, both, lasting, below, restored])
      expect(events(client.frames())).toEqual(deleted)
    expect([watches.data.size, watches.child.size]).toEqual([3 * count, 2 * count])

    for (const client of [lasting, below]) client.connection.destroy()
    harness.time.endTurns()
    expect([watches.data.size, watches.child.size]).toEqual([count, count])
    restored.connection.destroy()
    harness.time.endTurns()
    expect([watches.size, watches.data.bytes + watches.child.bytes]).toEqual([0, 0])
    expect([watches.data.pathCount, watches.child.pathCount, watches.data.watcherCount]).toEqual([0, 0, 0])
    expect(harness.lines.filter((line) => line.startsWith('warn'))).toEqual([])
  })

  test('of one connection, which is lost -> all gone, those of another at the same paths stay', async () => {
    const harness = await Harness.serving()
    const [many, other, writer] = [harness.client(), harness.client(), harness.client()]
    for (const part of range(4)) {
      const paths = range(25_000).map((i) => `/missing/${part}/${i}`)
      expect(seen(many.ask(setWatches2(many, 0, { exist: paths })))).toHaveLength(1)
    }
    other.ask(other.exists('/missing', true), other.exists('/missing/0/0', true))
    expect(harness.side.watches.data.size).toBe(100_002)
    many.connection.destroy()
    expect(harness.side.watches.data.size).toBe(100_002 - limits.watchesSweptPerTurnMax)
    expect(harness.side.watches.data.watcherCount).toBe(1)
    harness.time.endTurns()
    expect(harness.side.watches.data.size).toBe(2)
    expect(harness.side.watches.data.pathCount).toBe(2)
    writer.ask(...['/missing', '/missing/0', '/missing/0/0'].map((path) => writer.create(path)))
    expect(events(other.frames())).toEqual(['created /missing', 'created /missing/0/0'])
  })

  test('of thousands of connections at one node -> one change tells each of them once', async () => {
    const harness = await Harness.serving({ maxClientCnxns: 0 })
    const writer = harness.client()
    writer.ask(writer.create('/a'))
    const clients = range(2000).map(() => harness.client())
    clients.forEach((client, i) => {
      client.ask(i % 2 === 0 ? client.get('/a', true) : addWatch(client, '/a', persistent))
    })
    writer.ask(writer.set('/a', 'x'), writer.set('/a', 'y'))
    clients.forEach((client, i) => {
      expect(events(client.frames())).toEqual(Array(i % 2 === 0 ? 1 : 2).fill('changed /a'))
    })
    expect(harness.side.watches.data.size).toBe(1000)
  })
})

describe('the bound of watches', () => {
  /** So long that a few hundred of them reach the bound. */
  const longPath = (i: number): string => `/${i}${'x'.repeat(500_000)}`

  test('more than one connection may have -> it is closed with a line that says why, its watches go, others stay', async () => {
    const harness = await Harness.serving()
    const [greedy, modest] = [harness.client(), harness.client()]
    modest.ask(modest.exists('/a', true))
    const needed = Math.ceil(limits.connectionWatchBytesMax / 500_000) + 1
    let answered = 0
    for (let i = 0; i < needed && greedy.connection.ended === null; i++) {
      answered += greedy.ask(greedy.exists(longPath(i), true)).length
    }
    expect(greedy.connection.ended).toBe('orderly')
    expect(answered).toBeGreaterThan(limits.connectionWatchBytesMax / 510_000)
    expect(harness.side.watches.size).toBe(1)
    expect(harness.lines.filter((line) => line.startsWith('warn'))).toEqual([
      expect.stringMatching(
        /^warn: closing the connection of session 0x\w+ from 127.0.0.1:\d+: its watches take about \d+ bytes \(134217728 are allowed\).*watch less/,
      ),
    ])
    expect(events(modest.ask(modest.create('/a')))).toEqual(['created /a'])
  })
})
