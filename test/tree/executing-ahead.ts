import { expect } from 'vitest'
import type { ExecuteSettings } from '../../src/tree/execute/execute-settings.ts'
import { Harness } from './harness.ts'
import { type RandomRequest, sendRandom } from './random-requests.ts'

/**
 * A leader that executes ahead of what is applied decides as one that applies each decision at once.
 *
 * @param begin what both have before the requests; yields the sessions that ask
 */
export function expectAheadAsAtOnce(
  requests: readonly RandomRequest[],
  settings: Partial<ExecuteSettings>,
  begin: (h: Harness) => number[],
): void {
  const ahead = new Harness({ settings })
  const atOnce = new Harness({ settings })
  const sessionsAhead = begin(ahead)
  const sessionsAtOnce = begin(atOnce)
  for (const request of requests) {
    sendRandom(ahead, request, sessionsAhead)
    sendRandom(atOnce, request, sessionsAtOnce)
    atOnce.applyAll()
  }
  expect(ahead.history).toEqual(atOnce.history)
  ahead.applyAll()
  expect(ahead.state.digest()).toBe(atOnce.state.digest())
}
