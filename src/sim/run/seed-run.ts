import type { Client } from '../../client/client.ts'
import { ZkError } from '../../client/zk-error.ts'
import type { SeededRandom } from '../../runtime/seeded-random.ts'
import type { Violation } from '../checkers/violation.ts'
import { Nemesis } from '../faults/nemesis.ts'
import { SimEnsemble } from '../sim-ensemble.ts'
import { workloads } from '../workloads/index.ts'
import type { Workload, WorkloadContext } from '../workloads/workload.ts'
import { Overdue } from '../world.ts'
import type { Plan } from './plan.ts'
import { Standstill } from './standstill.ts'
import { catchUncaught } from './uncaught.ts'
import { Watch } from './watch.ts'

/** What came of one run. */
export interface SeedReport {
  readonly seed: number
  readonly violations: readonly Violation[]
  /** Over all that happened: equal exactly for equal runs. */
  readonly traceHash: string
  readonly simulatedMs: number
  readonly eventCount: number
  /** From the end of the faults until every server served again; 0 when it did not come to that. */
  readonly recoveryMs: number
  /** Transactions that were committed. */
  readonly commitCount: number
  readonly faults: Readonly<Record<string, number>>
  readonly operations: Readonly<Record<string, number>>
  /** The last lines of the trace, when something was violated. */
  readonly lines: readonly string[]
}

export interface SeedRunOptions {
  /** How many lines of the trace are reported on a violation. */
  lineCount?: number
  /** Is given every line of the trace as it happens. */
  echo?: (line: string) => void
}

const lineCountDefault = 200
const bootLimitMs = 30_000
const prepareLimitMs = 30_000
/** Elections, a leader's patience and a history brought over, more than once if need be. */
const recoveryLimitMs = 30_000
/** A session that is lost in the end is noticed within the longest timeout, and its client's calls are given up by then. */
const stopLimitMs = 60_000
const checkLimitMs = 60_000
/** The longest session timeout, after which nothing changes by itself any more, and then some. */
const convergenceLimitMs = 60_000
const sampleMs = 20
/** Of every other seed. Real servers note one of 128. */
const rareDigest = 16

/** Runs one plan from the first start of its servers to the last look at them. Never rejects: what goes wrong is reported. */
export async function runSeed(plan: Plan, options: SeedRunOptions = {}): Promise<SeedReport> {
  const run = new SeedRun(plan, options)
  const release = catchUncaught((what, error) => run.onUncaught(what, error))
  try {
    await run.run()
  } finally {
    release()
  }
  return run.report()
}

class SeedRun {
  readonly #plan: Plan
  readonly #lineCount: number
  readonly #ensemble: SimEnsemble
  readonly #watch: Watch
  readonly #standstill: Standstill
  readonly #nemesis: Nemesis
  readonly #workloads: Workload[] = []
  readonly #clients: Client[] = []
  readonly #violations: Violation[] = []
  #phase = 'start'
  #recoveryMs = 0

