import { ZkError } from '../../client/zk-error.ts'
import type { Clock } from '../../runtime/clock.ts'
import type { Operation, Outcome } from '../checkers/operation.ts'

/** Errors that no server has sent as its answer to the call. */
const unansweredNames = ['connectionLoss', 'operationTimeout', 'sessionExpired', 'closing'] as const

/** Carries a call out and tells how it ended, and when. What is no error of the ensemble is thrown on. */
export async function outcomeOf<Output>(
  clock: Pick<Clock, 'monotonicMs'>,
  call: () => Promise<Output>,
): Promise<Pick<Operation<unknown, Output>, 'calledUs' | 'returnedUs' | 'outcome'>> {
  const calledUs = clock.monotonicMs() * 1000
  let outcome: Outcome<Output>
  try {
    outcome = { kind: 'ok', output: await call() }
  } catch (error) {
    if (!(error instanceof ZkError)) throw error
    const answered = !unansweredNames.some((name) => ZkError.is(error, name))
    outcome = { kind: answered ? 'refused' : 'unknown', code: error.name }
  }
  const returnedUs = outcome.kind === 'unknown' ? Number.POSITIVE_INFINITY : clock.monotonicMs() * 1000
  return { calledUs, returnedUs, outcome }
}
