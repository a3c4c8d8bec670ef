import { setTimeout as sleep } from 'node:timers/promises'
import { firstWriteMs } from '../clients/first-write.ts'
import type { BenchEnsemble } from '../ensembles/bench-ensemble.ts'
import type { Line } from '../report/line.ts'
import {
  alternate,
  type BenchSettings,
  burst,
  filledPerSecond,
  lineOf,
  type Sample,
  type Scenario,
  startSeconds,
  withEnsemble,
} from './scenario.ts'

const idleMs = 5_000
const million = 1_000_000
const bytesPerMB = 1e6

const fillSeconds = ({ treeNodes }: BenchSettings): number => treeNodes / filledPerSecond

/** Puts the large tree into it: znodes of 100 bytes, all children of one. */
export async function fill(ensemble: BenchEnsemble, settings: BenchSettings): Promise<void> {
  await burst(ensemble, settings, {
    mix: { kind: 'create' },
    parent: '/tree',
    prepare: true,
    warmUpMs: 0,
    requestsMax: settings.treeNodes,
  })
}

const nodesText = ({ treeNodes }: BenchSettings): string => `${treeNodes.toLocaleString('en')} znodes`

export const memory: Scenario = {
  name: 'memory',
  describe: 'resident memory of the largest of three servers, idle and with the large tree',
  isDefault: false,
  secondsAbout: (settings, kinds) => kinds * (startSeconds + fillSeconds(settings) + (2 * idleMs) / 1000),
  async run(bench) {
    const { settings } = bench
    const samples = await alternate(bench, `memory: ${nodesText(settings)}`, 1, (kind) =>
      withEnsemble(kind, {}, async (ensemble) => {
        await sleep(idleMs)
        const idle = ensemble.residentBytesMax / bytesPerMB
        await fill(ensemble, settings)
        await sleep(idleMs)
        return { idle, filled: ensemble.residentBytesMax / bytesPerMB }
      }),
    )
    return [
      lineOf('memory', samples, 'idle', 'idle server', 'MB', { of: 'figure', atMost: 70 }),
      lineOf(
        'memory',
        samples,
        'filled',
        nodesText(settings),
        'MB',
        settings.treeNodes === million ? { of: 'figure', atMost: 450 } : null,
      ),
    ]
  },
}

export const restart: Scenario = {
  name: 'restart',
  describe:
    'three servers with the large tree are killed and started: the first acknowledged write, and all serve',
  isDefault: false,
  secondsAbout: (settings, kinds) => kinds * (startSeconds + 2 * fillSeconds(settings)),
  async run(bench) {
    const { settings } = bench
    const samples = await alternate(bench, `restart: ${nodesText(settings)}`, 1, (kind) =>
      withEnsemble(kind, {}, async (ensemble): Promise<Sample> => {
        await fill(ensemble, settings)
        await ensemble.killAll()
        const startMs = performance.now()
        ensemble.startAll()
        const firstMs = await firstWriteMs(ensemble.addresses)
        await ensemble.settled()
        return { firstMs, allMs: performance.now() - startMs }
      }),
    )
    const target = settings.treeNodes === million ? ({ of: 'figure', atMost: 3000 } as const) : null
    const lines: Line[] = [
      lineOf('restart', samples, 'firstMs', `first write, ${nodesText(settings)}`, 'ms', target),
      lineOf('restart', samples, 'allMs', 'all three serve', 'ms'),
    ]
    return lines
  },
}
