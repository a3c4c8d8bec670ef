import { ZkError } from '../../client/zk-error.ts'
import type { Violation } from '../checkers/violation.ts'
import { checkWatches } from '../checkers/watches.ts'
import { inSession } from './in-session.ts'
import { LoneWriter } from './lone-writer.ts'
import { UntilStopped } from './until-stopped.ts'
import { WatchingClient } from './watching-client.ts'
import type { MakeWorkload, Workload, WorkloadContext } from './workload.ts'

/** All rest when so much is remembered. */
const recordsMax = 400_000

/**
 * Some clients change nodes, each its own, so that every change is known with its zxid; others watch these nodes, by watches of every
 * kind.
 */
export const watches: MakeWorkload = (context) => new Watches(context)

class Watches implements Workload {
  readonly name = 'watches'
  readonly #context: WorkloadContext
  readonly #until: UntilStopped
  readonly #writers: readonly LoneWriter[]
  readonly #watchers: WatchingClient[] = []
  /** Finish what the watching clients have begun. */
  readonly #last: (() => Promise<void>)[] = []
  #running: Promise<unknown> = Promise.resolve()
  #operations = 0

  constructor(context: WorkloadContext) {
    this.#context = context
    this.#until = new UntilStopped(context.runtime.timers)
    this.#writers = Array.from({ length: context.random.between(1, 3) }, (_, index) => {
      return new LoneWriter({
        client: context.client(),
        base: `${context.root}/w${index}`,
        mark: `${context.root}/mark${index}`,
        random: context.random.fork(`writer ${index}`),
        nowMs: () => context.runtime.clock.monotonicMs(),
      })
    })
  }

  get operationCount(): number {
    return this.#operations
  }

  async prepare(): Promise<void> {
    for (const writer of this.#writers) await writer.prepare()
  }

  start(): void {
    const { random } = this.#context
    // From a few changes between two looks to many.
    const restMs = random.pick([30, 100, 400])
    const watchers = random.between(1, 3)
    this.#running = Promise.all([
      ...this.#writers.map((writer, index) => this.#write(writer, index, restMs)),
      ...Array.from({ length: watchers }, (_, index) => this.#watch(index)),
    ])
  }

  async stop(): Promise<void> {
    this.#until.stop()
    await this.#running
  }

  async check(): Promise<Violation[]> {
    const until = new UntilStopped(this.#context.runtime.timers)
    for (const writer of this.#writers) await writer.settle(until)
    for (const look of this.#last) await look()
    const found = this.#writers.flatMap((writer) => writer.found)
    const changes = this.#writers.flatMap((writer) => writer.changes)
    const clients = this.#watchers.map(({ records }) => records)
    for (const writer of this.#writers) await writer.close()
    return [...found, ...checkWatches({ changes, clients })]
  }

  async #write(writer: LoneWriter, index: number, restMs: number): Promise<void> {
    const random = this.#context.random.fork(`writer's rest ${index}`)
    while (!this.#until.stopped && this.#hasRoom()) {
      this.#operations++
      await writer.step(this.#until)
      await this.#until.pause(random.below(restMs))
    }
  }

  async #watch(index: number): Promise<void> {
    const random = this.#context.random.fork(`watcher ${index}`)
    const client = this.#context.client({ sessionTimeoutMs: random.pick([2000, 6000]) })
    const paths = this.#writers.flatMap((writer) => writer.paths)
    const bases = this.#writers.map((writer) => writer.paths[0] ?? '/')
    const watcher = new WatchingClient(client, paths, bases, random)
    this.#watchers.push(watcher)
    const patiently = async (until: UntilStopped, call: () => Promise<void>): Promise<boolean> => {
      if (!(await inSession(client, until))) return false
      try {
        await call()
        return true
      } catch (error) {
        if (!(error instanceof ZkError)) throw error
        await until.pause(random.below(200))
        return false
      }
    }
    this.#last.push(async () => {
      const until = new UntilStopped(this.#context.runtime.timers)
      while (!(await patiently(until, () => watcher.lookAtLast())));
      await client.close()
    })
    while (!this.#until.stopped && this.#hasRoom()) {
      this.#operations++
      await patiently(this.#until, () => watcher.step())
      await this.#until.pause(random.below(120))
    }
  }

  #hasRoom(): boolean {
    const records = this.#watchers.reduce((sum, watcher) => sum + watcher.records.length, 0)
    return records + this.#writers.reduce((sum, writer) => sum + writer.changes.length, 0) < recordsMax
  }
}
