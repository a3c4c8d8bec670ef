import { describe, expect, onTestFinished, test } from 'vitest'
import { bareProcessMs } from './harness/bare-process.ts'
import { Ensemble } from './harness/ensemble.ts'
import type { EnsembleServer } from './harness/ensemble-server.ts'
import { RawClient } from './harness/raw-client.ts'
import { serverKind } from './harness/server-kind.ts'
import { until } from './harness/until.ts'

const stopMsMax = 1000

describe.skipIf(serverKind.name !== 'Banyan')('stop', () => {
  test('SIGTERM while it looks for a quorum, with a client that waits -> exit 0 within a second', async () => {
    const ensemble = await Ensemble.prepare()
    const server = ensemble.server(1)
    server.start()
    await until('clients to be taken', () => server.log.includes('takes clients'))
    await RawClient.dial(server.member.clientPort)
    await stopInTime(server)
  })

  test('SIGTERM under load, snapshots following each other -> exit 0 within a second, and all that was acknowledged is there', async () => {
    const ensemble = await Ensemble.start({ count: 1, settings: { snapCount: 500 } })
    const server = ensemble.server(1)
    const client = await ensemble.client()
    const acknowledged: string[] = []
    let loading = true
    onTestFinished(() => {
      loading = false
    })
    const data = Buffer.alloc(1000, 'x')
    const writer = async (name: string): Promise<void> => {
      for (let i = 0; loading; i++) {
        await client.create(`/${name}-${i}`, data)
        acknowledged.push(`/${name}-${i}`)
      }
    }
    const writers = Array.from({ length: 50 }, (_, i) => writer(`w${i}`).catch(() => {}))
    await until('snapshots', () => (server.log.match(/took a snapshot/g)?.length ?? 0) >= 3)
    await stopInTime(server)
    loading = false
    await client.close()
    await Promise.all(writers)
    await ensemble.startAll()
    const again = await ensemble.client()
    const names = new Set((await again.getChildren('/')).map((name) => `/${name}`))
    expect(acknowledged.length).toBeGreaterThan(1000)
    expect(acknowledged.filter((path) => !names.has(path))).toEqual([])
  })

  test('SIGTERM with 1,000 connections -> exit 0 within a second', async () => {
    const ensemble = await Ensemble.start({ count: 1, settings: { maxClientCnxns: 0 } })
    const server = ensemble.server(1)
    const attaching = Array.from({ length: 1000 }, () => RawClient.attach(server.member.clientPort))
    const clients = await Promise.all(attaching)
    await stopInTime(server)
    await until('all connections to be closed', () => clients.every((client) => client.closed))
  })

  test('SIGTERM in the middle of a start that has much to replay -> exit 0 within a second, and the next start has it all', async () => {
    // The warning is what it says last before it opens its data.
    const settings = { snapCount: 1_000_000, 'fsync.warningthresholdms': 1000 }
    const ensemble = await Ensemble.start({ count: 1, settings })
    const server = ensemble.server(1)
    const client = await ensemble.client()
    const data = Buffer.alloc(1000, 'x')
    const count = 20_000
    for (let at = 0; at < count; at += 2000) {
      await Promise.all(Array.from({ length: 2000 }, (_, i) => client.create(`/n${at + i}`, data)))
    }
    await client.close()
    await server.kill()
    const warned = () => server.log.match(/fsync\.warningthresholdms/g)?.length ?? 0
    const before = warned()
    server.start()
    await until('it to open its data', () => warned() > before)
    await stopInTime(server)
    await ensemble.startAll()
    const again = await ensemble.client()
    expect((await again.getChildren('/')).filter((name) => name.startsWith('n'))).toHaveLength(count)
  })
})

/** Other work on the machine may make everything late: as much more is allowed. */
async function stopInTime(server: EnsembleServer): Promise<void> {
  const lateMs = bareProcessMs()
  const startMs = performance.now()
  expect(await server.terminate()).toEqual({ code: 0, signal: null })
  const tookMs = performance.now() - startMs
  expect(tookMs).toBeLessThan(stopMsMax + 2 * (await lateMs))
}
