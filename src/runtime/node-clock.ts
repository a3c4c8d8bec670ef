import type { Clock } from './clock.ts'

/** The clocks of this machine. */
export const nodeClock: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
}
