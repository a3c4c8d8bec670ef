import type { Client } from '../../client/client.ts'
import { ZkError } from '../../client/zk-error.ts'
import type { Violation } from '../checkers/violation.ts'
import type { MakeWorkload, Workload, WorkloadContext } from './workload.ts'

const writersMax = 3
const thinkMsMax = 40

/**
 * Each writer creates /0, /1, /2, ... below a node of its own, one after the other and the next one only when the last is
 * answered, and every answer must be right: what was acknowledged is there in the end, once, and nothing is there that
 * nobody asked for.
 */
export const countingWriter: MakeWorkload = (context) => new CountingWriters(context)

class CountingWriters implements Workload {
  readonly name = 'counting-writer'
  readonly #context: WorkloadContext
  readonly #writers: Writer[] = []
  #done: Promise<unknown> = Promise.resolve()

  constructor(context: WorkloadContext) {
    this.#context = context
    const count = context.random.between(1, writersMax)
    for (let i = 0; i < count; i++) this.#writers.push(new Writer(context, `${context.root}/w${i}`))
  }

  get operationCount(): number {
    return this.#writers.reduce((sum, writer) => sum + writer.asked, 0)
  }

  async prepare(): Promise<void> {
    const client = this.#context.client()
    await client.connect()
    for (const { parent } of this.#writers) await client.create(parent)
  }

  start(): void {
    this.#done = Promise.all(this.#writers.map((writer) => writer.run()))
  }

  async stop(): Promise<void> {
    for (const writer of this.#writers) writer.stopped = true
    await this.#done
  }

  async check(): Promise<Violation[]> {
    const client = this.#context.client()
    await client.connect()
    await client.sync('/')
    const violations = this.#writers.flatMap((writer) => writer.violations)
    for (const writer of this.#writers) {
      violations.push(...judge(writer, await client.getChildren(writer.parent)))
    }
    return violations
  }
}

export interface Counted {
  readonly parent: string
  /** Names that were answered with success. */
  readonly acknowledged: readonly string[]
  /** Names that a creation was sent for, answered or not. */
  readonly asked: number
}

/** What is wrong with the children that stand there in the end. */
export function judge(writer: Counted, children: readonly string[]): Violation[] {
  const rule = 'acknowledged creations'
  const found = new Set(children)
  const missing = writer.acknowledged.filter((name) => !found.has(name))
  const strange = children.filter((name) => !/^\d+$/.test(name) || Number(name) >= writer.asked)
  const violations: Violation[] = []
  if (missing.length > 0)
    violations.push({
      rule,
      problem: `${writer.parent}: ${missing.length} of ${writer.acknowledged.length} acknowledged children are gone, the first is ${missing[0]}`,
    })
  if (strange.length > 0)
    violations.push({ rule, problem: `${writer.parent}: nobody created ${strange.join(', ')}` })
  return violations
}

class Writer implements Counted {
  readonly parent: string
  readonly acknowledged: string[] = []
  readonly violations: Violation[] = []
  asked = 0
  stopped = false
  readonly #context: WorkloadContext
  #client: Client

  constructor(context: WorkloadContext, parent: string) {
    this.#context = context
    this.parent = parent
    this.#client = this.#newClient()
  }

  async run(): Promise<void> {
    while (!this.stopped) {
      await this.#createNext()
      await this.#think()
    }
  }

  async #createNext(): Promise<void> {
    const name = String(this.asked++)
    try {
      if (this.#client.state === 'idle') await this.#client.connect({ timeoutMs: 5_000 })
      await this.#client.create(`${this.parent}/${name}`, name)
      this.acknowledged.push(name)
    } catch (error) {
      if (!(error instanceof ZkError)) throw error
      if (error.name === 'nodeExists') {
        // Every name is asked for once: that it exists can only be its own doing, carried out twice.
        const problem = `${this.parent}/${name} was created once and answered with "${error.message}"`
        this.violations.push({ rule: 'exactly once', problem })
      } else if (!error.retryable) {
        this.#context.note(`${this.parent}: ${error.message}; begins a new session`)
        this.#client = this.#newClient()
      }
    }
  }

  #newClient(): Client {
    return this.#context.client({ sessionTimeoutMs: this.#context.random.between(2_000, 10_000) })
  }

  #think(): Promise<void> {
    const { random, runtime } = this.#context
    return new Promise((resolve) => runtime.timers.after(random.below(thinkMsMax), resolve))
  }
}
