import type { Violation } from './violation.ts'

/** More cases of the same rule tell nothing new. */
const perRuleMax = 5

/** The first few violations of each rule. */
export class ViolationList {
  readonly #kept: Violation[] = []
  readonly #counts = new Map<string, number>()

  add(...violations: readonly Violation[]): void {
    for (const violation of violations) {
      const count = (this.#counts.get(violation.rule) ?? 0) + 1
      this.#counts.set(violation.rule, count)
      if (count <= perRuleMax) this.#kept.push(violation)
    }
  }

  get all(): Violation[] {
    return [...this.#kept]
  }
}
