/** A pending call. */
export interface Timer {
  /** Takes the call back. Harmless when it has been made or taken back already. */
  cancel(): void
}

/** The only source of delayed calls. No call is ever made from within the method that asked for it. */
export interface Timers {
  /** Calls once, `delayMs` (0 or more) milliseconds from now. */
  after(delayMs: number, call: () => void): Timer
  /** Calls every `periodMs` (1 or more) milliseconds, until cancelled. */
  every(periodMs: number, call: () => void): Timer
  /**
   * Calls once, after the input that is ready in this turn of the event loop has been handled. It is the place to
   * flush what a turn gathered: one frame, one write, one sync for everything that arrived together.
   */
  endOfTurn(call: () => void): void
}