  constructor(plan: Plan, options: SeedRunOptions) {
    this.#plan = plan
    this.#lineCount = options.lineCount ?? lineCountDefault
    this.#ensemble = new SimEnsemble({
      seed: plan.seed,
      servers: plan.servers,
      gridUs: plan.gridUs,
      network: plan.network,
      disk: plan.disk,
      config: plan.config,
      storage: plan.storage,
      keptEvents: this.#lineCount,
      ...(options.echo === undefined ? {} : { echo: options.echo }),
      observer: (id) => this.#watch.observer(id),
      onServerStopped: (id, error) => this.#onServerStopped(id, error),
    })
    const { world } = this.#ensemble
    const digestEvery = plan.seed % 2 === 0 ? 1 : rareDigest
    this.#watch = new Watch(this.#ensemble, digestEvery, (violation) => this.#found(violation))
    this.#standstill = new Standstill(this.#ensemble, plan.config.tickTimeMs)
    this.#nemesis = new Nemesis({
      ensemble: this.#ensemble,
      random: world.random.fork('faults'),
      rates: plan.faults,
    })
  }

  async run(): Promise<void> {
    try {
      await this.#boot()
      await this.#underFaults()
      await this.#recover()
      await this.#lastLook()
    } catch (error) {
      if (this.#violations.length === 0) this.#violations.push(violationOf(this.#phase, error))
    }
  }

  /** A promise or a callback of a server, a client or a workload has failed with nobody to notice. */
  onUncaught(what: string, error: unknown): void {
    this.#found({ rule: what, problem: stackOf(error) })
  }

  report(): SeedReport {
    const { world } = this.#ensemble
    const failed = this.#violations.length > 0
    return {
      seed: this.#plan.seed,
      violations: this.#violations,
      traceHash: world.trace.hash,
      simulatedMs: world.nowMs,
      eventCount: world.eventCount,
      recoveryMs: this.#recoveryMs,
      commitCount: this.#watch.commitCount,
      faults: this.#nemesis.counts,
      operations: Object.fromEntries(
        this.#workloads.map(({ name, operationCount }) => [name, operationCount]),
      ),
      lines: failed ? world.trace.lines(this.#lineCount) : [],
    }
  }

  async #boot(): Promise<void> {
    this.#enter('boot')
    const { world, ids } = this.#ensemble
    this.#sample()
    this.#ensemble.start()
    await this.#untilServing(bootLimitMs)
    this.#enter('preparation of the workloads')
    const client = this.#newClient()
    const prepare = async (): Promise<void> => {
      await client.connect()
      for (const name of this.#plan.workloads) {
        const context = this.#contextOf(name)
        await client.create(context.root)
        const make = workloads[name]
        if (make !== undefined) this.#workloads.push(make(context))
      }
      await Promise.all(this.#workloads.map((workload) => workload.prepare()))
    }
    await world.settle(prepare(), prepareLimitMs)
    world.trace.add(world.nowUs, 'run', 'servers', ids.join(' '))
  }

  async #underFaults(): Promise<void> {
    this.#enter('faults')
    for (const workload of this.#workloads) workload.start()
    this.#nemesis.start()
    await this.#ensemble.world.runFor(this.#plan.faultMs)
  }

  /** Liveness: with nothing in its way any more, the ensemble serves again within a bounded time, each of its servers. */
  async #recover(): Promise<void> {
    this.#enter('recovery')
    const { world, ids } = this.#ensemble
    const beganMs = world.nowMs
    this.#nemesis.stop()
    await this.#untilServing(recoveryLimitMs)
    await world.settle(Promise.all(ids.map((id) => this.#probe(id))), recoveryLimitMs)
    this.#recoveryMs = world.nowMs - beganMs
  }

  /**
   * Resolves when the server has carried out a write for a client that knows no other one. What its slow disk was doing when
   * the faults ended takes it up to 20 s more; a session that was begun meanwhile may expire, and then there is another one.
   */
  async #probe(id: number): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const client = this.#newClient([id])
      try {
        await client.connect({ timeoutMs: recoveryLimitMs })
        await client.create(`/served-by-${id}${attempt === 1 ? '' : `-${attempt}`}`)
        await client.close()
        return
      } catch (error) {
        if (!ZkError.is(error, 'sessionExpired')) throw error
      }
    }
  }

  async #lastLook(): Promise<void> {
    const { world } = this.#ensemble
    this.#enter('end of the workloads')
    await world.settle(Promise.all(this.#workloads.map((workload) => workload.stop())), stopLimitMs)
    this.#enter('checks of the workloads')
    const checks = this.#workloads.map((workload) => workload.check())
    const found = await world.settle(Promise.all(checks), checkLimitMs)
    this.#violations.push(...found.flat())
    this.#enter('convergence')
    await world.settle(Promise.all(this.#clients.map((client) => client.close())), stopLimitMs)
    await world.run({ until: () => this.#sameEverywhere(), limitMs: convergenceLimitMs })
    this.#watch.sample()
  }

  #untilServing(limitMs: number): Promise<void> {
    const { world, ids } = this.#ensemble
    return world.run({ until: () => this.#ensemble.serveInOneReign(ids), limitMs })
  }

  #sameEverywhere(): boolean {
    const statuses = this.#ensemble.ids.map((id) => this.#watch.statusOf(id))
    const zxids = new Set(statuses.map((status) => status?.appliedZxid ?? -1))
    return zxids.size === 1 && !zxids.has(-1)
  }

  /** What no server tells by itself is looked at now and then. */
  #sample(): void {
    const { world } = this.#ensemble
    this.#watch.sample()
    this.#standstill.sample()
    world.at(world.nowMs + sampleMs, () => this.#sample())
  }

  #onServerStopped(id: number, error: unknown): void {
    const problem = this.#nemesis.problemOfStop(id, error)
    if (problem === null) return
    this.#found({ rule: 'a server stops by itself', problem: `server ${id}, ${problem}: ${stackOf(error)}` })
  }

  /** The first one ends the run: what comes behind it follows from it. */
  #found(violation: Violation): void {
    this.#violations.push(violation)
    this.#ensemble.world.fail(new Error(violation.problem))
  }

  #enter(phase: string): void {
    this.#phase = phase
    const { world } = this.#ensemble
    world.trace.add(world.nowUs, 'run', phase)
  }

  #newClient(servers?: readonly number[]): Client {
    const client = this.#ensemble.client(servers === undefined ? {} : { servers })
    this.#clients.push(client)
    return client
  }

  #contextOf(name: string): WorkloadContext {
    const ensemble = this.#ensemble
    const clients = this.#clients
    const { world } = ensemble
    const host = world.host(`w-${name}`)
    const random: SeededRandom = world.random.fork(`workload ${name}`)
    return {
      random,
      runtime: host.runtime,
      servers: ensemble.ids,
      root: `/${name}`,
      client(options) {
        const client = ensemble.client(options)
        clients.push(client)
        return client
      },
      standstillMs: () => this.#standstill.totalMs,
      note: (what) => host.note('note', what),
    }
  }
}

function violationOf(phase: string, error: unknown): Violation {
  if (error instanceof Overdue) return { rule: 'liveness', problem: `${phase}: ${error.why}` }
  return { rule: `failure in ${phase}`, problem: stackOf(error) }
}

const stackOf = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message) : String(error)
