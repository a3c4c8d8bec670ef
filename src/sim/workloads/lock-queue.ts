import type { Client } from '../../client/client.ts'
import { ZkError } from '../../client/zk-error.ts'
import type { UntilStopped } from './until-stopped.ts'

export interface Granted {
  token: number
  sequence: number
  owner: number
  /** The look at the queue that showed it, or the `sync` before it. */
  calledMs: number
  returnedMs: number
}

/** Who waits looks by itself after so long: either nothing has happened, or an event was missed. */
const lookAgainMs = 15_000

/** One client's place in the queue for a lock. */
export class LockQueue {
  /** Its lock node; empty when it has none. */
  path = ''
  /** Whom it waits for, in words. */
  waitsFor = 'it has no lock node'
  /** How an event that was due did not come, in words; null as long as none was missed. */
  missedWatch: string | null = null
  readonly #client: Client
  readonly #parent: string
  readonly #until: UntilStopped
  readonly #nowMs: () => number

  constructor(client: Client, parent: string, until: UntilStopped, nowMs: () => number) {
    this.#client = client
    this.#parent = parent
    this.#until = until
    this.#nowMs = nowMs
  }

  /**
   * Queues and waits for its turn. Null when its lock node is lost, the workload stops or `limitMs` have passed. Throws what
   * calls of the client do.
   *
   * @param synced whether to `sync` before each look
   */
  async take(synced: boolean, limitMs: number): Promise<Granted | null> {
    const giveUpMs = this.#nowMs() + limitMs
    this.path = await this.#enter()
    const own = this.path.slice(this.#parent.length + 1)
    while (!this.#until.stopped && this.#nowMs() < giveUpMs) {
      const calledMs = this.#nowMs()
      if (synced) await this.#client.sync(this.#parent)
      const queue = (await this.#client.getChildren(this.#parent)).sort(
        (a, b) => sequenceOf(a) - sequenceOf(b),
      )
      const place = queue.indexOf(own)
      if (place === -1) return null
      const returnedMs = this.#nowMs()
      const before = queue[place - 1]
      if (before !== undefined) {
        this.waitsFor = `${own} waits for ${before}`
        await this.#waitFor(`${this.#parent}/${before}`)
        continue
      }
      const stat = await this.#client.exists(this.path)
      if (stat === null) return null
      return {
        token: stat.czxid,
        sequence: sequenceOf(own),
        owner: Number(stat.ephemeralOwner),
        calledMs,
        returnedMs,
      }
    }
    await this.release()
    return null
  }

  /** Leaves the queue. */
  async release(): Promise<void> {
    if (this.path === '') return
    await this.#delete(this.path)
    this.path = ''
  }

  /**
   * A new lock node. Those that calls without an answer left behind are removed, or it would wait for itself. Only after its own
   * creation: nothing that the session asked for before can take effect any more then.
   */
  async #enter(): Promise<string> {
    const path = await this.#client.create(`${this.#parent}/n-`, '', { ephemeral: true, sequential: true })
    for (const left of await this.#client.getEphemerals(`${this.#parent}/`)) {
      if (left !== path) await this.#delete(left)
    }
    return path
  }

  async #delete(path: string): Promise<void> {
    try {
      await this.#client.delete(path)
    } catch (error) {
      if (!ZkError.is(error, 'noNode')) throw error
    }
  }

  /** Waits for the end of a lock node, or for anything that is a reason to look again. */
  async #waitFor(path: string): Promise<void> {
    let fired = false
    let wake = (): void => {}
    const stat = await this.#client.exists(path, {
      watch: () => {
        fired = true
        wake()
      },
    })
    if (stat === null || fired) return
    const { sessionId } = this.#client
    await this.#until.wait((happened) => {
      wake = happened
      return this.#client.on('state', (state) => {
        if (state === 'expired' || state === 'closed') happened()
      })
    }, lookAgainMs)
    if (fired || this.#until.stopped || this.#client.state !== 'connected') return
    // An event comes before any answer that shows its change.
    const now = await this.#client.exists(path)
    if (now === null && !fired && this.#client.sessionId === sessionId) {
      this.missedWatch = `it was shown that ${path} is gone, and the watch that it left there did not fire`
    }
  }
}

/** The number at the end of a sequential node's name. */
function sequenceOf(name: string): number {
  return Number(name.slice(-10))
}
