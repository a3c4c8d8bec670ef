import type { Client } from '../../client/client.ts'
import { ZkError } from '../../client/zk-error.ts'
import type { SeededRandom } from '../../runtime/seeded-random.ts'
import { checkEphemerals } from '../checkers/ephemerals.ts'
import type { Violation } from '../checkers/violation.ts'
import { EphemeralOwner, ownerInName } from './ephemeral-owner.ts'
import { EphemeralRegistry } from './ephemeral-registry.ts'
import { inSession } from './in-session.ts'
import { UntilStopped } from './until-stopped.ts'
import type { MakeWorkload, Workload, WorkloadContext } from './workload.ts'

const sessionTimeoutsMs = [1500, 3000, 6000]
/** Owners rest when so many operations were called: every node is remembered. */
const operationsMax = 200_000
/** On top of the longest timeout: for the servers to agree on a leader, for its ticks, and for its transactions. */
const goneAtLastMs = 15_000

/**
 * Clients make ephemeral nodes, and close their sessions, die or live on; others look at the nodes. They must be there as long as
 * their session, and not longer.
 */
export const ephemerals: MakeWorkload = (context) => new Ephemerals(context)

class Ephemerals implements Workload {
  readonly name = 'ephemerals'
  readonly #context: WorkloadContext
  readonly #until: UntilStopped
  readonly #registry = new EphemeralRegistry()
  /** Those that live until the check. */
  readonly #alive: EphemeralOwner[] = []
  readonly #parent: string
  readonly #shared: string
  #running: Promise<unknown> = Promise.resolve()

  constructor(context: WorkloadContext) {
    this.#context = context
    this.#until = new UntilStopped(context.runtime.timers)
    this.#parent = `${context.root}/nodes`
    this.#shared = `${context.root}/shared`
  }

  get operationCount(): number {
    return this.#registry.operationCount
  }

  async prepare(): Promise<void> {
    const client = this.#context.client()
    await client.connect()
    await client.create(this.#parent)
    await client.close()
  }

  start(): void {
    const owners = this.#context.random.between(2, 5)
    const observers = this.#context.random.between(1, 2)
    this.#running = Promise.all([
      ...Array.from({ length: owners }, (_, index) => this.#own(index)),
      ...Array.from({ length: observers }, (_, index) => this.#observe(index)),
    ])
  }

  async stop(): Promise<void> {
    this.#until.stop()
    await this.#running
  }

  async check(): Promise<Violation[]> {
    const client = this.#context.client()
    const left = await this.#lookUntil(client, (paths) => this.#withoutSession(paths).length === 0)
    const outlived = this.#withoutSession(left)
    if (outlived.length > 0) {
      this.#registry.found.push({
        rule: 'ephemerals: they are gone soon after their session',
        problem: `with all servers up these were still there ${this.#limitMs()} ms later, though the clients of their sessions are gone: ${outlived.join(', ')}`,
      })
    }
    // A write after the look shows that the session was alive then: what the look missed was gone too early.
    for (const owner of this.#alive) await owner.touch()
    for (const owner of this.#alive) await owner.close()
    await this.#lookUntil(client, () => true)
    await client.close()
    const { found, sessions, nodes } = this.#registry
    return [...found, ...checkEphemerals({ sessions, nodes: [...nodes.values()] })]
  }

  /** One owner after the other; the last one is there for the check, or not. */
  async #own(index: number): Promise<void> {
    const random = this.#context.random.fork(`owner ${index}`)
    while (!this.#until.stopped && this.operationCount < operationsMax) {
      const owner = new EphemeralOwner({
        client: this.#context.client({ sessionTimeoutMs: random.pick(sessionTimeoutsMs) }),
        parent: this.#parent,
        shared: this.#shared,
        random,
        registry: this.#registry,
        until: this.#until,
        nowUs: () => this.#nowUs(),
        standstillUs: () => Math.round((this.#context.standstillMs?.() ?? 0) * 1000),
      })
      await owner.live(random.between(5, 60))
      if (this.#until.stopped && random.chance(1, 2)) this.#alive.push(owner)
      else if (random.chance(1, 2)) await owner.die()
      else await owner.close()
    }
  }

  async #observe(index: number): Promise<void> {
    const random = this.#context.random.fork(`observer ${index}`)
    const client = this.#context.client()
    while (await inSession(client, this.#until)) {
      try {
        await this.#look(client)
        await this.#lookAtOwners(client, random)
      } catch (error) {
        if (!(error instanceof ZkError)) throw error
      }
      await this.#until.pause(random.below(200))
    }
    await client.close()
  }

  async #look(client: Client): Promise<Set<string>> {
    this.#registry.countOperation()
    const calledUs = this.#nowUs()
    await client.sync(this.#parent)
    const names = await client.getChildren(this.#parent)
    const paths = new Set(names.map((name) => `${this.#parent}/${name}`))
    this.#registry.seen(paths, calledUs, this.#nowUs())
    return paths
  }

  /** Of one of the nodes, and of the one that all want. */
  async #lookAtOwners(client: Client, random: SeededRandom): Promise<void> {
    const paths = await this.#look(client)
    if (paths.size > 0) {
      const path = random.pick([...paths])
      const stat = await client.exists(path)
      if (stat !== null) this.#registry.ownedBy(path, Number(stat.ephemeralOwner), ownerInName(path))
    }
    try {
      const { data, stat } = await client.get(this.#shared)
      this.#registry.ownedBy(this.#shared, Number(stat.ephemeralOwner), Number(String(data)))
    } catch (error) {
      if (!ZkError.is(error, 'noNode')) throw error
    }
  }

  /** Looks until it shows what is wanted or the time is over; what was there in the end. */
  async #lookUntil(client: Client, wanted: (paths: Set<string>) => boolean): Promise<Set<string>> {
    const until = new UntilStopped(this.#context.runtime.timers)
    const giveUpUs = this.#nowUs() + this.#limitMs() * 1000
    let paths = new Set<string>()
    do {
      if (!(await inSession(client, until))) continue
      try {
        paths = await this.#look(client)
        if (wanted(paths)) return paths
      } catch (error) {
        if (!(error instanceof ZkError)) throw error
      }
      await until.pause(250)
    } while (this.#nowUs() < giveUpUs)
    return paths
  }

  /** Nodes of sessions whose clients are gone. */
  #withoutSession(paths: ReadonlySet<string>): string[] {
    const alive = new Set(this.#alive.map(({ sessionId }) => sessionId))
    return [...paths].filter((path) => !alive.has(ownerInName(path)))
  }

  #limitMs(): number {
    return Math.max(0, ...this.#registry.sessions.map(({ timeoutMs }) => timeoutMs)) + goneAtLastMs
  }

  #nowUs(): number {
    return Math.round(this.#context.runtime.clock.monotonicMs() * 1000)
  }
}
