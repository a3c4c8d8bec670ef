import type { SeededRandom } from '../../src/runtime/seeded-random.ts'
import { until } from '../processes/harness/until.ts'
import type { ChaosEnsemble } from './chaos-ensemble.ts'
import { clockFaults } from './faults/clock-faults.ts'
import type { Fault, FaultScene } from './faults/fault.ts'
import { partitions, shapings } from './faults/network-faults.ts'
import { processFaults } from './faults/process-faults.ts'

/** Time between the end of one fault and the next of its lane. */
const lullMs = { processes: [200, 3500], network: [200, 3000], clocks: [1000, 5000] } as const
/** The longest that a fault waits for a condition before it goes on without. */
const patienceMs = 30_000

/** Brings faults about until it is told to stop: one at a time of each lane, while those of the others go on. */
export class Nemesis {
  /** How many there were, by name. */
  readonly counts = new Map<string, number>()
  readonly #ensemble: ChaosEnsemble
  readonly #note: (what: string) => void
  readonly #ended: Promise<unknown>
  readonly #over = new AbortController()
  readonly #active = new Set<string>()

  constructor(options: {
    ensemble: ChaosEnsemble
    random: SeededRandom
    note: (what: string) => void
    /** A lane has failed: the harness itself is broken. */
    onFailure: (error: unknown) => void
  }) {
    const { ensemble, random, onFailure } = options
    this.#ensemble = ensemble
    this.#note = options.note
    const { shapes } = ensemble.network
    const lanes = [
      this.#lane(processFaults, random.fork('processes'), lullMs.processes),
      this.#lane(shapes ? [...partitions, ...shapings] : partitions, random.fork('network'), lullMs.network),
      this.#lane(clockFaults, random.fork('clocks'), lullMs.clocks),
    ]
    for (const lane of lanes) lane.catch(onFailure)
    this.#ended = Promise.allSettled(lanes)
  }

  /** The faults that go on at this moment. */
  get active(): readonly string[] {
    return [...this.#active]
  }

  /** Begins no more faults; those under way come to their ends sooner. Then nothing is broken, frozen or down any more. */
  async stop(): Promise<void> {
    this.#over.abort()
    await this.#ended
    this.#ensemble.network.heal()
    for (const server of this.#ensemble.servers) {
      if (server.running) server.thaw()
      else if (!server.fell) server.start()
    }
  }

  async #lane(
    faults: readonly Fault[],
    random: SeededRandom,
    lull: readonly [number, number],
  ): Promise<void> {
    const pause = (minMs: number, maxMs: number): Promise<void> => this.#pause(random.between(minMs, maxMs))
    const scene: FaultScene = {
      ensemble: this.#ensemble,
      random,
      pause,
      until: (what, look) => this.#until(what, look),
      note: this.#note,
    }
    for (;;) {
      await pause(...lull)
      if (this.#over.signal.aborted) return
      const fault = chosen(faults, random)
      this.counts.set(fault.name, (this.counts.get(fault.name) ?? 0) + 1)
      this.#active.add(fault.name)
      await fault.run(scene)
      this.#active.delete(fault.name)
    }
  }

  #pause(forMs: number): Promise<void> {
    const { signal } = this.#over
    if (signal.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer)
        signal.removeEventListener('abort', done)
        resolve()
      }
      const timer = setTimeout(done, forMs)
      signal.addEventListener('abort', done)
    })
  }

  async #until(what: string, look: () => Promise<unknown>): Promise<void> {
    const looked = async (): Promise<boolean> => this.#over.signal.aborted || Boolean(await look())
    await until(what, looked, patienceMs).catch(() => this.#note(`waited in vain for ${what}`))
  }
}

function chosen(faults: readonly Fault[], random: SeededRandom): Fault {
  const sum = faults.reduce((weights, { weight }) => weights + weight, 0)
  let left = random.below(sum)
  for (const fault of faults) {
    left -= fault.weight
    if (left < 0) return fault
  }
  throw new Error('no fault to choose from')
}
