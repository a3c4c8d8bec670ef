import { SeededRandom } from '../../runtime/seeded-random.ts'
import type { ServerConfig } from '../../server/config/server-config.ts'
import type { ServerOptions } from '../../server/server.ts'
import { type FaultRates, onlyRates } from '../faults/rates.ts'
import type { NetworkOptions } from '../network-fabric.ts'
import type { DiskLatency } from '../sim-disk.ts'
import { workloads } from '../workloads/index.ts'
import { drawCharacter, ratesOf, workloadsOf } from './characters.ts'
import { drawFaultRates } from './faults.ts'

/** All that a run is: drawn from its seed, so that the seed alone repeats it. */
export interface Plan {
  readonly seed: number
  /** What the draw was narrowed to beforehand; null: nothing. */
  readonly character: string | null
  readonly servers: number
  readonly network: NetworkOptions
  readonly gridUs: number
  readonly disk: DiskLatency
  readonly storage: Required<NonNullable<ServerOptions['storage']>>
  readonly config: Pick<
    ServerConfig,
    'snapCount' | 'leaderPreemption' | 'resync' | 'tickTimeMs' | 'heartbeatMs' | 'peerTimeoutMs'
  >
  readonly workloads: readonly string[]
  readonly faults: FaultRates
  /** How long there are faults, in simulated time. */
  readonly faultMs: number
}

/** What the command line takes out of the seed's hands. */
export interface Narrowing {
  /** These, and no others; empty: as drawn. */
  readonly workloads: readonly string[]
  readonly faults: readonly string[]
}

const asDrawn: Narrowing = { workloads: [], faults: [] }

const networks: readonly NetworkOptions[] = [
  { delayMinUs: 50, delayMaxUs: 500, resetNoticeMaxUs: 5_000, splitsIn64: 2 },
  { delayMinUs: 500, delayMaxUs: 4_000, resetNoticeMaxUs: 5_000, splitsIn64: 2 },
  { delayMinUs: 100, delayMaxUs: 20_000, resetNoticeMaxUs: 50_000, splitsIn64: 8 },
  { delayMinUs: 2_000, delayMaxUs: 3_000, resetNoticeMaxUs: 1_000, splitsIn64: 0 },
]

const disks: readonly DiskLatency[] = [
  { opMinUs: 20, opMaxUs: 200, syncMinUs: 200, syncMaxUs: 3_000 },
  { opMinUs: 10, opMaxUs: 50, syncMinUs: 50, syncMaxUs: 200 },
  { opMinUs: 50, opMaxUs: 1_000, syncMinUs: 2_000, syncMaxUs: 20_000 },
]

/** Each part draws from a stream of its own: to add one, or to name workloads and faults, shifts nothing else. */
export function drawPlan(seed: number, narrowing: Narrowing = asDrawn): Plan {
  const random = new SeededRandom(seed).fork('plan')
  const part = (name: string): SeededRandom => random.fork(name)
  const config = part('config')
  const storage = part('storage')
  const character = drawCharacter(part('character'))
  return {
    seed,
    character: character?.name ?? null,
    servers: part('servers').pick(character?.servers ?? [1, 3, 3, 3, 3, 3, 5, 5]),
    network: part('network').pick(networks),
    gridUs: part('grid').pick([20, 50, 50, 500]),
    disk: part('disk').pick(disks),
    storage: {
      segmentBytesMax: storage.pick([2_000, 20_000, 1_000_000]),
      preallocateBytes: storage.pick([0, 500, 4_096]),
      snapshotsKept: storage.pick([1, 1, 2, 3]),
    },
    config: {
      snapCount: config.pick([10, 50, 200, 1_000]),
      leaderPreemption: config.chance(3, 4),
      resync: config.chance(1, 8) ? 'full' : 'auto',
      tickTimeMs: config.pick([200, 500, 500]),
      heartbeatMs: config.pick([50, 100, 100]),
      peerTimeoutMs: config.pick([500, 1_000, 1_000]),
      ...character?.config,
    },
    workloads:
      narrowing.workloads.length > 0
        ? narrowing.workloads
        : character === null
          ? drawWorkloads(part('workloads'))
          : workloadsOf(character, part('workloads')),
    faults:
      narrowing.faults.length > 0 || character === null
        ? drawFaultRates(part('faults'), narrowing.faults)
        : onlyRates(ratesOf(character, part('faults'))),
    faultMs: part('length').between(3_000, 7_000),
  }
}

/** One to three of them. */
function drawWorkloads(random: SeededRandom): string[] {
  const left = Object.keys(workloads)
  const drawn: string[] = []
  for (let count = random.between(1, Math.min(3, left.length)); count > 0; count--) {
    drawn.push(...left.splice(random.below(left.length), 1))
  }
  return drawn
}

/** One line for each part, as they are printed before a run. */
export function describePlan(plan: Plan): string[] {
  const { network, disk, storage, config, faults } = plan
  const range = (min: number, max: number): string => `${ms(min)} to ${ms(max)}`
  const named = (values: object): string =>
    Object.entries(values)
      .map(([name, value]) => `${name}=${String(value)}`)
      .join(' ')
  const rates = Object.entries(faults)
    .filter(([, perMinute]) => perMinute > 0)
    .map(([name, perMinute]) => `${name} ${perMinute}`)
  return [
    `character  ${plan.character ?? 'none'}`,
    `servers    ${plan.servers}, ${(plan.faultMs / 1000).toFixed(1)} s of faults, instants every ${plan.gridUs} µs`,
    `network    ${range(network.delayMinUs, network.delayMaxUs)} one way, a reset is seen within ${ms(network.resetNoticeMaxUs)}, ${network.splitsIn64} of 64 pieces are split`,
    `disk       ${range(disk.opMinUs, disk.opMaxUs)}, a sync ${range(disk.syncMinUs, disk.syncMaxUs)}; ${named(storage)}`,
    `config     ${named(config)}`,
    `workloads  ${plan.workloads.join(', ')}`,
    `faults     ${rates.length === 0 ? 'none' : `${rates.join(', ')} (a minute)`}`,
  ]
}

const ms = (us: number): string => `${us / 1000} ms`
