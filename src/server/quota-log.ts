import type { Clock } from '../runtime/clock.ts'
import type { Log } from '../runtime/log.ts'
import type { QuotaExcess } from '../tree/quota/quota-check.ts'
import { limitsPathOf } from '../tree/quota/quota-paths.ts'
import { limits } from './limits.ts'

/** Says that a quota is exceeded: not each time, for who is over a limit stays there. */
export class QuotaLog {
  readonly #clock: Clock
  readonly #log: Log
  readonly #enforced: boolean
  /** When each was spoken of last. */
  readonly #spokenMs = new Map<string, number>()

  constructor(clock: Clock, log: Log, enforced: boolean) {
    this.#clock = clock
    this.#log = log
    this.#enforced = enforced
  }

  report(excess: QuotaExcess): void {
    const nowMs = this.#clock.monotonicMs()
    const key = `${excess.of} ${excess.quota}`
    const spokenMs = this.#spokenMs.get(key)
    if (spokenMs !== undefined && nowMs - spokenMs < limits.quotaLogMs) return
    if (this.#spokenMs.size >= limits.quotaLogPathsMax) this.#spokenMs.clear()
    this.#spokenMs.set(key, nowMs)
    this.#log.warn(this.#sentence(excess))
  }

  #sentence({ quota, of, usage, limit, isHard }: QuotaExcess): string {
    const key = of === 'nodes' ? (isHard ? 'countHardLimit' : 'count') : isHard ? 'byteHardLimit' : 'bytes'
    const outcome = isHard
      ? this.#enforced
        ? 'it is refused'
        : 'it is done all the same, as enforceQuota is not set'
      : 'it is done all the same'
    return (
      `a write makes ${usage} ${of} of ${quota}, beyond its ${isHard ? 'hard' : 'soft'} limit of ${limit}; ${outcome}. ` +
      `Delete what is not needed there, or raise ${key} in ${limitsPathOf(quota)}.`
    )
  }
}
