/** How an operation ended, as far as its client knows. */
export type Outcome<Output> =
  | { kind: 'ok'; output: Output }
  /** Answered with an error: it took no effect. `code`: the name of the error, as in `ZkError.code`. */
  | { kind: 'refused'; code: string }
  /** Never answered, or answered by the end of the connection: it may have taken effect, or may do so later. */
  | { kind: 'unknown'; code: string }

/** One call of one client, from the moment it was made to the moment it was answered. */
export interface Operation<Input, Output> {
  /** Which of the workload's clients called, from 0. Calls of one client may overlap. */
  client: number
  /** The session that it was made in; 0 where the client had none yet. */
  sessionId: number
  /** Monotonic time of the caller's clock; all clients of a history share one. */
  calledUs: number
  /** Infinity for an operation that was never answered. */
  returnedUs: number
  input: Input
  outcome: Outcome<Output>
}
