import type { Clock } from '../runtime/clock.ts'

/** After the first trouble the disk is asked again this soon, and then after pauses that double. */
const pauseMsMin = 1000
const pauseMsMax = 30_000
/** A full disk is asked at least this often: asking costs little, and people wait for it who have made room. */
const fullPauseMsMax = 5000
/** Who has served this long since the last trouble begins anew with short pauses. */
const soundMs = 60_000

/** How long a server leaves its disk alone before it tries again. One that comes back and fails again and again does so less and less often. */
export class DiskPatience {
  readonly #clock: Clock
  #pauseMs = pauseMsMin
  #returnedAtMs = Number.NEGATIVE_INFINITY

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** The pause before the next try. */
  nextPauseMs(full: boolean): number {
    if (this.#clock.monotonicMs() - this.#returnedAtMs >= soundMs) {
      this.#pauseMs = pauseMsMin
      this.#returnedAtMs = Number.POSITIVE_INFINITY
    }
    const pauseMs = Math.min(this.#pauseMs, full ? fullPauseMsMax : pauseMsMax)
    this.#pauseMs = Math.min(this.#pauseMs * 2, pauseMsMax)
    return pauseMs
  }

  returned(): void {
    this.#returnedAtMs = this.#clock.monotonicMs()
  }
}
