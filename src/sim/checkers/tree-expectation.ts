import type { Violation } from './violation.ts'

/** What can be told of a node: its data as text, and how often that was set. */
export interface NodeValue {
  readonly value: string
  readonly version: number
}

/** The states that a node may be in, null for not being there: one, or two after a call of unknown fate. */
export type Possible = readonly (NodeValue | null)[]

const textShownMax = 40

/** What the only writer of a tree expects it to be, from the answers to its calls. */
export class TreeExpectation {
  readonly #possible = new Map<string, Possible>()

  /** Null when the state of the node is not certain. A node that nothing is known of is not there. */
  certain(path: string): { node: NodeValue | null } | null {
    const [node = null, ...others] = this.#possible.get(path) ?? [null]
    return others.length === 0 ? { node } : null
  }

  /** Nodes that exist, or may. */
  get size(): number {
    return this.#possible.size
  }

  get paths(): IterableIterator<string> {
    return this.#possible.keys()
  }

  possible(path: string): Possible {
    return this.#possible.get(path) ?? [null]
  }

  is(path: string, node: NodeValue | null): void {
    if (node === null) this.#possible.delete(path)
    else this.#possible.set(path, [node])
  }

  /** A call that would have made it so was not answered. */
  maybe(path: string, node: NodeValue | null): void {
    this.#possible.set(path, [...this.possible(path), node])
  }

  /** @param whose where the actual tree was read */
  compare(actual: ReadonlyMap<string, NodeValue>, whose: string): Violation[] {
    const violations: Violation[] = []
    const found = (path: string, expected: Possible): void => {
      const shown = describe(actual.get(path) ?? null)
      const wanted = expected.map(describe).join(', or ')
      violations.push({
        rule: 'tree as written',
        problem: `${whose}: ${path} is ${shown}, expected ${wanted}`,
      })
    }
    for (const [path, possible] of this.#possible) {
      const node = actual.get(path) ?? null
      if (!possible.some((one) => same(one, node))) found(path, possible)
    }
    for (const path of actual.keys()) if (!this.#possible.has(path)) found(path, [null])
    return violations
  }

  /** The same for a list of children, as their parent's writer read it: of each, whether it is there. */
  compareChildren(parent: string, names: readonly string[], known: Iterable<string>): Violation[] {
    const shown = new Set(names)
    const violations: Violation[] = []
    const found = (what: string): void => {
      violations.push({ rule: 'session order', problem: `${parent}, listed by its only writer: ${what}` })
    }
    for (const name of known) {
      const possible = this.possible(`${parent}/${name}`)
      if (!possible.includes(null) && !shown.has(name)) found(`${name} is missing`)
      shown.delete(name)
    }
    for (const name of shown)
      if (!this.#possible.has(`${parent}/${name}`)) found(`${name} should not be there`)
    return violations
  }
}

function same(a: NodeValue | null, b: NodeValue | null): boolean {
  return a === null || b === null ? a === b : a.value === b.value && a.version === b.version
}

function describe(node: NodeValue | null): string {
  if (node === null) return 'not there'
  const { value, version } = node
  const text =
    value.length > textShownMax ? `${value.slice(0, textShownMax)}... (${value.length} characters)` : value
  return `"${text}" of version ${version}`
}
