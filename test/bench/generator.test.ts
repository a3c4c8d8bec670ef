import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { BenchEnsemble } from '../../bench/ensembles/bench-ensemble.ts'
import { banyan } from '../../bench/ensembles/kinds.ts'
import type { LoadSpec, Mix } from '../../bench/load/load-spec.ts'
import { runLoad } from '../../bench/load/run-load.ts'
import { Client } from '../../src/client/index.ts'

describe('bench load generator, against one server', () => {
  let ensemble: BenchEnsemble
  const burst = (mix: Mix, more: Partial<LoadSpec> = {}): LoadSpec => ({
    servers: ensemble.addresses,
    connections: 4,
    window: 10,
    mix,
    dataBytes: 100,
    nodes: 50,
    parent: '/load',
    name: 'test',
    prepare: false,
    warmUpMs: 100,
    measureMs: 400,
    requestsMax: null,
    ...more,
  })

  beforeAll(async () => {
    expect(inject('buildFault')).toBeNull()
    ensemble = await BenchEnsemble.start(banyan, { count: 1 })
  })
  afterAll(() => ensemble?.end())

  it('mixed load on znodes that it makes -> both kinds of request are answered, none wrongly', async () => {
    const result = await runLoad(burst({ kind: 'mixed', readPercent: 50 }, { prepare: true }))
    expect(result).toMatchObject({ errors: 0, broken: 0, brokenReason: null })
    const { reads, writes, all } = result
    expect(all.count).toBe(reads.count + writes.count)
    expect(result.operationsPerSecond).toBeCloseTo((all.count / result.measuredMs) * 1000)
    // Each is one in two, whatever the machine does.
    expect(reads.count / all.count).toBeGreaterThan(0.3)
    expect(writes.count / all.count).toBeGreaterThan(0.3)
    expect(reads.p50Ms).toBeGreaterThan(0)
    expect(reads.p50Ms).toBeLessThanOrEqual(reads.p99Ms)
    expect(reads.p999Ms).toBeLessThanOrEqual(reads.maxMs)
  })

  it('so many creates -> so many znodes, no more', async () => {
    const result = await runLoad(
      burst({ kind: 'create' }, { parent: '/created', prepare: true, warmUpMs: 0, requestsMax: 123 }),
    )
    expect(result).toMatchObject({ errors: 0, broken: 0 })
    expect(result.all.count).toBe(123)
    const client = new Client({ servers: ensemble.addresses.join(',') })
    await client.connect()
    expect(await client.getChildren('/created')).toHaveLength(123)
    await client.close()
  })

  it('znodes that are not there -> every reply is an error, and is told as one', async () => {
    const result = await runLoad(burst({ kind: 'get' }, { parent: '/nowhere' }))
    expect(result.all.count).toBeGreaterThan(0)
    expect(result.errors).toBeGreaterThanOrEqual(result.all.count)
  })

  it('nobody listens -> rejected, with the address', async () => {
    await expect(runLoad(burst({ kind: 'get' }, { servers: ['127.0.0.1:1'] }))).rejects.toThrow('127.0.0.1:1')
  })
})
