import { ZkError } from '../../client/zk-error.ts'
import type { Clock } from '../../runtime/clock.ts'
import type { ErrorName } from '../../wire/error-codes.ts'
import type { Operation, Outcome } from '../checkers/operation.ts'

/** Errors that tell nothing of what became of the call. All others come with the promise that it took no effect. */
const unknownFates: readonly ErrorName[] = [
  'connectionLoss',
  'sessionExpired',
  'closing',
  'operationTimeout',
  'requestTimeout',
  'sessionMoved',
]

/** How a call ended that has thrown. What is no error of the ensemble is thrown on. */
export function failureOf(error: unknown): { kind: 'refused' | 'unknown'; code: string } {
  if (!(error instanceof ZkError)) throw error
  const isUnknown = unknownFates.some((name) => ZkError.is(error, name))
  return { kind: isUnknown ? 'unknown' : 'refused', code: error.name }
}

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
    outcome = failureOf(error)
  }
  const returnedUs = outcome.kind === 'unknown' ? Number.POSITIVE_INFINITY : clock.monotonicMs() * 1000
  return { calledUs, returnedUs, outcome }
}
