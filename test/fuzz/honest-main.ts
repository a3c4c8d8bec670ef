import { Client, ZkError } from '../../src/client/index.ts'
import type { HonestFigures } from './honest-clients.ts'

// The program of HonestClients: one client at each server, which sets and reads back, over and over.
const betweenMs = 5
const failuresKept = 20

const [addresses = ''] = process.argv.slice(2)
const latenciesMs: number[] = []
const failures: string[] = []
let stopping = false

const clients = addresses.split(',').map((servers) => new Client({ servers, sessionTimeoutMs: 20_000 }))
await Promise.all(clients.map((client) => client.connect()))
const root = await clients[0]?.create('/honest-', null, { sequential: true })
const working = clients.map((client, i) => work(client, `${root}/${i}`))
process.send?.('ready')
process.once('message', async () => {
  stopping = true
  await Promise.all(working)
  await Promise.all(clients.map((client) => client.close()))
  process.send?.(figures())
})
process.once('disconnect', () => process.exit())

async function work(client: Client, path: string): Promise<void> {
  await client.create(path)
  for (let i = 0; !stopping; i++) {
    const value = String(i)
    const stat = await timed(() => client.set(path, value))
    const found = await timed(() => client.get(path))
    if (stat !== null && found !== null && found.data?.toString() !== value)
      fail(`read ${found.data} instead of ${value}`)
    await new Promise((resolve) => setTimeout(resolve, betweenMs))
  }
}

async function timed<T>(call: () => Promise<T>): Promise<T | null> {
  const startMs = performance.now()
  try {
    const answer = await call()
    latenciesMs.push(performance.now() - startMs)
    return answer
  } catch (error) {
    if (!(error instanceof ZkError)) throw error
    fail(String(error))
    return null
  }
}

function fail(what: string): void {
  if (failures.length < failuresKept) failures.push(what)
}

function figures(): HonestFigures {
  const sorted = latenciesMs.toSorted((a, b) => a - b)
  const at = (part: number): number => Math.round((sorted[Math.floor(sorted.length * part)] ?? 0) * 10) / 10
  return {
    operations: sorted.length,
    failures,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    maxMs: Math.round(sorted.at(-1) ?? 0),
  }
}
