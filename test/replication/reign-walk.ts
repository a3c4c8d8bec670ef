import { conditionOf } from '../../src/replication/condition.ts'
import { SeededRandom } from '../../src/runtime/seeded-random.ts'
import { calm, heal } from '../explore/model/calm.ts'
import { Violation } from '../explore/model/ledger.ts'
import type { Luck } from '../explore/model/luck.ts'
import type { Mutation } from '../explore/model/mutation.ts'
import type { ServerState } from '../explore/model/state.ts'
import { lastOf } from '../explore/model/transactions.ts'
import { World } from '../explore/model/world.ts'

const wipesMax = 5
const traceLines = 60

/**
 * A random walk of a few servers over the real `Leader` and `Follower`: disks lose what was not synced, links keep their
 * order and end late or at once, servers stand whenever they like, and one disk at a time is lost. `World` checks all along.
 */
export class ReignWalk {
  readonly random: SeededRandom
  readonly world: World
  /** What can happen, with how often it does in an average walk. */
  readonly #moves: readonly [weight: number, move: () => void][] = [
    [4, () => this.world.stand(this.#pick())],
    [40, () => this.#joinSomebody(this.#pick())],
    [30, () => this.world.tell(this.#pick(), this.#pick())],
    [3, () => this.world.crash(this.#pick())],
    [3, () => this.#loseDisk(this.#pick())],
    [3, () => this.#cut()],
    [1, () => this.#with(leads, (id) => this.world.endAttempt(id, 'it steps down'))],
    [
      45,
      () =>
        this.#with(
          ({ id }) => this.world.canPropose(id),
          (id) => this.world.propose(id),
        ),
    ],
    [15, () => this.#with(follows, (id) => this.world.askSync(id))],
    [10, () => this.#with(leads, (id) => this.world.heartbeat(id))],
    [
      200,
      () =>
        this.#with(
          ({ writes }) => writes.length > 0,
          (id) => this.world.write(id),
        ),
    ],
    [50, () => this.#with(owesHistory, (id) => this.world.sendHistory(id))],
    [270, () => this.#with(hasToRead, (id) => this.world.deliverDown(id))],
    [
      280,
      () =>
        this.#with(
          ({ id }) => this.world.waiting(id).length > 0,
          (id) => this.#readUp(id),
        ),
    ],
  ]
  readonly #weights: number[]
  readonly #weightSum: number
  /** Who follows turns to another leader once in so many occasions. */
  readonly #faithfulness: number

  constructor(size: number, seed: number | string, mutation: Mutation | null = null) {
    this.random = new SeededRandom(seed)
    this.world = new World(size, { luck: luckOf(this.random), mutation })
    this.world.trace = []
    // Every walk has its own mixture, so that rare sequences of events become common in some of them.
    this.#weights = this.#moves.map(([weight]) => weight * this.random.pick([1, 3, 3, 9]))
    this.#faithfulness = this.random.pick([2, 10, 50])
    this.#weightSum = this.#weights.reduce((sum, weight) => sum + weight, 0)
  }

  /** Walks begin with a founded ensemble, an interrupted founding, or nothing at all. */
  run(steps: number): void {
    this.#telling(() => {
      const start = this.random.below(4)
      if (start < 2) heal(this.world)
      else if (start === 2) this.#foundHalf()
      for (let i = 0; i < steps; i++) this.#step()
    })
  }

  settle(): void {
    this.#telling(() => heal(this.world))
  }

  /** A violation comes with what happened before it. */
  #telling(work: () => void): void {
    try {
      work()
    } catch (error) {
      if (!(error instanceof Violation)) throw error
      throw new Violation(`${error.message}\n${this.world.trace?.slice(-traceLines).join('\n')}`)
    }
  }

  #step(): void {
    let left = this.random.below(this.#weightSum)
    for (const [i, weight] of this.#weights.entries()) {
      left -= weight
      if (left < 0) return this.#moves[i]?.[1]()
    }
  }

  #foundHalf(): void {
    const founder = this.#pick()
    this.world.stand(founder)
    for (const { id } of this.world.servers) {
      if (id !== founder && this.random.chance(3, 4)) this.world.join(id, founder)
    }
    calm(this.world, undefined, this.random.below(30))
    for (const { id } of this.world.servers) {
      if (this.random.chance(1, 3)) this.world.endAttempt(id, 'it is interrupted')
    }
  }

  #pick(): number {
    return this.random.pick(this.world.servers).id
  }

  /** Does it with any of the servers with which it can be done. */
  #with(able: (server: ServerState) => boolean, work: (id: number) => void): void {
    const { servers, size } = this.world
    const first = this.random.below(size)
    for (let i = 0; i < size; i++) {
      const server = servers[(first + i) % size]
      if (server !== undefined && able(server)) return work(server.id)
    }
  }

  #joinSomebody(id: number): void {
    const { leading, following } = this.world.look(id)
    const leaders = this.world.servers.filter((other) => other.id !== id && leads(other))
    const busy = leading !== null || following !== null
    if (leaders.length === 0 || (busy && !this.random.chance(1, this.#faithfulness))) return
    this.world.join(id, this.random.pick(leaders).id)
  }

  #loseDisk(id: number): void {
    const others = this.world.servers.filter((other) => other.id !== id)
    if (others.some(({ durable }) => conditionOf(durable) === 'fresh')) return
    if (this.world.counts.wipes < wipesMax) this.world.crash(id, 'disk')
  }

  #cut(): void {
    const seenBy = this.random.pick(['follower', 'leader'] as const)
    this.#with(
      ({ leading, following }) => leading === null && following !== null,
      (id) => this.world.cut(id, seenBy),
    )
  }

  #readUp(id: number): void {
    this.world.deliverUp(id, this.random.pick(this.world.waiting(id)))
  }
}

const leads = ({ leading }: ServerState): boolean => leading !== null
const follows = ({ following }: ServerState): boolean => following?.machine.stage === 'following'
const hasToRead = ({ following }: ServerState): boolean => (following?.down.length ?? 0) > 0
const owesHistory = ({ leading, log }: ServerState): boolean => {
  const job = leading?.jobs[0]
  return job !== undefined && lastOf(log) >= job.upTo
}

function luckOf(random: SeededRandom): Luck {
  return {
    written: (waiting) => random.below(waiting + 1),
    lostOnTheWay: () => random.chance(1, 3),
    hasHeard: () => random.chance(1, 3),
    snapshotOf: (transactions) => (random.chance(1, 4) ? random.below(transactions + 1) : null),
    piece: (left) => 1 + random.below(left),
    batch: () => 1 + random.below(2),
  }
}
