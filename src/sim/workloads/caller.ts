import type { Client } from '../../client/client.ts'
import { ZkError } from '../../client/zk-error.ts'
import type { Timer } from '../../runtime/timers.ts'
import type { Outcome } from '../checkers/operation.ts'
import { failureOf } from './outcome-of.ts'
import { UntilStopped } from './until-stopped.ts'
import type { WorkloadClientOptions, WorkloadContext } from './workload.ts'

/** No ensemble that can serve takes longer to take a client in. */
const connectTimeoutMs = 300_000
/** After the end was asked for, calls get so long to be answered; then they are given up. */
const graceMs = 30_000

/** How a call ended, and what is needed to place it among others. */
export interface Answer<T> {
  readonly client: number
  readonly sessionId: number
  readonly calledUs: number
  readonly returnedUs: number
  readonly outcome: Outcome<T>
  /** The newest transaction that the session had been told of, by answers to calls made before this one. */
  readonly floorZxid: number
  /** The newest that the client knew of just after the answer. */
  readonly ceilingZxid: number
}

/** One user of the ensemble: has a session, begins another when it has ended, and tells how each of its calls ended. */
export class Caller {
  readonly #context: WorkloadContext
  readonly #options: WorkloadClientOptions
  readonly #nextNumber: () => number
  #client: Client
  #number: number
  #floorZxid = 0
  readonly #until: UntilStopped
  #giveUpTimer: Timer | null = null

  /** @param nextNumber numbers the clients of a workload; one that could not connect is followed by another */
  constructor(context: WorkloadContext, options: WorkloadClientOptions, nextNumber: () => number) {
    this.#context = context
    this.#options = options
    this.#nextNumber = nextNumber
    this.#until = new UntilStopped(context.runtime.timers)
    this.#client = context.client(options)
    this.#number = nextNumber()
  }

  get client(): Client {
    return this.#client
  }

  get stopped(): boolean {
    return this.#until.stopped
  }

  /**
   * Waits until calls make sense: a session is there, even if its connection is lost just now.
   *
   * @returns false when the end was asked for
   */
  async ready(): Promise<boolean> {
    while (!this.stopped) {
      const { state } = this.#client
      if (state === 'connected' || state === 'suspended') return true
      if (state === 'closed') {
        this.#client = this.#context.client(this.#options)
        this.#number = this.#nextNumber()
        this.#floorZxid = 0
      }
      await this.#client.connect({ timeoutMs: connectTimeoutMs }).catch(ignoreFate)
    }
    return false
  }

  /**
   * Makes one call, now. `make` calls the client once; its promise is the client's own, so that answers are seen in their
   * order.
   *
   * @param zxidOf the newest transaction that an answer shows
   */
  async call<T>(make: (client: Client) => Promise<T>, zxidOf: (output: T) => number): Promise<Answer<T>> {
    const client = this.#client
    const number = this.#number
    const sessionId = Number(client.sessionId)
    const calledUs = this.nowUs()
    const knownZxid = client.lastZxid
    let outcome: Outcome<T>
    try {
      outcome = { kind: 'ok', output: await make(client) }
    } catch (error) {
      outcome = failureOf(error)
    }
    // Answers come in the order of the calls: what is known by now are those to earlier ones.
    const floorZxid = Math.max(knownZxid, this.#floorZxid)
    if (outcome.kind === 'ok') this.#floorZxid = Math.max(this.#floorZxid, zxidOf(outcome.output))
    const returnedUs = outcome.kind === 'unknown' ? Number.POSITIVE_INFINITY : this.nowUs()
    const ceilingZxid = client.lastZxid
    return { client: number, sessionId, calledUs, returnedUs, outcome, floorZxid, ceilingZxid }
  }

  /** Waits; less long when the end is asked for. */
  pause(ms: number): Promise<void> {
    return this.#until.pause(ms)
  }

  /** After a call without an answer: waits for a server, or for the end of the session. */
  async recover(): Promise<void> {
    if (this.stopped) return
    await this.#client.connected().catch(ignoreFate)
  }

  /** From now on no call is begun. Those under way are answered or, after a while, given up. */
  stop(): void {
    if (this.stopped) return
    this.#until.stop()
    if (this.#client.state === 'connecting') void this.close()
    else this.#giveUpTimer = this.#context.runtime.timers.after(graceMs, () => void this.close())
  }

  /** Ends the session, if it can be asked to. Calls that are still under way are given up. */
  async close(): Promise<void> {
    this.#until.stop()
    this.#giveUpTimer?.cancel()
    await this.#client.close()
  }

  nowUs(): number {
    return Math.round(this.#context.runtime.clock.monotonicMs() * 1000)
  }
}

/** For calls whose end shows in the state of the client. Anything but an error of the client is a fault of this program. */
function ignoreFate(error: unknown): void {
  if (!(error instanceof ZkError)) throw error
}
