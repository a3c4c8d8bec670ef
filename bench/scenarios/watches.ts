import type { ServerKind } from '../../test/processes/harness/server-kind.ts'
import { LoneClient } from '../clients/lone-client.ts'
import type { BenchEnsemble } from '../ensembles/bench-ensemble.ts'
import { alternate, lineOf, type Sample, type Scenario, startSeconds, withEnsemble } from './scenario.ts'

const watchers = 10_000
const openedAtOnce = 100
const timeoutMs = 60_000
const path = '/watched'
/** About how fast ZooKeeper takes sessions. */
const sessionsPerSecond = 700

export const watches: Scenario = {
  name: 'watches',
  describe: 'a write that fires 10,000 watches, each of a session of its own',
  isDefault: false,
  secondsAbout: (_settings, kinds) => kinds * (2 * startSeconds + watchers / sessionsPerSecond),
  async run(bench) {
    const samples = await alternate(bench, 'watches', 1, (kind: ServerKind) => withEnsemble(kind, {}, fire))
    return [
      lineOf('watches', samples, 'writeMs', 'the write is answered', 'ms'),
      lineOf('watches', samples, 'lastMs', '10,000 sessions are told', 'ms'),
    ]
  },
}

async function fire({ addresses }: BenchEnsemble): Promise<Sample> {
  const writer = await LoneClient.open(addresses[0] as string, timeoutMs)
  const clients: LoneClient[] = []
  try {
    await writer.create(path, '')
    while (clients.length < watchers) {
      const batch = Array.from({ length: openedAtOnce }, (_, i) =>
        watcherAt(addresses[(clients.length + i) % addresses.length] as string),
      )
      clients.push(...(await Promise.all(batch)))
    }
    let told = 0
    const allTold = new Promise<number>((resolve, reject) => {
      const fail = (): void =>
        reject(new Error(`${told} of ${watchers} watches fired within ${timeoutMs} ms`))
      const timeout = setTimeout(fail, timeoutMs)
      for (const client of clients) {
        client.onEvent = () => {
          if (++told < watchers) return
          clearTimeout(timeout)
          resolve(performance.now())
        }
      }
    })
    const sentMs = performance.now()
    await writer.set(path, 'changed')
    const writeMs = performance.now() - sentMs
    return { writeMs, lastMs: (await allTold) - sentMs }
  } finally {
    for (const client of clients) client.destroy()
    writer.destroy()
  }
}

async function watcherAt(address: string): Promise<LoneClient> {
  const client = await LoneClient.open(address, timeoutMs)
  // The server may lag behind the one that made the znode.
  await client.sync(path)
  await client.get(path, true)
  return client
}
