import { assert } from '../runtime/assert.ts'
import type { SeededRandom } from '../runtime/seeded-random.ts'
import { DiskImage } from './disk-image.ts'
import { SimProcess } from './sim-process.ts'
import type { World } from './world.ts'

/** One machine: its disk and clocks outlive the processes that run on it, one after the other. */
export class SimHost {
  readonly world: World
  readonly name: string
  readonly index: number
  readonly disk: DiskImage
  /** Draws for this host's disk, apart from all others. */
  readonly diskRandom: SeededRandom
  /** Fault: every operation of its disk takes this many times as long. */
  diskSlowness = 1
  /** Fault: what each event costs its processor. The next turn of its event loop begins only when that time is over. */
  cpuUsPerEvent = 0
  #clockRate = 1
  /** What its monotonic clock showed at `#rateSinceUs`, when it began to run at the present rate. */
  #monotonicBaseMs = 0
  #rateSinceUs = 0
  #wallOffsetMs = 0
  #lives = 1
  #process: SimProcess
  #frozen = false
  #thaws = 0

  constructor(world: World, name: string, index: number) {
    this.world = world
    this.name = name
    this.index = index
    this.diskRandom = world.random.fork(`disk ${name}`)
    this.disk = new DiskImage(this.diskRandom)
    this.#process = new SimProcess(this, this.#lives)
  }

  /** What a program on this host is given: that of the present life. Ask again after a restart. */
  get runtime(): SimProcess {
    return this.#process
  }

  get up(): boolean {
    return this.#process.alive
  }

  get frozen(): boolean {
    return this.#frozen
  }

  /** How often it went on after a freeze. */
  get thawCount(): number {
    return this.#thaws
  }

  /** How often it has been booted. */
  get life(): number {
    return this.#lives
  }

  /** How fast its clocks run: 1.01 gains ten milliseconds a second. Timers under way keep their moment. */
  get clockRate(): number {
    return this.#clockRate
  }

  set clockRate(rate: number) {
    assert(rate > 0, () => `clock rate ${rate}`)
    this.#monotonicBaseMs = this.monotonicMs()
    this.#rateSinceUs = this.world.nowUs
    this.#clockRate = rate
  }

  wallMs(): number {
    return this.world.startWallMs + this.#wallOffsetMs + this.monotonicMs()
  }

  monotonicMs(): number {
    return this.#monotonicBaseMs + ((this.world.nowUs - this.#rateSinceUs) * this.#clockRate) / 1000
  }

  /**
   * Stops the process at once. 'power' (the default) also loses what the disk had not synced: each write on its own may
   * survive or not, or in part. 'process' is a kill: what was written stays. Peers see a reset after a delay.
   */
  crash(how: 'power' | 'process' = 'power'): void {
    assert(this.up, `${this.name} is down already`)
    this.note('crash', how)
    this.#frozen = false
    const process = this.#process
    process.alive = false
    process.held.length = 0
    this.world.network.onCrash(process)
    if (how === 'power') this.disk.losePower()
  }

  /**
   * Crashes it at the `points`-th await point from now: each effect on its disk, each sync before and after it counts, each
   * event that it has handled, each connection whose bytes leave. So a crash falls between any two steps of the program.
   * Asked for twice, the later call holds; a crash of any other kind takes it back.
   */
  crashAtAwaitPoint(points: number, how: 'power' | 'process' = 'power'): void {
    assert(this.up, `${this.name} is down already`)
    assert(points >= 1, () => `crash at await point ${points}`)
    this.#process.pointsLeft = points
    this.#process.crashesHow = how
  }

  /** Takes back `crashAtAwaitPoint`. */
  cancelCrash(): void {
    this.#process.pointsLeft = 0
  }

  /** Boots the crashed host: a new life with its own runtime, on the same disk. */
  restart(): SimProcess {
    assert(!this.up, `${this.name} is up`)
    this.note('restart')
    this.#lives++
    this.#process = new SimProcess(this, this.#lives)
    return this.#process
  }

  /** Nothing happens on this host until `thaw`; the world around it goes on. As a long pause of a process. */
  freeze(): void {
    assert(this.up, `${this.name} is down`)
    if (this.#frozen) return
    this.note('freeze')
    this.#frozen = true
  }

  /**
   * Everything that came due meanwhile happens now, in its order; what is due at this very instant comes behind it, or bytes
   * would overtake earlier ones of their connection.
   */
  thaw(): void {
    if (!this.#frozen) return
    this.note('thaw')
    this.#frozen = false
    this.#thaws++
    for (const events of [this.#process.held, this.#process.ready]) {
      for (const event of events) this.world.requeue(event)
      events.length = 0
    }
  }

  /** Moves the wall clock, forth or back. Waiting is not touched by it. */
  jumpWallClock(byMs: number): void {
    this.note('wall clock jumps', '', byMs)
    this.#wallOffsetMs += byMs
  }

  /** Adds a line of this host to the trace. */
  note(what: string, detail = '', a = 0, b = 0): void {
    this.world.trace.add(this.world.nowUs, this.name, what, detail, a, b)
  }
}
