import type { Stat } from '../../client/types.ts'
import { checkNodeOrder, type Sight, type UnansweredWrite } from '../checkers/node-order.ts'
import type { Outcome } from '../checkers/operation.ts'
import {
  absent,
  checkRegister,
  describeRegisterOperation,
  type RegisterInput,
  type RegisterOperation,
  type RegisterState,
} from '../checkers/register-model.ts'
import type { Violation } from '../checkers/violation.ts'
import type { Answer } from './caller.ts'

/** So many lines of a history that cannot be explained are shown. */
const shownMax = 25

/** What a read found, as the client library gives it. */
export type Found = { data: Uint8Array | null; stat: Stat }

/** All that clients did to one znode and were told of it. */
export class RegisterHistory {
  readonly path: string
  /** Calls under way. */
  pending = 0
  /** The version that somebody has seen last: what conditional writes ask for. */
  lastVersion = -1
  readonly #operations: RegisterOperation[] = []
  readonly #sights: Sight[] = []
  readonly #unanswered: UnansweredWrite[] = []

  constructor(path: string) {
    this.path = path
  }

  get length(): number {
    return this.#operations.length
  }

  created(value: string, answer: Answer<{ stat: Stat }>): void {
    this.#write({ kind: 'create', value }, value, answer, ({ stat }) => stat)
  }

  set(value: string, expected: number, answer: Answer<Stat>): void {
    this.#write({ kind: 'set', value, expected }, value, answer, (stat) => stat)
  }

  deleted(expected: number, answer: Answer<void>): void {
    const { outcome } = answer
    const operationOutcome: Outcome<RegisterState> =
      outcome.kind === 'ok' ? { kind: 'ok', output: absent } : outcome
    this.#add({ kind: 'delete', expected }, answer, operationOutcome)
    if (outcome.kind === 'ok') {
      this.lastVersion = -1
      this.#see('delete', answer, null)
    }
  }

  /** @param sync the answer to a sync that was called just before; without one, any prefix of the history may be shown */
  read(answer: Answer<Found>, sync: Answer<void> | null): void {
    const { outcome } = answer
    if (outcome.kind === 'unknown') return
    let operationOutcome: Outcome<RegisterState>
    if (outcome.kind === 'ok') {
      const { data, stat } = outcome.output
      const value = textOf(data)
      this.lastVersion = stat.version
      this.#see('read', answer, { stat, value })
      operationOutcome = { kind: 'ok', output: { value, version: stat.version } }
    } else if (outcome.code === 'noNode') {
      this.lastVersion = -1
      this.#see('read', answer, null)
      operationOutcome = { kind: 'ok', output: absent }
    } else operationOutcome = outcome
    if (sync?.outcome.kind !== 'ok') return
    this.#add({ kind: 'read' }, { ...answer, calledUs: sync.calledUs }, operationOutcome)
  }

  /** @param onUndecided told when the history is too tangled to judge */
  check(onUndecided: (what: string) => void): Violation[] {
    const violations = checkNodeOrder(this.path, this.#sights, this.#unanswered)
    const verdict = checkRegister(this.#operations)
    if (verdict.kind === 'undecided') {
      onUndecided(
        `${this.path}: linearizability of ${this.length} calls undecided after ${verdict.configurations} configurations`,
      )
    } else if (verdict.kind === 'violated') {
      const shown = verdict.prefix.slice(-shownMax)
      const problem =
        `${this.path}: no order of these calls explains the answer to [${describeRegisterOperation(verdict.last)}]` +
        ` (${verdict.prefix.length} calls until then, the last ${shown.length} of them below)\n` +
        shown.map((operation) => `    ${describeRegisterOperation(operation)}`).join('\n')
      violations.push({ rule: 'linearizability', problem })
    }
    return violations
  }

  #write<T>(input: RegisterInput, value: string, answer: Answer<T>, statOf: (output: T) => Stat): void {
    const { outcome } = answer
    if (outcome.kind !== 'ok') {
      this.#add(input, answer, outcome)
      const { sessionId, calledUs } = answer
      if (outcome.kind === 'unknown') this.#unanswered.push({ sessionId, calledUs, value })
      return
    }
    const stat = statOf(outcome.output)
    this.lastVersion = stat.version
    this.#add(input, answer, { kind: 'ok', output: { value, version: stat.version } })
    this.#see('write', answer, { stat, value })
  }

  #add(input: RegisterInput, answer: Answer<unknown>, outcome: Outcome<RegisterState>): void {
    const { client, sessionId, calledUs, returnedUs } = answer
    this.#operations.push({ client, sessionId, calledUs, returnedUs, input, outcome })
  }

  #see(kind: Sight['kind'], answer: Answer<unknown>, seen: { stat: Stat; value: string } | null): void {
    const { client, sessionId, calledUs, returnedUs, floorZxid, ceilingZxid } = answer
    const content =
      seen === null
        ? null
        : { czxid: seen.stat.czxid, mzxid: seen.stat.mzxid, version: seen.stat.version, value: seen.value }
    this.#sights.push({ client, sessionId, calledUs, returnedUs, kind, content, floorZxid, ceilingZxid })
  }
}

function textOf(data: Uint8Array | null): string {
  return data === null ? '' : Buffer.from(data).toString()
}
