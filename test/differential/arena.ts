import type { Comparison } from './compare.ts'
import type { Expected } from './listed.ts'
import { TargetPair } from './pair.ts'
import type { Program } from './program.ts'
import { type Kind, RunningServers } from './servers/running-servers.ts'
import { TargetFailure } from './target-failure.ts'

/** ZooKeeper is not what is tested: how often it may fail over one program. */
const attemptsMax = 4

/** Servers of two kinds, and programs compared on them. */
export class Arena {
  /** How often ZooKeeper had to be started anew. */
  restarts = 0
  readonly #kinds: readonly [Kind, Kind]
  readonly #serverCount: number
  readonly #expected: Expected
  #running: readonly RunningServers[] = []
  #pair: TargetPair | null = null

  /** @param kinds ZooKeeper's first */
  constructor(kinds: readonly [Kind, Kind], serverCount: number, expected: Expected) {
    this.#kinds = kinds
    this.#serverCount = serverCount
    this.#expected = expected
  }

  /**
   * Apache ZooKeeper 3.8 has requests that it never answers, and those behind them neither. Programs avoid those that are known;
   * where it falls silent all the same, both sides are started anew and the program is repeated. Whatever Banyan fails to do is
   * an error at once.
   */
  async compare(program: Program): Promise<Comparison> {
    for (let attempt = 1; ; attempt++) {
      try {
        const pair = this.#pair ?? (await this.#start())
        return await pair.compare(program)
      } catch (error) {
        const logs = this.#running.map((servers) => servers.logs()).join('\n')
        await this.stop()
        if (!(error instanceof TargetFailure) || error.side !== 0 || attempt === attemptsMax)
          throw new Error(`${String(error)}\n${logs}`, { cause: error })
        this.restarts++
      }
    }
  }

  async stop(): Promise<void> {
    this.#pair?.hangUp()
    this.#pair = null
    await Promise.all(this.#running.map((servers) => servers.stop()))
    this.#running = []
  }

  async #start(): Promise<TargetPair> {
    const started = await Promise.allSettled(
      this.#kinds.map((kind) => RunningServers.start(kind, this.#serverCount)),
    )
    this.#running = started.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
    const [theirs, ours] = this.#running
    if (theirs === undefined || ours === undefined)
      throw started.find((one) => one.status === 'rejected')?.reason ?? new Error('nothing was started')
    this.#pair = new TargetPair(theirs, ours, this.#expected)
    return this.#pair
  }
}
