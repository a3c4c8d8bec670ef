import type { SeededRandom } from '../../runtime/seeded-random.ts'
import { checkExactlyOnce, type ExactlyOnceHistory, type MadeNode } from '../checkers/exactly-once.ts'
import type { Violation } from '../checkers/violation.ts'
import { ViolationList } from '../checkers/violation-list.ts'
import type { Answer, Caller } from './caller.ts'
import { Crowd } from './crowd.ts'
import type { MakeWorkload, Workload, WorkloadContext } from './workload.ts'

/** As many as a session may leave unanswered, and more. */
const burstMax = 80
/** When so many nodes are left standing or uncertain, no more are made: memory stays bounded. */
const nodesMax = 1000

/** A node that only one session sets, each time with the version that its last set has left. */
interface Chain {
  path: string
  version: number
}

/** Sessions that asked for exactly-once send many writes at a time, and lose their connections with answers on the way. */
class ExactlyOnceWorkload implements Workload {
  readonly name = 'exactly-once'
  readonly #random: SeededRandom
  readonly #crowd: Crowd
  readonly #root: string
  readonly #pauseMsMax: number
  readonly #chains = new Map<Caller, Chain>()
  readonly #sets = { acknowledged: 0, unknown: 0 }
  readonly #made = new Map<string, MadeNode>()
  readonly #refused: { call: string; code: string }[] = []
  #names = 0
  #operationCount = 0

  constructor(context: WorkloadContext) {
    this.#random = context.random
    this.#root = context.root
    this.#pauseMsMax = this.#random.pick([50, 400])
    const callers = Array.from({ length: this.#random.between(1, 4) }, () => ({
      sessionTimeoutMs: this.#random.pick([3000, 10_000]),
      exactlyOnce: true,
    }))
    this.#crowd = new Crowd(context, callers)
  }

  get operationCount(): number {
    return this.#operationCount
  }

  async prepare(): Promise<void> {
    const caller = this.#crowd.caller({})
    if (await caller.ready()) {
      const { client } = caller
      await Promise.all(['count', 'nodes', 'chains'].map((name) => client.create(`${this.#root}/${name}`)))
    }
    await caller.close()
  }

  start(): void {
    this.#crowd.start((caller) => this.#act(caller))
  }

  stop(): Promise<void> {
    return this.#crowd.stop()
  }

  async check(): Promise<Violation[]> {
    const violations = new ViolationList()
    await this.#crowd.atEveryServer(async ({ client }) => {
      await client.sync(this.#root)
      const { stat } = await client.get(`${this.#root}/count`)
      const left: { token: string; path: string }[] = []
      for (const name of (await client.getChildren(`${this.#root}/nodes`)).sort()) {
        const path = `${this.#root}/nodes/${name}`
        left.push({ path, token: String((await client.get(path)).data) })
      }
      const history: ExactlyOnceHistory = {
        sets: this.#sets,
        setsCounted: stat.version,
        made: [...this.#made.values()],
        left,
        refused: this.#refused,
      }
      violations.add(...checkExactlyOnce(history))
    })
    return violations.all
  }

  async #act(caller: Caller): Promise<void> {
    const calls: Promise<boolean>[] = []
    const count = this.#random.between(1, this.#random.chance(1, 8) ? burstMax : 10)
    const chain = await this.#chainOf(caller)
    for (let i = 0; i < count; i++) {
      const kind = this.#random.below(3)
      if (kind === 0) calls.push(this.#setAny(caller))
      else if (kind === 1 && chain !== null) calls.push(this.#setNext(caller, chain))
      else if (this.#made.size < nodesMax) calls.push(this.#makeAndDelete(caller))
    }
    const answered = await Promise.all(calls)
    if (answered.includes(false)) {
      this.#chains.delete(caller)
      await caller.recover()
    }
    await caller.pause(this.#random.below(this.#pauseMsMax))
  }

  async #setAny(caller: Caller): Promise<boolean> {
    const { outcome } = await this.#refusable(
      'a set of any version',
      caller.call((client) => client.set(`${this.#root}/count`, ''), noZxid),
    )
    if (outcome.kind === 'ok') this.#sets.acknowledged++
    else if (outcome.kind === 'unknown') this.#sets.unknown++
    return outcome.kind !== 'unknown'
  }

  /** The versions of a whole burst are known before the first of it is answered. */
  async #setNext(caller: Caller, chain: Chain): Promise<boolean> {
    const version = chain.version++
    const { outcome } = await this.#refusable(
      `a set of ${chain.path} with version ${version}, which only this client sets,`,
      caller.call((client) => client.set(chain.path, '', { version }), noZxid),
    )
    return outcome.kind !== 'unknown'
  }

  async #makeAndDelete(caller: Caller): Promise<boolean> {
    const token = `t${++this.#names}`
    const sequential = this.#random.chance(1, 2)
    const wanted = `${this.#root}/nodes/${sequential ? 'item-' : token}`
    const node: MadeNode = { token, made: 'unknown', deleted: 'no' }
    this.#made.set(token, node)
    const { outcome } = await this.#refusable(
      `a create of ${wanted} as ${token}`,
      caller.call((client) => client.create(wanted, token, { sequential }), noZxid),
    )
    if (outcome.kind === 'unknown') return false
    if (outcome.kind === 'refused') {
      this.#made.delete(token)
      return true
    }
    node.made = 'acknowledged'
    if (this.#random.chance(1, 10)) return true
    const path = outcome.output
    const deletion = await this.#refusable(
      `a delete of ${path}, which only this client deletes,`,
      caller.call((client) => client.delete(path), noZxid),
    )
    // What is deleted need not be remembered: if it comes back, it is a node that nobody asked for.
    if (deletion.outcome.kind === 'ok') this.#made.delete(token)
    else node.deleted = 'unknown'
    return deletion.outcome.kind !== 'unknown'
  }

  /** A node for this client alone, made anew after a call whose fate is unknown. Null when it could not be made. */
  async #chainOf(caller: Caller): Promise<Chain | null> {
    const known = this.#chains.get(caller)
    if (known !== undefined) return known
    const path = `${this.#root}/chains/c${++this.#names}`
    const { outcome } = await this.#refusable(
      `a create of ${path}`,
      caller.call((client) => client.create(path), noZxid),
    )
    if (outcome.kind !== 'ok') return null
    const chain = { path, version: 0 }
    this.#chains.set(caller, chain)
    return chain
  }

  async #refusable<T>(call: string, calling: Promise<Answer<T>>): Promise<Answer<T>> {
    this.#operationCount++
    const answer = await calling
    const { outcome } = answer
    if (outcome.kind === 'refused') this.#refused.push({ call, code: outcome.code })
    return answer
  }
}

export const exactlyOnce: MakeWorkload = (context) => new ExactlyOnceWorkload(context)

const noZxid = (): number => 0
