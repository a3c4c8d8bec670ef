import type { SeededRandom } from '../../runtime/seeded-random.ts'
import type { Outcome } from '../checkers/operation.ts'
import { checkQueue, type Enqueued, type Listed, type Taken } from '../checkers/queue.ts'
import type { Violation } from '../checkers/violation.ts'
import { ViolationList } from '../checkers/violation-list.ts'
import type { Answer, Caller } from './caller.ts'
import { Crowd, drawCallers } from './crowd.ts'
import type { MakeWorkload, Workload, WorkloadContext } from './workload.ts'

/** The queue is not made longer than this: lists stay short. */
const lengthMax = 40
/** When so much is remembered, it rests: memory stays bounded. */
const callsMax = 10_000
const listsMax = 1000
const restMs = 1000

/** Producers make sequential nodes, consumers list them, and take the lowest. */
class QueueWorkload implements Workload {
  readonly name = 'queue'
  readonly #random: SeededRandom
  readonly #crowd: Crowd
  readonly #folder: string
  readonly #pauseMsMax: number
  readonly #enqueued: Enqueued[] = []
  readonly #taken: Taken[] = []
  readonly #listed: Listed[] = []
  #tokens = 0
  #operationCount = 0
  #lastLength = 0

  constructor(context: WorkloadContext) {
    this.#random = context.random
    this.#folder = `${context.root}/items`
    this.#pauseMsMax = this.#random.pick([20, 50, 300])
    this.#crowd = new Crowd(context, drawCallers(this.#random, this.#random.between(2, 6)))
  }

  get operationCount(): number {
    return this.#operationCount
  }

  async prepare(): Promise<void> {
    const caller = this.#crowd.caller({})
    if (await caller.ready()) await caller.client.create(this.#folder)
    await caller.close()
  }

  start(): void {
    this.#crowd.start((caller, index) => this.#act(caller, index))
  }

  stop(): Promise<void> {
    return this.#crowd.stop()
  }

  async check(): Promise<Violation[]> {
    const violations = new ViolationList()
    await this.#crowd.atEveryServer(async (caller) => {
      const { client } = caller
      await client.sync(this.#folder)
      const left = new Map<string, string>()
      for (const name of await client.getChildren(this.#folder)) {
        const { data } = await client.get(`${this.#folder}/${name}`)
        left.set(name, String(data))
      }
      const history = { enqueued: this.#enqueued, taken: this.#taken, listed: this.#listed, left }
      violations.add(...checkQueue(history))
    })
    return violations.all
  }

  async #act(caller: Caller, index: number): Promise<void> {
    if (this.#enqueued.length + this.#taken.length >= callsMax) {
      await caller.pause(restMs)
      return
    }
    const produces = index === 0 || (index > 1 && this.#random.chance(1, 2))
    const answered =
      produces && this.#lastLength < lengthMax ? await this.#produce(caller) : await this.#consume(caller)
    if (!answered) await caller.recover()
    await caller.pause(this.#random.below(this.#pauseMsMax))
  }

  /** One or several in one go; false when an answer stayed out. */
  async #produce(caller: Caller): Promise<boolean> {
    const count = this.#random.chance(2, 3) ? 1 : this.#random.between(2, 4)
    this.#operationCount += count
    const answers = await Promise.all(
      Array.from({ length: count }, async () => {
        const token = `t${++this.#tokens}`
        const answer = await caller.call(
          (client) => client.createWithStat(`${this.#folder}/item-`, token, { sequential: true }),
          ({ stat }) => stat.czxid,
        )
        return { token, answer }
      }),
    )
    for (const { token, answer } of answers) {
      this.#enqueued.push({
        ...timesOf(answer),
        token,
        outcome: mapped(answer.outcome, ({ path, stat }) => ({ name: lastName(path), czxid: stat.czxid })),
      })
    }
    this.#lastLength += count
    return answers.every(({ answer }) => answer.outcome.kind !== 'unknown')
  }

  async #consume(caller: Caller): Promise<boolean> {
    const names = await this.#list(caller)
    if (names === null) return false
    this.#lastLength = names.length
    const name = names.sort(byNumber)[0]
    if (name === undefined) return true
    const path = `${this.#folder}/${name}`
    const found = await caller.call(
      (client) => client.get(path),
      ({ stat }) => stat.mzxid,
    )
    if (found.outcome.kind !== 'ok') return found.outcome.kind !== 'unknown'
    const token = String(found.outcome.output.data)
    const answer = await caller.call(
      (client) => client.delete(path, { version: 0 }),
      () => 0,
    )
    this.#operationCount += 2
    this.#taken.push({ ...timesOf(answer), name, token, outcome: answer.outcome })
    return answer.outcome.kind !== 'unknown'
  }

  /** Null when the answer stayed out. Half of the lists are read behind a `sync`. */
  async #list(caller: Caller): Promise<string[] | null> {
    const sync = this.#random.chance(1, 2)
      ? caller.call(
          (client) => client.sync(this.#folder),
          () => 0,
        )
      : null
    const answer = await caller.call(
      (client) => client.getChildren(this.#folder),
      () => 0,
    )
    this.#operationCount++
    const synced = await sync
    if (answer.outcome.kind !== 'ok') return answer.outcome.kind === 'unknown' ? null : []
    const names = answer.outcome.output
    if (synced?.outcome.kind === 'ok' && this.#listed.length < listsMax) {
      this.#listed.push({ ...timesOf(answer), calledUs: synced.calledUs, names: [...names] })
    }
    return names
  }
}

export const queue: MakeWorkload = (context) => new QueueWorkload(context)

function timesOf({ client, calledUs, returnedUs }: Answer<unknown>) {
  return { client, calledUs, returnedUs }
}

function mapped<A, B>(outcome: Outcome<A>, change: (output: A) => B): Outcome<B> {
  return outcome.kind === 'ok' ? { kind: 'ok', output: change(outcome.output) } : outcome
}

function lastName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

function byNumber(a: string, b: string): number {
  return a < b ? -1 : 1
}
