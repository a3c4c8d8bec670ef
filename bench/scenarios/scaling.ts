import type { Line } from '../report/line.ts'
import {
  alternate,
  type Bench,
  burst,
  burstSeconds,
  filledPerSecond,
  lineOf,
  type Scenario,
  startSeconds,
  withEnsembles,
} from './scenario.ts'

const kB = 1000
const payloads = [0, 100, kB, 10 * kB, 100 * kB]
const serverCounts = [1, 3, 5]
const treeSizes = [1000, 10_000, 100_000, 1_000_000]
/** So that the requests in flight fit in memory also with the largest payload. */
const payloadWindow = { connections: 10, window: 5 }
/** About how fast ZooKeeper makes znodes. */

export const payload: Scenario = {
  name: 'payload',
  describe: 'sets and gets of 0 B to 100 kB, 10 connections with 5 in flight',
  isDefault: false,
  secondsAbout: (settings, kinds) => kinds * (startSeconds + payloads.length * 3 * burstSeconds(settings)),
  run: (bench) =>
    withEnsembles(bench, {}, async (ensembleOf) => {
      const lines: Line[] = []
      for (const dataBytes of payloads) {
        const what = dataBytes >= kB ? `${dataBytes / kB} kB` : `${dataBytes} B`
        const samples = await alternate(bench, `payload: ${what}`, 1, async (kind) => {
          const spec = { ...payloadWindow, dataBytes, nodes: 200, parent: `/payload-${dataBytes}` }
          const ensemble = ensembleOf(kind)
          const sets = await burst(ensemble, bench.settings, { ...spec, mix: { kind: 'set' }, prepare: true })
          const gets = await burst(ensemble, bench.settings, { ...spec, mix: { kind: 'get' } })
          return { sets: sets.operationsPerSecond, gets: gets.operationsPerSecond }
        })
        lines.push(lineOf('payload', samples, 'sets', `set ${what}`, '/s'))
        lines.push(lineOf('payload', samples, 'gets', `get ${what}`, '/s'))
      }
      return lines
    }),
}

export const servers: Scenario = {
  name: 'servers',
  describe: 'sets and gets with 1, 3 and 5 servers',
  isDefault: false,
  secondsAbout: (settings, kinds) =>
    kinds * serverCounts.length * (startSeconds + 2 * burstSeconds(settings)),
  async run(bench) {
    const lines: Line[] = []
    for (const count of serverCounts) {
      lines.push(
        ...(await withEnsembles(bench, { count }, (of) =>
          setsAndGets(bench, 'servers', `${count}`, 1000, of),
        )),
      )
    }
    return lines
  },
}

export const treeSize: Scenario = {
  name: 'tree-size',
  describe: 'sets and gets that draw from 1,000 to 1,000,000 znodes',
  isDefault: false,
  secondsAbout: (settings, kinds) =>
    kinds *
    (startSeconds +
      sizes(settings.treeNodes).reduce((s, n) => s + 2 * burstSeconds(settings) + n / filledPerSecond, 0)),
  run: (bench) =>
    withEnsembles(bench, {}, async (ensembleOf) => {
      const lines: Line[] = []
      for (const nodes of sizes(bench.settings.treeNodes)) {
        const what = `${nodes.toLocaleString('en')} znodes`
        lines.push(...(await setsAndGets(bench, 'tree-size', what, nodes, ensembleOf)))
      }
      return lines
    }),
}

const sizes = (treeNodes: number): number[] => treeSizes.filter((size) => size <= treeNodes)

async function setsAndGets(
  bench: Bench,
  scenario: string,
  what: string,
  nodes: number,
  ensembleOf: Parameters<Parameters<typeof withEnsembles>[2]>[0],
): Promise<Line[]> {
  const samples = await alternate(bench, `${scenario}: ${what}`, 1, async (kind) => {
    const spec = { nodes, parent: `/tree-${nodes}` }
    const ensemble = ensembleOf(kind)
    const sets = await burst(ensemble, bench.settings, { ...spec, mix: { kind: 'set' }, prepare: true })
    const gets = await burst(ensemble, bench.settings, { ...spec, mix: { kind: 'get' } })
    return { sets: sets.operationsPerSecond, gets: gets.operationsPerSecond }
  })
  return [
    lineOf(scenario, samples, 'sets', `set, ${what}`, '/s'),
    lineOf(scenario, samples, 'gets', `get, ${what}`, '/s'),
  ]
}
