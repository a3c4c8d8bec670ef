import type { Client } from '../../client/client.ts'
import { ZkError } from '../../client/zk-error.ts'
import type { LockHistory } from '../checkers/locks.ts'
import { checkLocks } from '../checkers/locks.ts'
import type { Violation } from '../checkers/violation.ts'
import { FencedResource } from './fenced-resource.ts'
import { inSession } from './in-session.ts'
import { LockQueue } from './lock-queue.ts'
import { outcomeOf } from './outcome-of.ts'
import { UntilStopped } from './until-stopped.ts'
import type { MakeWorkload, Workload, WorkloadContext } from './workload.ts'

type Mutable<T> = { [Key in keyof T]: T[Key] extends readonly (infer Item)[] ? Item[] : T[Key] }

const sessionTimeoutsMs = [1500, 3000, 6000]
/** Contenders rest when so much is remembered. */
const operationsMax = 200_000
/** The longest session timeout, and time for the servers to notice and to agree. */
const takenAtLastMs = 30_000

/**
 * Clients queue for a lock, as the recipe of ZooKeeper has it: an ephemeral sequential node each, the lowest one holds, every
 * other one watches the one before it. Holders write to a znode and to a resource outside, both fenced by the czxid of the lock
 * node; some keep writing after they have lost the lock, as a paused process would.
 */
export const locks: MakeWorkload = (context) => new Locks(context)

class Locks implements Workload {
  readonly name = 'locks'
  readonly #context: WorkloadContext
  readonly #until: UntilStopped
  readonly #resource = new FencedResource()
  readonly #history: Mutable<LockHistory>
  readonly #fenced: string
  readonly #queuePath: string
  readonly #found: Violation[] = []
  #running: Promise<unknown> = Promise.resolve()
  #operations = 0

  constructor(context: WorkloadContext) {
    this.#context = context
    this.#until = new UntilStopped(context.runtime.timers)
    this.#fenced = `${context.root}/fenced`
    this.#queuePath = `${context.root}/queue`
    this.#history = { grants: [], writes: [], reads: [], accepted: this.#resource.accepted }
  }

  get operationCount(): number {
    return this.#operations
  }

  async prepare(): Promise<void> {
    const client = this.#context.client()
    await client.connect()
    await client.create(this.#queuePath)
    await client.create(this.#fenced, '0')
    await client.close()
  }

  start(): void {
    const contenders = this.#context.random.between(2, 5)
    this.#running = Promise.all(Array.from({ length: contenders }, (_, index) => this.#contend(index)))
  }

  async stop(): Promise<void> {
    this.#until.stop()
    await this.#running
  }

  async check(): Promise<Violation[]> {
    const client = this.#context.client()
    const waited = await this.#takeAtLast(client)
    if (waited !== null) {
      this.#found.push({
        rule: 'lock: it can be taken once its holders are gone',
        problem: `with all servers up and nobody else queueing it was not granted within ${takenAtLastMs} ms: ${waited}`,
      })
    }
    await client.close()
    return [...this.#found, ...checkLocks(this.#history)]
  }

  /** Null when it was granted; otherwise what it waited for. */
  async #takeAtLast(client: Client): Promise<string | null> {
    const { clock, timers } = this.#context.runtime
    const until = new UntilStopped(timers)
    const nowMs = (): number => clock.monotonicMs()
    const queue = new LockQueue(client, this.#queuePath, until, nowMs)
    const giveUpMs = nowMs() + takenAtLastMs
    while (nowMs() < giveUpMs) {
      if (!(await inSession(client, until))) continue
      try {
        if ((await queue.take(false, giveUpMs - nowMs())) !== null) return null
      } catch (error) {
        if (!(error instanceof ZkError)) throw error
        await until.pause(100)
      }
    }
    return queue.waitsFor
  }

  async #contend(index: number): Promise<void> {
    const random = this.#context.random.fork(`contender ${index}`)
    const client = this.#context.client({ sessionTimeoutMs: random.pick(sessionTimeoutsMs) })
    const { clock } = this.#context.runtime
    const queue = new LockQueue(client, this.#queuePath, this.#until, () => clock.monotonicMs())
    while (!this.#until.stopped && this.#operations < operationsMax) {
      if (!(await inSession(client, this.#until))) continue
      try {
        const token = await this.#take(client, index, queue, random.chance(1, 2))
        if (token === null) continue
        const writes = random.between(1, 6)
        for (let i = 0; i < writes && !this.#until.stopped; i++) {
          if (!(await this.#write(client, index, queue, token, random.chance(1, 2)))) break
          await this.#until.pause(random.chance(1, 20) ? random.below(8000) : random.below(80))
          // What was on its way for long meets the resource only now.
          this.#resource.write(token)
        }
        await queue.release()
      } catch (error) {
        if (!(error instanceof ZkError)) throw error
        await this.#until.pause(random.below(200))
      }
      await this.#until.pause(random.below(100))
    }
    await client.close()
  }

  /** The token; null when the lock was not granted. */
  async #take(client: Client, index: number, queue: LockQueue, synced: boolean): Promise<number | null> {
    this.#operations++
    const granted = await queue.take(synced, Number.POSITIVE_INFINITY)
    if (queue.missedWatch !== null) {
      this.#found.push({ rule: 'lock: who waits is told', problem: `client ${index}: ${queue.missedWatch}` })
      queue.missedWatch = null
    }
    if (granted === null) return null
    // Shown to the resource before anything else happens: from here on it refuses older ones.
    this.#resource.write(granted.token)
    this.#history.grants.push({
      client: index,
      sessionId: Number(client.sessionId),
      calledUs: granted.calledMs * 1000,
      returnedUs: granted.returnedMs * 1000,
      input: { token: granted.token, sequence: granted.sequence, owner: granted.owner, synced },
      outcome: { kind: 'ok', output: null },
    })
    return granted.token
  }

  /** False when the lock is lost: there was a newer token, or the lock node was gone. */
  async #write(
    client: Client,
    index: number,
    queue: LockQueue,
    token: number,
    guarded: boolean,
  ): Promise<boolean> {
    this.#operations += 2
    const sessionId = Number(client.sessionId)
    const read = await outcomeOf(this.#context.runtime.clock, async () => {
      const { data, stat } = await client.get(this.#fenced)
      return { token: Number(String(data)), version: stat.version }
    })
    this.#history.reads.push({ client: index, sessionId, input: null, ...read })
    if (read.outcome.kind !== 'ok' || read.outcome.output.token > token) return false
    const { version } = read.outcome.output
    const written = await outcomeOf(this.#context.runtime.clock, async () => {
      if (!guarded) {
        const stat = await client.set(this.#fenced, String(token), { version })
        return { version: stat.version, zxid: stat.mzxid }
      }
      const [, { stat }] = await client
        .transaction()
        .check(queue.path)
        .set(this.#fenced, String(token), { version })
        .commit()
      return { version: stat.version, zxid: stat.mzxid }
    })
    this.#history.writes.push({ client: index, sessionId, input: { token, guarded, version }, ...written })
    // Who is not told goes on: only the tokens protect the znode from it.
    return !(written.outcome.kind === 'refused' && guarded)
  }
}
