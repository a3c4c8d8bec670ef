import { type Bounds, Lefts } from './bounds.ts'
import { type Choice, choices, costOf, renameChoice, take } from './choices.ts'
import { eagerStep, takeEagerSteps } from './eager.ts'
import { Ensemble } from './ensemble.ts'
import { isFinding } from './finding.ts'
import type { ServerState } from './model/state.ts'
import type { Transaction } from './model/transactions.ts'
import type { World } from './model/world.ts'
import { Nodes } from './nodes.ts'
import { Parts } from './parts.ts'
import type { Permutation } from './rename.ts'

/** What a walk leaves out because it shows nothing new; each can be turned off, to see that it does not. */
export interface Reductions {
  /** Steps that need no branching are taken at once (see `eager.ts`). */
  eager: boolean
  /**
   * States that differ in the ids of servers alone are one: the machines only ask whether ids are equal. But not where somebody
   * asks for the crown, which goes to higher ids.
   */
  symmetry: boolean
  /** A state that was reached with as much left of all bounds is not gone on from with less. */
  leftovers: boolean
}

export const allReductions: Reductions = { eager: true, symmetry: true, leftovers: true }
export const noReductions: Reductions = { eager: false, symmetry: false, leftovers: false }

export interface ExplorerOptions {
  start: World
  bounds: Bounds
  reductions?: Reductions
  /** Is shown every state that is gone on from, and what can happen next. */
  show?: (state: Shown) => void
}

export interface Shown {
  servers: readonly ServerState[]
  committed: readonly Transaction[]
  open: readonly Choice[]
}

/** What was found against the rules, and by which choices it is reached from the start. */
export interface Found {
  violation: Error
  path: Choice[]
}

/**
 * Walks every state that can be reached from a start within bounds. States in which less of the bounds is used up come first,
 * so that whoever comes to the same with less left is met by those who came cheaper; among these, breadth first.
 */
export class Explorer {
  readonly #lefts: Lefts
  readonly #reductions: Reductions
  readonly #parts: Parts
  readonly #nodes: Nodes
  /** States to go on from, by how much is used up. */
  readonly #queues: number[][]
  readonly #ensemble: Ensemble
  readonly #key: Int32Array
  readonly #canonical: Int32Array
  readonly #size: number
  readonly #show: ((state: Shown) => void) | null
  #level = 0
  #next = 0
  transitions = 0
  /** States from which nothing more can happen. */
  ends = 0
  found: Found | null = null

  constructor({ start, bounds, reductions = allReductions, show }: ExplorerOptions) {
    this.#show = show ?? null
    const { size, mutation } = start
    this.#size = size
    this.#lefts = new Lefts(bounds)
    this.#reductions = { ...reductions, symmetry: reductions.symmetry && bounds.crowns === 0 }
    this.#parts = new Parts({ size, mutation, forgetsRounds: reductions.eager && bounds.syncs === 0 })
    this.#ensemble = new Ensemble(this.#parts, start, bounds)
    const { leftovers } = reductions
    const count = this.#lefts.all.length
    const suffices = new Uint8Array(count * count)
    for (let one = 0; one < count; one++) {
      for (let other = 0; other < count; other++) {
        const enough = leftovers ? this.#lefts.suffices(one, other) : one === other
        suffices[one * count + other] = enough ? 1 : 0
      }
    }
    this.#nodes = new Nodes(this.#ensemble.keyLength, (one, other) => suffices[one * count + other] === 1)
    this.#key = new Int32Array(this.#ensemble.keyLength)
    this.#canonical = new Int32Array(this.#ensemble.keyLength)
    this.#queues = Array.from({ length: this.#lefts.used(0) + 1 }, () => [])
    this.#enter(count - 1, -1, 0)
  }

  get states(): number {
    return this.#nodes.size
  }

  /** Different servers that the states consist of. */
  get parts(): number {
    return this.#parts.size
  }

  get nodesBytes(): number {
    return this.#nodes.bytes
  }

  /** States that were met and not gone on from yet. */
  get waiting(): number {
    return this.#queues.reduce((sum, queue) => sum + queue.length, 0) - this.#next
  }

  /** Whether there is nothing more to see. */
  get exhausted(): boolean {
    return this.#level === this.#queues.length && this.found === null
  }

