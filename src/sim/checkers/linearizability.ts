import type { Operation, Outcome } from './operation.ts'

/** What the thing under test would do if calls took effect one at a time. Pure. */
export interface SequentialModel<State, Input, Output> {
  readonly initial: State
  /**
   * The state after the call, where such an answer is possible; null where it is not. Answers of kind `unknown` fit any
   * state: the result is what the call would make of it, or null where it would change nothing.
   */
  step(state: State, input: Input, outcome: Outcome<Output>): State | null
  /** Equal texts for equal states. */
  stateKey(state: State): string
  /** Equal texts for calls that do the same to every state. */
  inputKey(input: Input): string
}

export type LinearizabilityVerdict<Input, Output> =
  | { kind: 'linearizable' }
  /** `prefix`: the shortest history, in the order of the calls, that cannot be explained; it ends with the answer of `last`. */
  | { kind: 'violated'; prefix: Operation<Input, Output>[]; last: Operation<Input, Output> }
  /** So many configurations were looked at that the search was given up. */
  | { kind: 'undecided'; configurations: number }

/** Some 100 bytes each. */
const configurationsMaxDefault = 500_000

/**
 * Whether there is one order of all calls, each somewhere between its call and its answer, in which the model gives just
 * these answers. The search is Wing and Gong's ("Testing and Verifying Concurrent Objects", 1993) with Lowe's improvements
 * ("Testing for Linearizability", 2017): a linked list of calls and answers, out of which what has taken effect is lifted,
 * and a memory of the configurations seen, as the same calls in another order often lead to the same state.
 *
 * A call without an answer may take effect at any later time, or never. They are kept apart and tried last: a history of
 * hours gathers many, and most need none. Of several that do the same, the earliest is taken: whatever the others could
 * do, it can.
 *
 * All operations are of one object; histories of several objects are checked one by one, since linearizability is local.
 */
export function checkLinearizable<State, Input, Output>(
  model: SequentialModel<State, Input, Output>,
  history: readonly Operation<Input, Output>[],
  options: { configurationsMax?: number } = {},
): LinearizabilityVerdict<Input, Output> {
  return new Search(model, history, options.configurationsMax ?? configurationsMaxDefault).run()
}

/** Unanswered calls that do the same, in the order in which they were made. */
interface Twins<Input, Output> {
  readonly operation: Operation<Input, Output>
  readonly calledAt: number[]
  used: number
}

/** A choice that can be taken back: an answered call by its number, or the next of some twins as -1 - their number. */
interface Choice<State> {
  readonly chosen: number
  readonly before: State
}

class Search<State, Input, Output> {
  readonly #model: SequentialModel<State, Input, Output>
  readonly #configurationsMax: number
  readonly #history: readonly Operation<Input, Output>[]
  /** Those that were answered, in the order of their calls. */
  readonly #answered: Operation<Input, Output>[]
  readonly #twins: Twins<Input, Output>[] = []
  /** The list of events: entry 0 is its head; the others are numbered in their order of time. */
  readonly #next: Int32Array
  readonly #previous: Int32Array
  /** Of each event, the answered operation that it belongs to. */
  readonly #operationAt: Int32Array
  readonly #callEvent: Int32Array
  readonly #returnEvent: Int32Array
  /** Of each answered operation, the last one that was called before its answer. */
  readonly #lastBeside: Int32Array
  /** One bit for each answered operation that has taken effect. */
  readonly #effective: Int32Array
  readonly #seen = new Set<string>()

  constructor(
    model: SequentialModel<State, Input, Output>,
    history: readonly Operation<Input, Output>[],
    configurationsMax: number,
  ) {
    this.#model = model
    this.#configurationsMax = configurationsMax
    this.#history = [...history].sort((a, b) => a.calledUs - b.calledUs)
    this.#answered = this.#history.filter(({ outcome }) => outcome.kind !== 'unknown')
    const count = this.#answered.length
    this.#next = new Int32Array(2 * count + 1)
    this.#previous = new Int32Array(2 * count + 1)
    this.#operationAt = new Int32Array(2 * count + 1)
    this.#callEvent = new Int32Array(count)
    this.#returnEvent = new Int32Array(count)
    this.#lastBeside = new Int32Array(count)
    this.#effective = new Int32Array((count + 31) >>> 5)
    this.#layOut()
  }

