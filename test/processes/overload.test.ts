import { describe, expect, onTestFinished, test } from 'vitest'
import type { Client } from '../../src/client/index.ts'
import { Ensemble } from './harness/ensemble.ts'
import type { EnsembleServer } from './harness/ensemble-server.ts'
import { MemoryWatch, residentBytes } from './harness/memory-watch.ts'
import { RawClient } from './harness/raw-client.ts'
import { serverKind } from './harness/server-kind.ts'
import { until } from './harness/until.ts'

const KiB = 1024
const MiB = 1024 * KiB
const ephemeral = 1

/** Each takes a file handle here and one in the server. Node raises its soft limit of them to the hard one by itself. */
const connections = 10_000
/** A connection with a session that has read something. docs/operations.md promises as much. */
const bytesPerConnectionMax = 24 * KiB
/** Dialled at a time: less than the system holds ready for a server that is busy. */
const dialledAtOnce = 200

describe.skipIf(serverKind.name !== 'Banyan')('overload', () => {
  test('10,000 connections to one server -> all are served, at the memory each that the documentation gives', async () => {
    const ensemble = await Ensemble.start({
      count: 1,
      settings: { maxClientCnxns: 0, maxSessionTimeout: 120_000 },
    })
    const server = ensemble.server(1)
    const { clientPort } = server.member
    const before = residentBytes(server.child.pid)
    const clients: RawClient[] = []
    while (clients.length < connections) {
      const attaching = Array.from({ length: dialledAtOnce }, () => RawClient.attach(clientPort, 120_000))
      clients.push(...(await Promise.all(attaching)))
    }
    const replies = await Promise.all(clients.map((client) => client.reply(client.get('/'))))
    expect(replies.filter(({ errorCode }) => errorCode !== 0)).toEqual([])
    const grownBytes = residentBytes(server.child.pid) - before
    tell(
      `${connections} connections: ${Math.round(grownBytes / connections)} bytes each, ${inMiB(server)} MiB altogether`,
    )
    expect(await server.clientCount()).toBe(connections)
    expect(grownBytes / connections).toBeLessThan(bytesPerConnectionMax)
    for (const client of clients) client.hangUp()
    await until('all to be forgotten', async () => (await server.clientCount()) === 0)
  }, 180_000)

  test('1,000 sessions expire at once -> their ephemerals go, and nobody else waits long for an answer', async () => {
    const ensemble = await Ensemble.start({ settings: { maxClientCnxns: 0 } })
    const [first] = ensemble.others(await ensemble.settled())
    if (first === undefined) throw new Error('no follower')
    const client = await ensemble.client()
    await client.create('/dying')
    const dying = await Promise.all(
      Array.from({ length: 1000 }, () => RawClient.attach(first.member.clientPort, 4000)),
    )
    const made = dying.map((raw, i) =>
      [0, 1, 2].map((n) => [raw, raw.create(`/dying/${i}-${n}`, '', ephemeral)] as const),
    )
    await Promise.all(made.flat().map(([raw, xid]) => raw.reply(xid)))
    expect(await client.getChildren('/dying')).toHaveLength(3000)
    const pause = new LongestPause(client)
    for (const raw of dying) raw.hangUp()
    await until('the ephemerals to go', async () => (await client.getChildren('/dying')).length === 0)
    tell(`1,000 sessions expired: the longest write meanwhile took ${Math.round(await pause.end())} ms`)
    expect(await pause.end()).toBeLessThan(2000)
  }, 120_000)

  test('clients that ask for much and never read -> the memory for them is bounded, others are served', async () => {
    const ensemble = await Ensemble.start({ count: 1, settings: { maxClientCnxns: 0 } })
    const server = ensemble.server(1)
    const client = await ensemble.client()
    await client.create('/large', Buffer.alloc(1_000_000, 'x'))
    const memory = new MemoryWatch([server.child.pid])
    onTestFinished(() => memory.stop())
    const before = memory.peakBytes
    const deaf = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const raw = await RawClient.attach(server.member.clientPort)
        raw.stopReading()
        return raw
      }),
    )
    // 20 GB of replies, if they were all made.
    for (let i = 0; i < 1000; i++) for (const raw of deaf) raw.get('/large')
    const pause = new LongestPause(client)
    for (let i = 0; i < 200; i++) await client.get('/')
    const longestMs = await pause.end()
    const grownBytes = memory.peakBytes - before
    tell(
      `20 clients that never read: ${Math.round(grownBytes / MiB)} MiB, longest write beside them ${Math.round(longestMs)} ms`,
    )
    expect(grownBytes).toBeLessThan(256 * MiB)
    expect(longestMs).toBeLessThan(2000)
  }, 60_000)
})

const inMiB = (server: EnsembleServer): number => Math.round(residentBytes(server.child.pid) / MiB)

/** Figures for the documentation. */
function tell(figures: string): void {
  console.log(figures)
}

/** Writes one after the other until its end; how long the slowest took. */
class LongestPause {
  #longestMs = 0
  #over = false
  readonly #done: Promise<void>

  constructor(client: Client) {
    this.#done = this.#run(client)
  }

  async #run(client: Client): Promise<void> {
    while (!this.#over) {
      const startMs = performance.now()
      await client.set('/', 'on')
      this.#longestMs = Math.max(this.#longestMs, performance.now() - startMs)
    }
  }

  async end(): Promise<number> {
    this.#over = true
    await this.#done
    return this.#longestMs
  }
}
