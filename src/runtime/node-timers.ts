import { assert } from './assert.ts'
import type { Timer, Timers } from './timers.ts'
import type { TurnEnd } from './turn-end.ts'

/** Node calls at once when it is asked for a longer delay than this. */
const delayMsMax = 2 ** 31 - 1

export class NodeTimers implements Timers {
  readonly #turnEnd: TurnEnd

  constructor(turnEnd: TurnEnd) {
    this.#turnEnd = turnEnd
  }

  after(delayMs: number, call: () => void): Timer {
    assert(delayMs >= 0, () => `delay of ${delayMs} ms`)
    return new Once(delayMs, call)
  }

  every(periodMs: number, call: () => void): Timer {
    assert(periodMs >= 1 && periodMs <= delayMsMax, () => `period of ${periodMs} ms`)
    const interval = setInterval(call, periodMs)
    return { cancel: () => clearInterval(interval) }
  }

  endOfTurn(call: () => void): void {
    this.#turnEnd.call(call)
  }
}

class Once implements Timer {
  #timeout: NodeJS.Timeout

  constructor(delayMs: number, call: () => void) {
    this.#timeout = this.#wait(delayMs, call)
  }

  cancel(): void {
    clearTimeout(this.#timeout)
  }

  #wait(delayMs: number, call: () => void): NodeJS.Timeout {
    if (delayMs <= delayMsMax) return setTimeout(call, delayMs)
    return setTimeout(() => {
      this.#timeout = this.#wait(delayMs - delayMsMax, call)
    }, delayMsMax)
  }
}
