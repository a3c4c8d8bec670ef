import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { until } from '../../test/processes/harness/until.ts'
import { LoneClient } from '../clients/lone-client.ts'
import type { BenchEnsemble } from '../ensembles/bench-ensemble.ts'
import { banyan } from '../ensembles/kinds.ts'
import { Histogram } from '../load/histogram.ts'
import { fill } from './big-tree.ts'
import {
  alternate,
  burst,
  filledPerSecond,
  lineOf,
  type Sample,
  type Scenario,
  startSeconds,
  withEnsemble,
} from './scenario.ts'

const monitor = pathToFileURL(join(import.meta.dirname, '../ensembles/stall-monitor.mjs')).href
const measureMs = 10_000
const pingEveryMs = 5
const pingTimeoutMs = 30_000
/** So that snapshots run all the while. */
const snapCount = 50_000

const stallFile = (folder: string, id: number): string => join(folder, `stalls-${id}.json`)

interface Stalls {
  readonly p999Ms: number
  readonly maxMs: number
}

export const stalls: Scenario = {
  name: 'stalls',
  describe:
    'the event loops of servers, and pings, with the large tree, under mixed load while snapshots are taken',
  isDefault: false,
  secondsAbout: ({ treeNodes }, kinds) =>
    kinds * (startSeconds + treeNodes / filledPerSecond + measureMs / 1000 + 5),
  async run(bench) {
    const { settings } = bench
    const samples = await alternate(bench, 'stalls', 1, (kind) => {
      const nodeOptions = (folder: string, id: number): string[] =>
        kind === banyan ? ['--import', `${monitor}?file=${encodeURIComponent(stallFile(folder, id))}`] : []
      return withEnsemble(
        kind,
        { nodeOptions, settings: { snapCount } },
        async (ensemble): Promise<Sample> => {
          await fill(ensemble, settings)
          if (kind === banyan) await stallsOf(ensemble)
          const load = burst(ensemble, settings, {
            mix: { kind: 'mixed', readPercent: 50 },
            prepare: true,
            measureMs,
          })
          const pings = await pingWhile(ensemble, load)
          await load
          if (kind !== banyan) return pings
          const loops = await stallsOf(ensemble)
          return {
            ...pings,
            loopP999: Math.max(...loops.map(({ p999Ms }) => p999Ms)),
            loopMax: Math.max(...loops.map(({ maxMs }) => maxMs)),
          }
        },
      )
    })
    return [
      lineOf('stalls', samples, 'loopP999', 'event loop, p99.9', 'ms', { of: 'figure', atMost: 20 }),
      lineOf('stalls', samples, 'loopMax', 'event loop, longest', 'ms', { of: 'figure', atMost: 100 }),
      lineOf('stalls', samples, 'pingP999', 'ping under load, p99.9', 'ms'),
      lineOf('stalls', samples, 'pingMax', 'ping under load, longest', 'ms'),
    ]
  },
}

/** What each server's loop has been through since it was asked last. */
async function stallsOf(ensemble: BenchEnsemble): Promise<Stalls[]> {
  return Promise.all(
    ensemble.servers.map(async (server) => {
      const file = stallFile(ensemble.folder, server.id)
      const text = existsSync(file) ? await readFile(file, 'utf8') : ''
      server.child.signal('SIGUSR2')
      return until(`the stalls of server ${server.id}`, async () => {
        const now = existsSync(file) ? await readFile(file, 'utf8') : ''
        return now !== text && (JSON.parse(now) as Stalls)
      })
    }),
  )
}

async function pingWhile(ensemble: BenchEnsemble, load: Promise<unknown>): Promise<Sample> {
  const pings = new Histogram()
  let going = true
  const over = (): void => {
    going = false
  }
  load.then(over, over)
  await Promise.all(
    ensemble.addresses.map(async (address) => {
      const client = await LoneClient.open(address, pingTimeoutMs)
      while (going) {
        const sentMs = performance.now()
        await client.ping()
        pings.add(performance.now() - sentMs)
        await sleep(pingEveryMs)
      }
      client.close()
    }),
  )
  return { pingP999: pings.quantileMs(0.999), pingMax: pings.maxMs }
}
