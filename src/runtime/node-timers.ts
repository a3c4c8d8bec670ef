import type { Timer, Timers } from './timers.ts'

export const nodeTimers: Timers = {
  after(delayMs, call): Timer {
    const timer = setTimeout(call, delayMs)
    return { cancel: () => clearTimeout(timer) }
  },
  every(periodMs, call): Timer {
    const timer = setInterval(call, periodMs)
    return { cancel: () => clearInterval(timer) }
  },
  endOfTurn(call): void {
    setImmediate(call)
  },
}
