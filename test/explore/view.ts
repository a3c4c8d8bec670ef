import type { ServerState } from './model/state.ts'

/** What a walk looks at to see what can happen next. */
export interface View {
  readonly size: number
  readonly servers: readonly ServerState[]
  look(id: number): ServerState
  canPropose(id: number): boolean
}
