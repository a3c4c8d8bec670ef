import { cp, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Client, fourLetterWord } from '../../src/client/index.ts'
import { SeededRandom } from '../../src/runtime/seeded-random.ts'
import type { Violation } from '../../src/sim/checkers/violation.ts'
import { workloads } from '../../src/sim/workloads/index.ts'
import type { Workload } from '../../src/sim/workloads/workload.ts'
import type { Settings } from '../processes/harness/server-kind.ts'
import { ChaosEnsemble } from './chaos-ensemble.ts'
import { HistoryFile } from './history-file.ts'
import { Nemesis } from './nemesis.ts'
import type { ChaosNetwork } from './network/network.ts'
import { RealContext } from './real-context.ts'
import { checkServers, reigns } from './server-checks.ts'
import { type WritePause, WritePauses } from './write-pauses.ts'

/** How long an ensemble may take to be whole again when nothing is broken any more, and each workload to take its last look. */
const patienceMs = 60_000
const watchEveryMs = 100

export interface RoundOptions {
  /** Draws everything: servers, settings, faults, what the workloads do. */
  readonly seed: string
  /** How long faults happen. */
  readonly faultsMs: number
  readonly openNetwork: (ids: readonly number[], random: SeededRandom) => Promise<ChaosNetwork>
  /** Where a folder for what is wrong is made. */
  readonly keepIn: string
}

export interface RoundResult {
  readonly seed: string
  /** The options drawn, in words. */
  readonly drawn: string
  readonly servers: number
  readonly lastedMs: number
  readonly faults: ReadonlyMap<string, number>
  readonly operations: ReadonlyMap<string, number>
  /** Reigns after the first. */
  readonly failovers: number
  readonly longestPause: WritePause
  readonly violations: readonly Violation[]
  /** What there is to explain the violations; null when there are none. */
  readonly keptIn: string | null
}

/** One ensemble, from its founding under fair weather through faults to its last check. Its processes are gone after it. */
export async function runRound(options: RoundOptions): Promise<RoundResult> {
  const random = new SeededRandom(options.seed)
  const { count, settings } = drawOptions(random.fork('options'))
  const ids = Array.from({ length: count }, (_, i) => i + 1)
  const network = await options.openNetwork(ids, random.fork('network'))
  const ensemble = await ChaosEnsemble.prepare(network, ids, settings)
  const drawn = `${count} servers, ${Object.entries(settings)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ')}`
  const round = new Round(ensemble, random, drawn)
  try {
    await round.run(options.faultsMs)
    return await round.result(options)
  } finally {
    await round.end()
    await ensemble.killAll()
    await network.close()
    await ensemble.remove()
  }
}

/** Short ticks and small snapshots, so that much happens in a minute. */
function drawOptions(random: SeededRandom): { count: number; settings: Settings } {
  const settings = {
    tickTime: random.pick([200, 500]),
    initLimit: 40,
    syncLimit: random.pick([5, 10]),
    maxSessionTimeout: 40_000,
    snapCount: random.pick([50, 500, 5000, 100_000]),
    leaderPreemption: random.chance(3, 4) ? 'yes' : 'no',
    resync: random.chance(1, 5) ? 'full' : 'auto',
    maxClientCnxns: 0,
    extendedTypesEnabled: 'yes',
    '4lw.commands.whitelist': '*',
  }
  return { count: random.chance(1, 3) ? 5 : 3, settings }
}

class Round {
  readonly #ensemble: ChaosEnsemble
  readonly #random: SeededRandom
  readonly #drawn: string
  readonly #startMs = performance.now()
  readonly #history: HistoryFile
  readonly #events: string[] = []
  readonly #violations: Violation[] = []
  readonly #contexts: RealContext[] = []
  readonly #workloads: Workload[] = []
  #nemesis: Nemesis | null = null
  #pauses: WritePauses | null = null
  #hashes: string[] = []

  constructor(ensemble: ChaosEnsemble, random: SeededRandom, drawn: string) {
    this.#ensemble = ensemble
    this.#random = random
    this.#drawn = drawn
    this.#history = new HistoryFile(join(ensemble.folder, 'history.jsonl'))
  }

