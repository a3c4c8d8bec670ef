import type { Timers } from '../runtime/timers.ts'
import type { ClientConnection } from './client-connection.ts'
import type { FlushList } from './flush-list.ts'
import { limits } from './limits.ts'

/**
 * What the reads of one turn of the event loop may cost, all connections together. Without it a turn is as long as all that
 * clients have sent: twenty that ask for the children of a large node over and over held it for 0.2 s, with pings, heartbeats
 * and everybody's requests behind them. Connections whose reads are left over go on at the end of the turn, in the order in
 * which they came, as far as the next share goes; each is then served for a part of it, and queues again.
 */
export class TurnShare {
  readonly #timers: Timers
  readonly #flushes: FlushList
  readonly #onBroken: (error: unknown) => void
  #left: number = limits.turnCostMax
  /** Down to here who is served at present may spend. */
  #floor = 0
  #waiting: ClientConnection[] = []
  readonly #renew = (): void => this.#begin()

  constructor(timers: Timers, flushes: FlushList, onBroken: (error: unknown) => void) {
    this.#timers = timers
    this.#flushes = flushes
    this.#onBroken = onBroken
  }

  get isSpent(): boolean {
    return this.#left <= this.#floor
  }

  /** A read was answered with so many bytes. */
  spend(bytes: number): void {
    if (this.#left === limits.turnCostMax) this.#timers.endOfTurn(this.#renew)
    this.#left -= bytes + limits.turnCostOfRead
  }

  /** The connection is told, by `openTurn`, when its turn has come. */
  wait(connection: ClientConnection): void {
    this.#waiting.push(connection)
    connection.waitForTurn()
  }

  #begin(): void {
    this.#left = limits.turnCostMax
    const waiting = this.#waiting
    if (waiting.length === 0) return
    this.#waiting = []
    let opened = 0
    try {
      while (opened < waiting.length && this.#left > 0) {
        this.#floor = Math.max(0, this.#left - limits.turnCostOfOneMax)
        ;(waiting[opened++] as ClientConnection).openTurn()
      }
    } catch (error) {
      this.#onBroken(error)
    }
    this.#floor = 0
    // Those who came first stay ahead of those who have had their turn, and have more to ask.
    this.#waiting = [...waiting.slice(opened), ...this.#waiting]
    // Their answers leave in this turn, not at the end of the next one.
    this.#flushes.flush()
  }
}
