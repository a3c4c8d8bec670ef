import type { Client } from '../../client/client.ts'
import { ZkError } from '../../client/zk-error.ts'
import type { SeededRandom } from '../../runtime/seeded-random.ts'
import { parentOf, type TreeChange } from '../checkers/tree-changes.ts'
import type { Violation } from '../checkers/violation.ts'
import { inSession } from './in-session.ts'
import { outcomeOf } from './outcome-of.ts'
import type { UntilStopped } from './until-stopped.ts'

/** One write, and what it changes. */
interface Step {
  changes: { type: TreeChange['type']; path: string }[]
  /** Returns the zxid. */
  write(client: Client): Promise<number>
}

/**
 * The only one that writes below some node, one write at a time. So it knows all that ever happened there, each change with its
 * zxid, also where a write was not answered: then it looks what came of it before it goes on.
 */
export class LoneWriter {
  /** In the order of zxids. */
  readonly changes: TreeChange[] = []
  /** All nodes that there may be, parents first. The first one always stands. */
  readonly paths: readonly string[]
  readonly found: Violation[] = []
  readonly #client: Client
  readonly #mark: string
  readonly #random: SeededRandom
  readonly #nowMs: () => number
  /** Those that stand, with their mzxid. */
  readonly #standing = new Map<string, number>()
  #unsettled: Step | null = null

  constructor(options: {
    client: Client
    base: string
    mark: string
    random: SeededRandom
    nowMs: () => number
  }) {
    const { client, base, mark, random, nowMs } = options
    this.#client = client
    this.#mark = mark
    this.#random = random
    this.#nowMs = nowMs
    this.paths = [base, `${base}/a`, `${base}/b`, `${base}/a/x`, `${base}/a/y`, `${base}/b/x`]
  }

  async prepare(): Promise<void> {
    const [base = ''] = this.paths
    await this.#client.connect()
    await this.#client.create(this.#mark)
    const { stat } = await this.#client.createWithStat(base, '')
    this.#note([{ type: 'created', path: base }], stat.czxid)
  }

  /** Writes once, if it can. */
  async step(until: UntilStopped): Promise<void> {
    if (!(await this.settle(until))) return
    const step = this.#draw()
    this.#unsettled = step
    const { outcome } = await outcomeOf({ monotonicMs: this.#nowMs }, () => step.write(this.#client))
    if (outcome.kind === 'unknown') return
    this.#unsettled = null
    if (outcome.kind === 'ok') this.#note(step.changes, outcome.output)
    else {
      this.found.push({
        rule: 'watches: a lone writer finds its nodes as it left them',
        problem: `${tell(step)} was answered with ${outcome.code}`,
      })
      this.#unsettled = step
    }
  }

  /**
   * Finds out what came of a write that was not answered. A write of the same session, or of the next one, goes before the look:
   * nothing that was asked for earlier can take effect after it.
   *
   * The session may end while this waits for it. The bad timeline, if that were an end here: (1) a write takes effect and is told
   * to those who watch, its answer is lost; (2) the servers are gone for long, and when they are back the session is over; (3) the
   * change is left out of `changes`, and a true event looks invented.
   *
   * @returns false when the workload stops before that, or the client was closed
   */
  async settle(until: UntilStopped): Promise<boolean> {
    while (await inSession(this.#client, until)) {
      const step = this.#unsettled
      if (step === null) return true
      try {
        await this.#client.set(this.#mark, '')
        const zxid = await this.#outcome(step)
        this.#unsettled = null
        if (zxid !== null) this.#note(step.changes, zxid)
      } catch (error) {
        if (!(error instanceof ZkError)) throw error
        await until.pause(50)
      }
    }
    return false
  }

  close(): Promise<void> {
    return this.#client.close()
  }

  /** The zxid of the write; null when it took no effect. */
  async #outcome({ changes }: Step): Promise<number | null> {
    const [change] = changes
    if (change === undefined) return null
    const stat = await this.#client.exists(change.path)
    const knownMzxid = this.#standing.get(change.path)
    if (change.type === 'deleted') return stat === null ? this.#deletionZxid(this.#client, change.path) : null
    if (stat === null || stat.mzxid === knownMzxid) return null
    return stat.mzxid
  }

  /** Nothing else came or went below the parent since. */
  async #deletionZxid(client: Client, path: string): Promise<number> {
    const stat = await client.exists(parentOf(path))
    return stat?.pzxid ?? 0
  }

  #note(changes: Step['changes'], zxid: number): void {
    for (const { type, path } of changes) {
      this.changes.push({ type, path, zxid })
      if (type === 'deleted') this.#standing.delete(path)
      else this.#standing.set(path, zxid)
    }
  }

  /** A write that can only succeed. */
  #draw(): Step {
    const standing = [...this.#standing.keys()]
    const missing = this.paths.filter(
      (path) => !this.#standing.has(path) && this.#standing.has(parentOf(path)),
    )
    const leaves = standing.slice(1).filter((path) => !standing.some((other) => parentOf(other) === path))
    const random = this.#random
    const kind = random.below(6)
    if (kind <= 1 && missing.length > 0) return this.#create(random.pick(missing))
    if (kind === 2 && leaves.length > 0) return this.#delete(random.pick(leaves))
    if (kind === 3 && standing.length > 1) return this.#setTwo(standing)
    return this.#set(random.pick(standing))
  }

  #create(path: string): Step {
    return {
      changes: [{ type: 'created', path }],
      write: async (client) => (await client.createWithStat(path, '')).stat.czxid,
    }
  }

  #delete(path: string): Step {
    return {
      changes: [{ type: 'deleted', path }],
      write: async (client) => {
        await client.delete(path)
        return this.#deletionZxid(client, path)
      },
    }
  }

  #set(path: string): Step {
    return {
      changes: [{ type: 'dataChanged', path }],
      write: async (client) => (await client.set(path, 'x')).mzxid,
    }
  }

  /** Two changes of one transaction. */
  #setTwo(standing: readonly string[]): Step {
    const first = this.#random.pick(standing)
    const second = this.#random.pick(standing.filter((path) => path !== first))
    return {
      changes: [
        { type: 'dataChanged', path: first },
        { type: 'dataChanged', path: second },
      ],
      write: async (client) => {
        const [{ stat }] = await client.transaction().set(first, 'y').set(second, 'y').commit()
        return stat.mzxid
      },
    }
  }
}

function tell({ changes }: Step): string {
  return changes.map(({ type, path }) => `${type} ${path}`).join(' and ')
}
