import { BrokenInvariant } from '../../runtime/assert.ts'
import { codeOf } from '../../runtime/coded-error.ts'
import { StorageError } from '../../storage/storage-error.ts'
import type { SimEnsemble } from '../sim-ensemble.ts'
import { type ServerStop, unclearIn } from './clear-error.ts'

/**
 * Tells a server that stops as it should, on a fault that was done to it, from one that fails by itself. What no fault explains is a
 * failure of the server, and so is a message that does not help whoever runs it.
 */
export class StopJudge {
  readonly #ensemble: SimEnsemble
  readonly #rotten = new Set<number>()
  readonly #misdirected = new Set<number>()
  /** Refused to go on with its data, so somebody must empty its data directory. */
  readonly #damaged = new Set<number>()
  readonly #errorsBefore = new Map<number, number>()
  #stops = 0

  constructor(ensemble: SimEnsemble) {
    this.#ensemble = ensemble
  }

  /** Servers that stopped by themselves, as was to be expected. */
  get stops(): number {
    return this.#stops
  }

  /** A byte of its data has changed. */
  onRotten(id: number): void {
    this.#rotten.add(id)
  }

  onWiped(id: number): void {
    this.#rotten.delete(id)
    this.#damaged.delete(id)
  }

  /** It is started with a configuration that is not for it. */
  onMisdirected(id: number, misdirected: boolean): void {
    if (misdirected) this.#misdirected.add(id)
    else this.#misdirected.delete(id)
  }

  isMisdirected(id: number): boolean {
    return this.#misdirected.has(id)
  }

  /** A new process: what its disk did to the one before is no excuse. */
  onStart(id: number): void {
    this.#errorsBefore.set(id, this.#ensemble.host(id).disk.errorsGiven)
  }

  isDamaged(id: number): boolean {
    return this.#damaged.has(id)
  }

  /** Null when the stop is the right answer to a fault. */
  problemOf(stop: ServerStop): string | null {
    const { id, error } = stop
    if (error instanceof BrokenInvariant) return 'for a rule of the code is broken'
    const unexplained = this.#unexplained(stop)
    if (unexplained !== null) return unexplained
    const unclear = unclearIn(stop)
    if (unclear !== null) return unclear
    this.#stops++
    if (error instanceof StorageError && error.code === 'DAMAGED') this.#damaged.add(id)
    return null
  }

  #unexplained({ id, error }: ServerStop): string | null {
    if (error instanceof StorageError) {
      switch (error.code) {
        case 'DAMAGED':
          return this.#rotten.has(id) ? null : 'though nothing damaged its data'
        case 'IO':
          return this.#diskFailed(id) ? null : 'though its disk did not fail'
        case 'WRONG_SERVER':
          return this.#misdirected.has(id) ? null : 'though it was started with its own data'
        default:
          return 'which no fault explains'
      }
    }
    if (codeOf(error) === 'EADDRNOTAVAIL' && this.#misdirected.has(id)) return null
    return 'which no fault explains'
  }

  #diskFailed(id: number): boolean {
    return this.#ensemble.host(id).disk.errorsGiven > (this.#errorsBefore.get(id) ?? 0)
  }
}
