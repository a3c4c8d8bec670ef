import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Client } from '../../src/client/index.ts'
import type { SimEnsemble } from '../../src/sim/sim-ensemble.ts'
import type { Figures } from './compare.ts'
import { countingRuntime, Traffic } from './counting-runtime.ts'
import {
  createLoad,
  exactSetLoad,
  getLoad,
  type Load,
  mixedLoad,
  oneSetLoad,
  prepareNodes,
  run,
  setLoad,
} from './loads.ts'
import { countMade, MadeObjects } from './made-objects.ts'

const servers = 3
const clientCount = 30
const ports = { client: 2181, leader: 4181 }

export const simulatedLoads: readonly Load[] = [
  setLoad,
  createLoad,
  getLoad,
  mixedLoad,
  oneSetLoad,
  exactSetLoad,
]

/**
 * Every delay is fixed, so that no figure depends on what the simulator draws: only clients differ, each is further away than
 * the one before.
 */
const serverDelayUs = 100
const apartUs = 50

/** Enough for buffers to have grown to what the load needs. */
const warmUpOperations = 300
/** Ten rounds of 30 clients with 10 in flight, or thirty of them with one. */
const operationsOf = (load: Load): number => (load.inFlight > 1 ? 3000 : 900)

/** What it took when the code was as it should be. */
export const exactTableFile = join(import.meta.dirname, 'exact-work.json')

export interface MeasureOptions {
  /** Folder of the sources to run; those of this project when left out. */
  readonly source?: string
  /** All when left out. */
  readonly loads?: readonly Load[]
}

/**
 * Runs every load in a simulated ensemble, whose figures are the same in every run on every machine, and says what 1,000
 * operations took, by load.
 */
export async function measureExactWork(options: MeasureOptions = {}): Promise<Map<string, Figures>> {
  const source = options.source ?? join(import.meta.dirname, '../../src')
  const module = pathToFileURL(join(source, 'sim/sim-ensemble.ts')).href
  const { SimEnsemble: Ensemble } = (await import(module)) as typeof import('../../src/sim/sim-ensemble.ts')
  const traffic = new Traffic()
  const ensemble = new Ensemble({
    seed: 'work per operation',
    servers,
    wrapRuntime: (runtime) => countingRuntime(runtime, ports, traffic),
    network: { delayMinUs: serverDelayUs, delayMaxUs: serverDelayUs, splitsIn64: 0 },
    disk: { opMinUs: 50, opMaxUs: 50, syncMinUs: 400, syncMaxUs: 400 },
    // Snapshots have their own rhythm.
    config: { snapCount: 1_000_000 },
  })
  ensemble.start()
  await ensemble.untilLeader(servers)
  await ensemble.untilServing()
  const { world } = ensemble
  const groups = {
    plain: await connectClients(ensemble, false),
    exact: await connectClients(ensemble, true, clientCount),
  }
  await world.settle(prepareNodes(groups.plain[0] as Client, clientCount))
  const hosts = ensemble.ids.map((id) => ensemble.host(id))
  const inServer = (): boolean => hosts.some((host) => host.runtime.inTurn)
  const figures = new Map<string, Figures>()
  for (const load of options.loads ?? simulatedLoads) {
    const operations = operationsOf(load)
    const clients = load.exactlyOnce === true ? groups.exact : groups.plain
    await world.settle(run(load, clients, warmUpOperations, 0))
    await ensemble.converge()
    const before = { ...traffic }
    const fromMs = world.nowMs
    const made = new MadeObjects()
    const stop = countMade(made, inServer)
    try {
      await world.settle(run(load, clients, operations, warmUpOperations))
    } finally {
      stop()
    }
    const counts = { ...difference(traffic, before), ...made, simulatedMs: world.nowMs - fromMs }
    figures.set(load.name, perThousand(counts, operations))
    await ensemble.converge()
  }
  return figures
}

/** Spread over the servers, each on a host of its own, further away than the one before. */
async function connectClients(ensemble: SimEnsemble, exactlyOnce: boolean, before = 0): Promise<Client[]> {
  const clients: Client[] = []
  for (let k = 0; k < clientCount; k++) {
    const server = 1 + (k % servers)
    const client = await ensemble.connectedClient({ servers: [server], exactlyOnce })
    clients.push(client)
    const delayMs = (serverDelayUs + k * apartUs) / 1000
    ensemble.world.network.setDelay(`c${before + k + 1}`, `s${server}`, { minMs: delayMs, maxMs: delayMs })
  }
  return clients
}

function difference(after: Traffic, before: Traffic): Figures {
  const figures: Figures = {}
  for (const name of Object.keys(before) as (keyof Traffic)[]) figures[name] = after[name] - before[name]
  return figures
}

function perThousand(counts: Figures, operations: number): Figures {
  const figures: Figures = {}
  for (const [name, count] of Object.entries(counts)) figures[name] = (count * 1000) / operations
  return figures
}
