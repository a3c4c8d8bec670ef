import type { Stat, Value } from './decode.ts'

/** One thing that a client saw. Zxids, session ids and times are still those of the run. */
export type Seen =
  | {
      readonly is: 'reply'
      /** Which request of the step. */
      readonly request: number
      readonly name: string
      readonly opcode: number
      readonly zxid: bigint
      readonly errorCode: number
      readonly body: readonly Value[]
    }
  | {
      readonly is: 'event'
      readonly zxid: bigint
      readonly errorCode: number
      readonly type: number
      readonly state: number
      readonly path: string | null
    }
  | {
      readonly is: 'attached'
      readonly protocol: number
      readonly timeoutMs: number
      readonly sessionId: bigint
      readonly password: string
      readonly readOnly: string
    }
  /** A reply that nobody asked for. */
  | { readonly is: 'stray'; readonly xid: number; readonly zxid: bigint; readonly errorCode: number }
  /** The server closed the connection. */
  | { readonly is: 'closed' }
  /** The step could not be done, for its connection was open or not open. */
  | { readonly is: 'skipped' }
  /** Another connection took the session; whether the server had closed this one by then. */
  | { readonly is: 'superseded'; readonly closed: boolean; readonly sameServer: boolean }

/** What was seen during one step, by client. */
export interface StepRecord {
  readonly seen: ReadonlyMap<number, readonly Seen[]>
}

export interface NodeRecord {
  readonly path: string
  readonly data: string | null
  readonly acl: readonly string[] | null
  readonly stat: Stat
}

/** All that one run of a program showed. */
export interface Transcript {
  /** Everything up to here is from before the program. */
  readonly baseZxid: bigint
  /** The sessions in the order in which they were first granted. */
  readonly sessions: readonly bigint[]
  /** The nodes that outlive programs, as they were before this one. */
  readonly baseStats: ReadonlyMap<string, Stat>
  readonly steps: readonly StepRecord[]
  /** The tree after the last step, and again when all sessions are closed. */
  readonly trees: readonly (readonly NodeRecord[])[]
}
