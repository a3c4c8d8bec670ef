import type { DurableState } from '../storage/storage.ts'
import type { Condition } from './messages.ts'

/** How much the server with this durable state remembers of its ensemble. */
export function conditionOf(state: DurableState): Condition {
  if (state.founded) return 'founded'
  return state.currentEpoch > 0 ? 'provisional' : 'fresh'
}