  async run(faultsMs: number): Promise<void> {
    await this.#prepare()
    const broken = new Promise<never>((_resolve, reject) => {
      this.#nemesis = new Nemesis({
        ensemble: this.#ensemble,
        random: this.#random.fork('nemesis'),
        note: (what) => this.#note(what),
        onFailure: reject,
      })
    })
    for (const workload of this.#workloads) workload.start()
    await Promise.race([this.#watch(faultsMs), broken])
    this.#note('no more faults')
    await this.#nemesis?.stop()
    await this.#expect('the ensemble is whole again when faults have stopped', () =>
      this.#ensemble.settled(patienceMs),
    )
    await this.#expect('every write is answered in the end', async () => this.#pauses?.stop(patienceMs))
    if (this.#violations.length > 0) return
    await Promise.all(this.#workloads.map((workload) => this.#judge(workload)))
    this.#hashes = await Promise.all(
      this.#ensemble.servers.map(({ address }) => fourLetterWord(address, 'hash').catch(() => '')),
    )
    this.#violations.push(...checkServers(this.#words()))
  }

  async result({ seed, keepIn }: RoundOptions): Promise<RoundResult> {
    const faults = this.#nemesis?.counts ?? new Map<string, number>()
    const operations = new Map(
      this.#workloads.map(({ name, operationCount }) => [name, operationCount] as const),
    )
    operations.set('write pauses', this.#pauses?.acknowledged ?? 0)
    await this.#history.close()
    return {
      seed,
      drawn: this.#drawn,
      servers: this.#ensemble.servers.length,
      lastedMs: performance.now() - this.#startMs,
      faults,
      operations,
      failovers: Math.max(0, reigns(this.#words()).size - 1),
      longestPause: this.#pauses?.longest ?? { lastedMs: 0, during: [] },
      violations: this.#violations,
      keptIn: this.#violations.length === 0 ? null : await this.#keep(keepIn, seed),
    }
  }

  async end(): Promise<void> {
    await this.#history.close()
    // Behind a violation they still run, and would take new clients for ever.
    for (const workload of this.#workloads) void workload.stop().catch(() => {})
    // Their servers may be gone already: nobody waits for a good-bye.
    for (const context of this.#contexts) void context.close().catch(() => {})
  }

  async #prepare(): Promise<void> {
    const { servers, ids } = this.#ensemble
    for (const server of servers) server.start()
    await this.#ensemble.settled(patienceMs)
    const addresses = this.#ensemble.clientAddresses(ids)
    this.#pauses = new WritePauses(addresses, () => this.#nemesis?.active ?? [])
    await this.#pauses.start()
    const founder = new Client({ servers: addresses })
    await founder.connect()
    for (const [name, make] of Object.entries(workloads)) {
      const root = `/${name}`
      await founder.create(root)
      const random = this.#random.fork(name)
      const context = new RealContext({ ensemble: this.#ensemble, random, root, history: this.#history })
      this.#contexts.push(context)
      this.#workloads.push(make(context))
    }
    await founder.close()
    await Promise.all(this.#workloads.map((workload) => workload.prepare()))
  }

  /** Until the time is over, or a server has ended that nobody ended. */
  async #watch(faultsMs: number): Promise<void> {
    const endMs = performance.now() + faultsMs
    while (performance.now() < endMs) {
      await new Promise((resolve) => setTimeout(resolve, watchEveryMs))
      for (const server of this.#ensemble.servers) {
        if (!server.fell) continue
        const { code, signal } = await server.child.ended
        this.#violations.push({
          rule: 'no server ends by itself',
          problem: `server ${server.id} ended with ${signal ?? `exit code ${code}`}: ${server.log.slice(-1000)}`,
        })
      }
      if (this.#violations.length > 0) return
    }
  }

  async #judge(workload: Workload): Promise<void> {
    const problemBefore = this.#violations.length
    await this.#expect(`${workload.name}: comes to its end with nothing broken any more`, async () => {
      await inTime(workload.stop(), patienceMs, `${workload.name} does not stop`)
      const found = await inTime(workload.check(), patienceMs, `${workload.name} does not judge`)
      this.#violations.push(
        ...found.map(({ rule, problem }) => ({ rule: `${workload.name}: ${rule}`, problem })),
      )
    })
    if (this.#violations.length === problemBefore) this.#note(`${workload.name}: all well`)
  }

  async #expect(rule: string, work: () => Promise<unknown>): Promise<void> {
    try {
      await work()
    } catch (error) {
      this.#violations.push({ rule, problem: error instanceof Error ? (error.stack ?? '') : String(error) })
    }
  }

  #words() {
    return this.#ensemble.servers.map(({ id, log }, i) => ({ id, log, hash: this.#hashes[i] ?? '' }))
  }

  #note(what: string): void {
    this.#history.note(what)
    this.#events.push(`${new Date().toISOString()} ${what}`)
  }

  async #keep(keepIn: string, seed: string): Promise<string> {
    const folder = join(keepIn, seed.replaceAll(/[^\w.-]/g, '-'))
    await mkdir(folder, { recursive: true })
    await this.#ensemble.killAll()
    await cp(this.#ensemble.folder, folder, { recursive: true })
    await writeFile(join(folder, 'events.txt'), `${this.#drawn}\n${this.#events.join('\n')}\n`)
    await writeFile(join(folder, 'violations.json'), `${JSON.stringify(this.#violations, null, 2)}\n`)
    return folder
  }
}

async function inTime<T>(work: Promise<T>, timeoutMs: number, problem: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`${problem} within ${timeoutMs} ms`)), timeoutMs)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