  /** Goes on from so many states, fewer at the end of the walk or at a violation. */
  run(states: number): void {
    for (let i = 0; i < states && this.found === null; ) {
      const queue = this.#queues[this.#level]
      if (queue === undefined) return
      const node = queue[this.#next]
      if (node === undefined) {
        this.#queues[this.#level] = []
        this.#level++
        this.#next = 0
        continue
      }
      this.#next++
      if (this.#nodes.isSuperseded(node)) continue
      this.#goOn(node)
      i++
    }
  }

  #goOn(node: number): void {
    const left = this.#nodes.left(node)
    const bounds = this.#lefts.of(left)
    const key = new Int32Array(this.#ensemble.keyLength)
    this.#nodes.keyOf(node, key)
    this.#ensemble.load(key)
    const open = choices(this.#ensemble, bounds, !this.#reductions.eager)
    if (open.length === 0) this.ends++
    const { servers, past } = this.#ensemble
    this.#show?.({ servers, committed: past.committed, open })
    for (const [i, choice] of open.entries()) {
      if (i > 0) this.#ensemble.load(key)
      this.transitions++
      const then = this.#lefts.without(left, costOf(choice))
      try {
        this.#ensemble.take(choice, bounds)
        if (this.#reductions.eager) this.#takeEagerSteps(this.#lefts.of(then))
      } catch (error) {
        if (!isFinding(error)) throw error
        this.found = { violation: error, path: this.#pathTo(node, choice) }
        return
      }
      this.#enter(then, node, i)
    }
  }

  #takeEagerSteps(left: Bounds): void {
    const ensemble = this.#ensemble
    for (let step = eagerStep(ensemble, left); step !== null; step = eagerStep(ensemble, left)) {
      ensemble.take(step, left)
    }
    if (left.syncs === 0) ensemble.forgetRounds()
  }

  #enter(left: number, parent: number, choice: number): void {
    const permutation = this.#canonicalise()
    const node = this.#nodes.add(this.#key, left, parent, choice, permutation)
    if (node >= 0) this.#queues[this.#lefts.used(left)]?.push(node)
  }

  /** The key of the ensemble, of all that differ from it in ids alone the least; and which ids that gives to whom. */
  #canonicalise(): number {
    this.#ensemble.store(this.#key)
    if (!this.#reductions.symmetry) return 0
    let best = -1
    for (const permutation of this.#parts.permutations) {
      if (!this.#sorts(permutation)) continue
      const canonical = this.#canonical
      for (let id = 1; id <= this.#size; id++) {
        const other = permutation.to[id] ?? 0
        const follower = this.#parts.renamed(this.#ensemble.follower(id), permutation)
        const leader = this.#parts.renamed(this.#ensemble.leader(id), permutation)
        canonical[other - 1] = follower.number
        canonical[other - 1 + this.#size] = leader.number
      }
      canonical[2 * this.#size] = this.#parts.renamedPast(this.#ensemble.past, permutation).number
      if (best >= 0 && !isLess(canonical, this.#key)) continue
      best = permutation.number
      this.#key.set(canonical)
    }
    return best
  }

  /** Whether signatures ascend when servers are called so. */
  #sorts({ inverse }: Permutation): boolean {
    for (let id = 2; id <= this.#size; id++) {
      if (this.#signature(inverse[id - 1] ?? 0) > this.#signature(inverse[id] ?? 0)) return false
    }
    return true
  }

  #signature(id: number): number {
    return (this.#ensemble.follower(id).signature + Math.imul(this.#ensemble.leader(id).signature, 31)) | 0
  }

  /** From state to state servers may have got other ids: told in those of the start. */
  #pathTo(last: number, choice: Choice): Choice[] {
    const nodes: number[] = []
    for (let node = last; node >= 0; node = this.#nodes.parent(node)) nodes.unshift(node)
    const path: Choice[] = []
    const key = new Int32Array(this.#ensemble.keyLength)
    let originals = Array.from({ length: this.#size + 1 }, (_, id) => id)
    const original = (id: number): number => originals[id] ?? 0
    for (const [i, node] of nodes.entries()) {
      const { inverse } = this.#parts.permutations[this.#nodes.permutation(node)] as Permutation
      originals = inverse.map(original)
      this.#nodes.keyOf(node, key)
      this.#ensemble.load(key)
      const next = nodes[i + 1]
      const open = choices(this.#ensemble, this.#lefts.of(this.#nodes.left(node)), !this.#reductions.eager)
      const taken = next === undefined ? choice : open[this.#nodes.choice(next)]
      if (taken !== undefined) path.push(renameChoice(taken, original))
    }
    return path
  }
}

function isLess(one: Int32Array, other: Int32Array): boolean {
  for (let i = 0; i < one.length; i++) {
    const difference = (one[i] ?? 0) - (other[i] ?? 0)
    if (difference !== 0) return difference < 0
  }
  return false
}

/** One choice, and the steps that follow from it without a choice. */
export function play(world: World, left: Bounds, choice: Choice, eager: boolean): void {
  take(world, left, choice)
  if (eager) takeEagerSteps(world, left)
}
