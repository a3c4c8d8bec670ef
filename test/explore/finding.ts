import { Violation } from './model/ledger.ts'

/** A rule of the design that was seen broken from outside, or one that the machines themselves assert. */
export function isFinding(error: unknown): error is Error {
  return error instanceof Violation || (error instanceof Error && error.name === 'BrokenInvariant')
}
