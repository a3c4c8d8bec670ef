import { checkLinearizable, type LinearizabilityVerdict, type SequentialModel } from './linearizability.ts'
import type { Operation } from './operation.ts'

/** A call to one znode that serves as a register. No value is written by two calls. */
export type RegisterInput =
  /** `expected`: the version that it has to have; -1 for any. */
  | { kind: 'set'; value: string; expected: number }
  | { kind: 'create'; value: string }
  | { kind: 'delete'; expected: number }
  | { kind: 'read' }

/** What the znode holds after the call. Of a write, the value is the one written. */
export interface RegisterState {
  readonly value: string
  /** -1 when the znode does not exist. */
  readonly version: number
}

export type RegisterOperation = Operation<RegisterInput, RegisterState>

export const absent: RegisterState = { value: '', version: -1 }

/** One znode, as ZooKeeper promises it: a refusal says something of the state, too. */
export const registerModel: SequentialModel<RegisterState, RegisterInput, RegisterState> = {
  initial: absent,
  step(state, input, outcome) {
    const result = takeEffect(state, input)
    if (outcome.kind === 'refused') return result === outcome.code ? state : null
    if (typeof result === 'string') return null
    if (outcome.kind === 'unknown') return result
    const { value, version } = outcome.output
    return result.version === version && result.value === value ? result : null
  },
  stateKey: ({ value, version }) => `${version} ${value}`,
  inputKey: (input) => JSON.stringify(input),
}

/** The state that it leaves, or the name of the error. */
function takeEffect(state: RegisterState, input: RegisterInput): RegisterState | string {
  if (input.kind === 'read') return state
  if (input.kind === 'create') {
    return state.version === -1 ? { value: input.value, version: 0 } : 'nodeExists'
  }
  if (state.version === -1) return 'noNode'
  if (input.expected !== -1 && input.expected !== state.version) return 'badVersion'
  return input.kind === 'delete' ? absent : { value: input.value, version: state.version + 1 }
}

/** The history of one register, which does not exist at first. */
export function checkRegister(
  history: readonly RegisterOperation[],
  options: { configurationsMax?: number } = {},
): LinearizabilityVerdict<RegisterInput, RegisterState> {
  return checkLinearizable(registerModel, settleUnknown(history), options)
}

/**
 * Says what is known of unanswered calls. One whose value was read has taken effect before that read was answered. One
 * whose value was never read can only show in the version, so all of those are alike: they all write the same value here.
 */
function settleUnknown(history: readonly RegisterOperation[]): RegisterOperation[] {
  const readers = new Map<string, RegisterOperation>()
  for (const operation of history) {
    const { input, outcome, returnedUs } = operation
    if (input.kind !== 'read' || outcome.kind !== 'ok' || outcome.output.version === -1) continue
    const earlier = readers.get(outcome.output.value)
    if (earlier === undefined || returnedUs < earlier.returnedUs) readers.set(outcome.output.value, operation)
  }
  const settled: RegisterOperation[] = []
  for (const operation of history) {
    const { input, outcome } = operation
    if (outcome.kind !== 'unknown') settled.push(operation)
    else if (input.kind === 'delete') settled.push(operation)
    else if (input.kind !== 'read') {
      const reader = readers.get(input.value)
      settled.push(
        reader === undefined
          ? { ...operation, input: { ...input, value: '?' } }
          : {
              ...operation,
              returnedUs: Math.max(operation.calledUs, reader.returnedUs),
              outcome: reader.outcome,
            },
      )
    }
  }
  return settled
}

/** For people: one line a call, in the order of the calls. */
export function describeRegisterOperation(operation: RegisterOperation): string {
  const { client, sessionId, calledUs, returnedUs, input, outcome } = operation
  const call =
    input.kind === 'set'
      ? `set ${input.value}${versionText(input.expected)}`
      : input.kind === 'create'
        ? `create ${input.value}`
        : input.kind === 'delete'
          ? `delete${versionText(input.expected)}`
          : 'sync and read'
  const answer =
    outcome.kind === 'ok'
      ? outcome.output.version === -1
        ? 'no node'
        : `${outcome.output.value}, version ${outcome.output.version}`
      : `${outcome.kind}: ${outcome.code}`
  const returned = returnedUs === Number.POSITIVE_INFINITY ? 'never' : (returnedUs / 1e6).toFixed(6)
  return `${(calledUs / 1e6).toFixed(6)}..${returned} client ${client} session 0x${sessionId.toString(16)}: ${call} -> ${answer}`
}

function versionText(expected: number): string {
  return expected === -1 ? '' : ` if version ${expected}`
}
