import type { SeededRandom } from '../../runtime/seeded-random.ts'
import { checkSessions, type SessionLife } from '../checkers/sessions.ts'
import type { Violation } from '../checkers/violation.ts'
import { ViolationList } from '../checkers/violation-list.ts'
import { Caller } from './caller.ts'
import { Crowd } from './crowd.ts'
import type { MakeWorkload, Workload, WorkloadContext } from './workload.ts'

/** In all; each has a client of its own. */
const sessionsMax = 400
const sessionTimeoutMsMax = 4000
/** After the last session has ended its ephemeral nodes get so long: its timeout, twice, and some time for the servers. */
const goneWithinMs = 2 * sessionTimeoutMsMax + 10_000
const lookEveryMs = 500

/**
 * Hundreds of sessions that come and go, dozens at a time: some are closed, some stay until their connection is lost for too
 * long. Each makes a node that ends with it, and one that does not.
 */
class SessionsWorkload implements Workload {
  readonly name = 'sessions'
  readonly #context: WorkloadContext
  readonly #random: SeededRandom
  readonly #visitors: Crowd
  readonly #places: number
  readonly #stayMsMax: number
  readonly #lives: SessionLife[] = []
  readonly #open = new Set<Caller>()
  #sessions = 0
  #operationCount = 0
  #stopped = false
  #running: Promise<unknown> = Promise.resolve()

  constructor(context: WorkloadContext) {
    this.#context = context
    this.#random = context.random
    this.#visitors = new Crowd(context, [])
    this.#places = this.#random.pick([5, 10, 40])
    this.#stayMsMax = this.#random.pick([200, 2000, 6000])
  }

  get operationCount(): number {
    return this.#operationCount
  }

  async prepare(): Promise<void> {
    const caller = this.#visitors.caller({})
    if (await caller.ready()) {
      await caller.client.create(`${this.#context.root}/ephemeral`)
      await caller.client.create(`${this.#context.root}/lasting`)
    }
    await caller.close()
  }

  start(): void {
    this.#running = Promise.all(Array.from({ length: this.#places }, () => this.#fillPlace()))
  }

  async stop(): Promise<void> {
    this.#stopped = true
    for (const caller of this.#open) caller.stop()
    await this.#running
  }

  async check(): Promise<Violation[]> {
    const violations = new ViolationList()
    const { clock } = this.#context.runtime
    const deadlineMs = clock.monotonicMs() + goneWithinMs
    await this.#visitors.atEveryServer(async (caller) => {
      const { client } = caller
      const { root } = this.#context
      await client.sync(root)
      const lasting = new Set(
        (await client.getChildren(`${root}/lasting`)).map((name) => `${root}/lasting/${name}`),
      )
      let names = await client.getChildren(`${root}/ephemeral`)
      while (names.length > 0 && clock.monotonicMs() < deadlineMs) {
        await caller.pause(lookEveryMs)
        await client.sync(root)
        names = await client.getChildren(`${root}/ephemeral`)
      }
      const ephemerals = new Map<string, number>()
      for (const name of names.sort()) {
        const path = `${root}/ephemeral/${name}`
        const stat = await client.exists(path)
        if (stat !== null) ephemerals.set(path, Number(stat.ephemeralOwner))
      }
      violations.add(...checkSessions(this.#lives, { ephemerals, lasting }))
    })
    return violations.all
  }

  /** One session after the other. */
  async #fillPlace(): Promise<void> {
    while (!this.#stopped && this.#sessions < sessionsMax) {
      const number = this.#sessions++
      const caller = new Caller(
        this.#context,
        { sessionTimeoutMs: this.#random.pick([1000, 2000, sessionTimeoutMsMax]) },
        () => number,
      )
      this.#open.add(caller)
      if (await caller.ready()) await this.#live(caller, number)
      await caller.close()
      this.#open.delete(caller)
    }
  }

  async #live(caller: Caller, number: number): Promise<void> {
    const { root } = this.#context
    const ephemeral = `${root}/ephemeral/e${number}`
    const [made, lasting] = await Promise.all([
      caller.call((client) => client.create(ephemeral, '', { ephemeral: true }), noZxid),
      caller.call((client) => client.create(`${root}/lasting/l${number}`), noZxid),
    ])
    this.#operationCount += 2
    const life: SessionLife = {
      client: number,
      sessionId: made.sessionId,
      ephemeral,
      lasting: lasting.outcome.kind === 'ok' ? lasting.outcome.output : null,
      missedOwnEphemeral: false,
    }
    this.#lives.push(life)
    const untilMs = this.#context.runtime.clock.monotonicMs() + this.#random.below(this.#stayMsMax)
    while (made.outcome.kind === 'ok' && caller.client.state !== 'expired') {
      // In this order: a session that may write has not ended before.
      const [seen, written] = await Promise.all([
        caller.call((client) => client.exists(ephemeral), noZxid),
        caller.call((client) => client.set(`${root}/lasting/l${number}`, ''), noZxid),
      ])
      this.#operationCount += 2
      const wrote = written.outcome.kind === 'ok' && written.sessionId === life.sessionId
      if (wrote && seen.outcome.kind === 'ok' && seen.outcome.output === null) life.missedOwnEphemeral = true
      if (caller.stopped || this.#context.runtime.clock.monotonicMs() >= untilMs) return
      await caller.pause(this.#random.between(50, 1000))
    }
  }
}

export const sessions: MakeWorkload = (context) => new SessionsWorkload(context)

const noZxid = (): number => 0