  run(): LinearizabilityVerdict<Input, Output> {
    const choices: Choice<State>[] = []
    let state = this.#model.initial
    let furthest = 0
    let at = this.#next[0] ?? 0
    let twins = 0
    for (;;) {
      if (this.#next[0] === 0) return { kind: 'linearizable' }
      const operation = this.#operationAt[at] ?? 0
      if (this.#callEvent[operation] === at) {
        const call = this.#answered[operation] as Operation<Input, Output>
        const after = this.#model.step(state, call.input, call.outcome)
        if (after !== null) {
          this.#lift(operation)
          if (this.#isNew(after)) {
            choices.push({ chosen: operation, before: state })
            state = after
            at = this.#next[0] ?? 0
            continue
          }
          this.#unlift(operation)
        }
        at = this.#next[at] ?? 0
        twins = 0
        continue
      }
      // An answer: one of the calls before it has to take effect, unless an unanswered one does.
      if (at > furthest) furthest = at
      const taken = this.#takeTwin(state, at, twins)
      if (taken !== null) {
        choices.push({ chosen: -1 - taken.index, before: state })
        state = taken.after
        at = this.#next[0] ?? 0
        twins = 0
        continue
      }
      if (this.#seen.size >= this.#configurationsMax) {
        return { kind: 'undecided', configurations: this.#seen.size }
      }
      const back = choices.pop()
      if (back === undefined) return this.#violation(furthest)
      state = back.before
      if (back.chosen < 0) {
        const group = this.#twins[-1 - back.chosen]
        if (group !== undefined) group.used--
        at = this.#firstReturn()
        twins = -back.chosen
      } else {
        this.#unlift(back.chosen)
        at = this.#next[this.#callEvent[back.chosen] ?? 0] ?? 0
        twins = 0
      }
    }
  }

  /** Orders calls and answers in time; where an answer and a call coincide, they count as overlapping. */
  #layOut(): void {
    const count = this.#answered.length
    const events = Int32Array.from({ length: 2 * count }, (_, i) => i)
    const timeOf = (event: number): number => {
      const operation = this.#answered[event >> 1] as Operation<Input, Output>
      return event % 2 === 0 ? operation.calledUs : operation.returnedUs
    }
    events.sort((a, b) => timeOf(a) - timeOf(b) || (a % 2) - (b % 2) || a - b)
    let called = -1
    const callTimes: number[] = []
    for (const [index, event] of events.entries()) {
      const at = index + 1
      const operation = event >> 1
      this.#operationAt[at] = operation
      this.#previous[at] = at - 1
      this.#next[at - 1] = at
      if (event % 2 === 0) {
        this.#callEvent[operation] = at
        callTimes.push(timeOf(event))
        called = operation
      } else {
        this.#returnEvent[operation] = at
        this.#lastBeside[operation] = called
      }
    }
    this.#next[2 * count] = 0
    this.#gatherTwins(events, timeOf)
  }

  /** Places each unanswered call among the events: before the first answer that is not earlier. */
  #gatherTwins(events: Int32Array, timeOf: (event: number) => number): void {
    const groups = new Map<string, Twins<Input, Output>>()
    let at = 0
    for (const operation of this.#history) {
      if (operation.outcome.kind !== 'unknown') continue
      while (at < events.length && timeOf(events[at] ?? 0) < operation.calledUs) at++
      const key = this.#model.inputKey(operation.input)
      let group = groups.get(key)
      if (group === undefined) {
        group = { operation, calledAt: [], used: 0 }
        groups.set(key, group)
        this.#twins.push(group)
      }
      group.calledAt.push(at)
    }
  }

  /** The first of the unanswered calls, from group `from` on, that was made by then and leads to something new. */
  #takeTwin(state: State, at: number, from: number): { index: number; after: State } | null {
    for (let index = from; index < this.#twins.length; index++) {
      const group = this.#twins[index] as Twins<Input, Output>
      const calledAt = group.calledAt[group.used]
      if (calledAt === undefined || calledAt >= at) continue
      const after = this.#model.step(state, group.operation.input, group.operation.outcome)
      if (after === null) continue
      group.used++
      if (this.#isNew(after)) return { index, after }
      group.used--
    }
    return null
  }

  #lift(operation: number): void {
    this.#unlink(this.#callEvent[operation] ?? 0)
    this.#unlink(this.#returnEvent[operation] ?? 0)
    this.#effective[operation >>> 5] = (this.#effective[operation >>> 5] ?? 0) | (1 << (operation & 31))
  }

  #unlift(operation: number): void {
    this.#relink(this.#returnEvent[operation] ?? 0)
    this.#relink(this.#callEvent[operation] ?? 0)
    this.#effective[operation >>> 5] = (this.#effective[operation >>> 5] ?? 0) & ~(1 << (operation & 31))
  }

  #unlink(event: number): void {
    const before = this.#previous[event] ?? 0
    const behind = this.#next[event] ?? 0
    this.#next[before] = behind
    if (behind !== 0) this.#previous[behind] = before
  }

  #relink(event: number): void {
    const before = this.#previous[event] ?? 0
    const behind = this.#next[event] ?? 0
    this.#next[before] = event
    if (behind !== 0) this.#previous[behind] = event
  }

  #firstReturn(): number {
    let at = this.#next[0] ?? 0
    while (this.#callEvent[this.#operationAt[at] ?? 0] === at) at = this.#next[at] ?? 0
    return at
  }

  /** Remembers the configuration. All before the first call in the list have taken effect, none that it was answered before. */
  #isNew(state: State): boolean {
    const first = this.#next[0] === 0 ? this.#answered.length : (this.#operationAt[this.#next[0] ?? 0] ?? 0)
    let key = `${first}`
    const lastWord = (this.#lastBeside[first] ?? 0) >>> 5
    for (let word = first >>> 5; word <= lastWord; word++) key += `.${this.#effective[word]}`
    for (const group of this.#twins) key += `,${group.used}`
    key += `|${this.#model.stateKey(state)}`
    if (this.#seen.has(key)) return false
    this.#seen.add(key)
    return true
  }

  /** Every explanation gets stuck before the answer at `furthest`, and one gets as far: up to there is the shortest prefix. */
  #violation(furthest: number): LinearizabilityVerdict<Input, Output> {
    const last = this.#answered[this.#operationAt[furthest] ?? 0] as Operation<Input, Output>
    const prefix = this.#history.filter(({ calledUs }) => calledUs <= last.returnedUs)
    return { kind: 'violated', prefix, last }
  }
}
