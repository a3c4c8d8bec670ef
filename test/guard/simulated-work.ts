import type { Client } from '../../src/client/index.ts'
import { SimEnsemble } from '../../src/sim/sim-ensemble.ts'

/** What an ensemble of three does for a thousand operations, on all servers and clients together. */
export interface Work {
  /** Deliveries from server to server: what one turn has written for another server is one. */
  readonly serverDeliveries: number
  readonly serverBytes: number
  /** Between clients and servers, both ways. */
  readonly clientDeliveries: number
  readonly clientBytes: number
  readonly diskWrites: number
  readonly diskBytes: number
  readonly syncs: number
}

export type Operation = 'set' | 'create' | 'get'

const seed = 'work per operation'
const clientCount = 6
const inFlight = 50
const operationCount = 6_000
const nodeCount = 100
const data = Buffer.alloc(100, 'x')

/** The same on every machine: time, chance, network and disk are simulated. */
export async function workOf(operation: Operation): Promise<Work> {
  const counter = new WorkCounter()
  const ensemble = new SimEnsemble({
    seed,
    servers: 3,
    network: { splitsIn64: 0 },
    echo: (line) => counter.take(line),
  })
  ensemble.start()
  await ensemble.untilServing()
  const clients: Client[] = []
  for (let i = 0; i < clientCount; i++)
    clients.push(await ensemble.connectedClient({ servers: [(i % 3) + 1] }))
  const [first] = clients
  if (first === undefined) throw new Error('no clients')
  await ensemble.world.settle(first.create('/work', ''))
  for (let i = 0; i < nodeCount; i++) await ensemble.world.settle(first.create(`/work/z${i}`, data))
  await ensemble.world.settle(Promise.all(clients.map((client) => client.sync('/'))))
  counter.begin()
  await ensemble.world.settle(
    Promise.all(
      clients.flatMap((client, i) =>
        Array.from({ length: inFlight }, (_, j) => loop(client, operation, i, j)),
      ),
    ),
  )
  return counter.work(operationCount / 1000)
}

/** One operation after the other, as each of a client's callers does. */
async function loop(
  client: Client,
  operation: Operation,
  clientNumber: number,
  caller: number,
): Promise<void> {
  const rounds = operationCount / clientCount / inFlight
  for (let i = 0; i < rounds; i++) {
    const number = clientNumber * 1000 + caller * rounds + i
    const path = `/work/z${number % nodeCount}`
    if (operation === 'set') await client.set(path, data)
    else if (operation === 'get') await client.get(path)
    else await client.create(`/work/c${String(number).padStart(6, '0')}`, data)
  }
}

/** Adds up lines of the trace, such as `0.123456 s1 data s2 345 67890`. */
class WorkCounter {
  #counts = none()

  begin(): void {
    this.#counts = none()
  }

  take(line: string): void {
    const [, host = '', what, detail = '', bytesText] = line.trim().split(/ +/)
    const counts = this.#counts
    const bytes = Number(bytesText ?? 0)
    if (what === 'synced') counts.syncs++
    else if (what === 'write') {
      counts.diskWrites++
      counts.diskBytes += bytes
    } else if (what === 'data') {
      if (host.startsWith('s') && detail.startsWith('s')) {
        counts.serverDeliveries++
        counts.serverBytes += bytes
      } else {
        counts.clientDeliveries++
        counts.clientBytes += bytes
      }
    }
  }

  work(thousands: number): Work {
    const each = Object.entries(this.#counts).map(([name, count]) => [name, Math.round(count / thousands)])
    return Object.fromEntries(each) as Work
  }
}

function none(): { -readonly [K in keyof Work]: number } {
  return {
    serverDeliveries: 0,
    serverBytes: 0,
    clientDeliveries: 0,
    clientBytes: 0,
    diskWrites: 0,
    diskBytes: 0,
    syncs: 0,
  }
}
