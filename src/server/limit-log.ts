import type { Clock } from '../runtime/clock.ts'
import type { Log } from '../runtime/log.ts'

/** How long nothing more is said of a limit after a line about it. */
const quietMs = 10_000

/** What a client can run into, on a limit or for a mistake. */
export type LimitName =
  | 'jute.maxbuffer'
  | 'maxClientCnxns'
  | 'maxCnxns'
  | 'globalOutstandingLimit'
  | 'outstanding of one connection'
  | 'slow reader'
  | 'watches'
  | 'multiRead'
  | 'no handshake'
  | 'malformed'
  | 'ahead'
  | 'auth'
  | 'enforce.auth'

/**
 * Says that a client has met a limit, and what can be done. A client that does so ten thousand times a second fills no
 * disk: of each limit there is one line in a while, and it tells how many were left out before it.
 */
export class LimitLog {
  readonly #log: Log
  readonly #clock: Clock
  readonly #lines = new Map<LimitName, { saidAtMs: number; unsaid: number }>()

  constructor(log: Log, clock: Clock) {
    this.#log = log
    this.#clock = clock
  }

  /** For what somebody should look into. The text is only made when it is going to be said. */
  warn(limit: LimitName, text: () => string): void {
    const line = this.#next(limit, text)
    if (line !== null) this.#log.warn(line)
  }

  /** For what happens in good health as well. */
  info(limit: LimitName, text: () => string): void {
    const line = this.#next(limit, text)
    if (line !== null) this.#log.info(line)
  }

  #next(limit: LimitName, text: () => string): string | null {
    const nowMs = this.#clock.monotonicMs()
    const last = this.#lines.get(limit)
    if (last !== undefined && nowMs - last.saidAtMs < quietMs) {
      last.unsaid++
      return null
    }
    this.#lines.set(limit, { saidAtMs: nowMs, unsaid: 0 })
    const unsaid = last?.unsaid ?? 0
    return unsaid === 0 ? text() : `${text()} (${unsaid} more like this since the last such line)`
  }
}
