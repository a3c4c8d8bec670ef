import fc from 'fast-check'
import type { Outcome } from '../../../src/sim/checkers/operation.ts'
import {
  absent,
  type RegisterInput,
  type RegisterOperation,
  type RegisterState,
  registerModel,
} from '../../../src/sim/checkers/register-model.ts'

/** `[client, called, returned, input, outcome]`; an unknown outcome returns never. */
export function operation(
  client: number,
  calledUs: number,
  returnedUs: number,
  input: RegisterInput,
  outcome: Outcome<RegisterState>,
): RegisterOperation {
  return { client, sessionId: client + 1, calledUs, returnedUs, input, outcome }
}

export const ok = (value: string, version: number): Outcome<RegisterState> => ({
  kind: 'ok',
  output: { value, version },
})
export const gone: Outcome<RegisterState> = { kind: 'ok', output: absent }
export const refused = (code: string): Outcome<RegisterState> => ({ kind: 'refused', code })
export const lost: Outcome<RegisterState> = { kind: 'unknown', code: 'connectionLoss' }
export const read: RegisterInput = { kind: 'read' }
export const set = (value: string, expected = -1): RegisterInput => ({ kind: 'set', value, expected })
export const create = (value: string): RegisterInput => ({ kind: 'create', value })
export const remove = (expected = -1): RegisterInput => ({ kind: 'delete', expected })

interface Step {
  kind: number
  expected: number
  fate: number
  before: number
  behind: number
}

const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.nat(9),
  expected: fc.integer({ min: -1, max: 4 }),
  fate: fc.nat(9),
  before: fc.nat(40),
  behind: fc.nat(40),
})

/**
 * Histories that a linearizable register gave: each call takes effect at one instant, somewhere between its call and its
 * answer. Of ten answers, `lostOfTen` are lost; some of those calls took no effect.
 */
export function linearizableHistory(maxLength: number, lostOfTen = 2): fc.Arbitrary<RegisterOperation[]> {
  return fc.array(step, { minLength: 1, maxLength }).map((steps) => {
    let state = absent
    return steps.map(({ kind, expected, fate, before, behind }, i) => {
      const value = `v${i}`
      const input =
        kind < 4 ? read : kind < 7 ? set(value, expected) : kind < 9 ? create(value) : remove(expected)
      const isLost = fate < lostOfTen
      const took = takes(state, input)
      if ((fate !== 0 || !isLost) && typeof took !== 'string') state = took
      const outcome: Outcome<RegisterState> = isLost
        ? lost
        : typeof took === 'string'
          ? refused(took)
          : { kind: 'ok', output: took }
      const atUs = i * 10
      return operation(i, atUs - before, isLost ? Number.POSITIVE_INFINITY : atUs + behind, input, outcome)
    })
  })
}

/** The rules of a znode in other words than those of the model. */
export function takes(state: RegisterState, input: RegisterInput): RegisterState | string {
  const exists = state.version >= 0
  switch (input.kind) {
    case 'read':
      return state
    case 'create':
      return exists ? 'nodeExists' : { value: input.value, version: 0 }
    case 'set':
    case 'delete':
      if (!exists) return 'noNode'
      if (input.expected >= 0 && input.expected !== state.version) return 'badVersion'
      return input.kind === 'set' ? { value: input.value, version: state.version + 1 } : absent
  }
}

/**
 * Tries every order of the calls, with every choice of the unanswered ones. For a handful of them.
 *
 * @param endUs calls that were answered later than this may also be left out
 */
export function isLinearizableByTrying(
  history: readonly RegisterOperation[],
  endUs = Number.MAX_VALUE,
): boolean {
  const search = (state: RegisterState, left: readonly RegisterOperation[]): boolean => {
    if (left.every(({ returnedUs }) => returnedUs > endUs)) return true
    const firstAnswer = Math.min(...left.map(({ returnedUs }) => returnedUs))
    return left.some((next) => {
      if (next.calledUs > firstAnswer) return false
      const others = left.filter((other) => other !== next)
      const after = takes(state, next.input)
      const { outcome } = next
      if (outcome.kind === 'unknown') return typeof after !== 'string' && search(after, others)
      if (outcome.kind === 'refused') return after === outcome.code && search(state, others)
      if (typeof after === 'string') return false
      return (
        after.value === outcome.output.value &&
        after.version === outcome.output.version &&
        search(after, others)
      )
    })
  }
  return search(registerModel.initial, history)
}
