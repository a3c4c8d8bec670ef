import type { Bounds } from './bounds.ts'
import { type Choice, choices, take } from './choices.ts'
import { takeEagerSteps } from './eager.ts'
import { Violation } from './model/ledger.ts'
import type { World } from './model/world.ts'
import { printOf } from './state-print.ts'
import { Visited } from './visited.ts'

export interface ExplorerOptions {
  start: World
  bounds: Bounds
  /** Every step branches, those of `eager.ts` too. */
  plain?: boolean
}

interface Node {
  world: World
  left: Bounds
  choices: Choice[]
  next: number
}

/** What was found against the rules, and by which choices it is reached from the start. */
export interface Found {
  violation: Error
  path: Choice[]
}

/**
 * Walks every state that can be reached from a start within bounds, depth first: a state seen before is not gone into again.
 * Only the way to the present state is kept, and the fingerprint of every state.
 */
export class Explorer {
  readonly #visited = new Visited()
  readonly #stack: Node[] = []
  readonly #plain: boolean
  transitions = 0
  depthMax = 0
  /** States from which nothing more can happen. */
  ends = 0
  found: Found | null = null

  constructor(options: ExplorerOptions) {
    this.#plain = options.plain ?? false
    this.#enter(options.start.copy(), { ...options.bounds })
  }

  get states(): number {
    return this.#visited.size
  }

  get visitedBytes(): number {
    return this.#visited.bytes
  }

  get depth(): number {
    return this.#stack.length
  }

  /** Whether there is nothing more to see. */
  get exhausted(): boolean {
    return this.#stack.length === 0 && this.found === null
  }

  /** Takes so many steps, fewer at the end of the walk or at a violation. */
  run(steps: number): void {
    for (let i = 0; i < steps && this.found === null; i++) {
      const node = this.#stack.at(-1)
      if (node === undefined) return
      const choice = node.choices[node.next]
      if (choice === undefined) this.#stack.pop()
      else {
        node.next++
        this.#step(node, choice)
      }
    }
  }

  #step(node: Node, choice: Choice): void {
    this.transitions++
    const world = node.world.copy()
    const left = { ...node.left }
    try {
      play(world, left, choice, this.#plain)
    } catch (error) {
      if (!isFinding(error)) throw error
      this.found = { violation: error, path: this.#path() }
      return
    }
    this.#enter(world, left)
  }

  #enter(world: World, left: Bounds): void {
    const print = printOf(world, left)
    if (!this.#visited.add(print.a, print.b)) return
    const open = choices(world, left)
    if (open.length === 0) this.ends++
    this.#stack.push({ world, left, choices: open, next: 0 })
    if (this.#stack.length > this.depthMax) this.depthMax = this.#stack.length
  }

  #path(): Choice[] {
    return this.#stack.flatMap((node) => node.choices[node.next - 1] ?? [])
  }
}

/** One choice, and the steps that follow from it without a choice. */
export function play(world: World, left: Bounds, choice: Choice, plain: boolean): void {
  take(world, left, choice)
  if (!plain) takeEagerSteps(world, left)
}

/** A rule of the design that was seen broken from outside, or one that the machines themselves assert. */
export function isFinding(error: unknown): error is Error {
  return error instanceof Violation || (error instanceof Error && error.name === 'BrokenInvariant')
}
