import { isDeepStrictEqual } from 'node:util'
import type { Bounds } from './bounds.ts'
import { type Choice, choices } from './choices.ts'
import { type Found, play } from './explorer.ts'
import { isFinding } from './finding.ts'
import type { World } from './model/world.ts'

/** From where choices are played again. */
export interface Start {
  world: World
  bounds: Bounds
  eager: boolean
}

export interface Replay {
  /** Null when nothing was broken. */
  violation: Error | null
  /** Those choices that could be made. */
  taken: Choice[]
  /** Per choice taken, what happened. */
  lines: string[][]
}

/** Plays choices again; one that is not open at its turn is left out. */
export function replay(start: Start, path: readonly Choice[]): Replay {
  const world = start.world.copy()
  const left = { ...start.bounds }
  const result: Replay = { violation: null, taken: [], lines: [] }
  for (const choice of path) {
    if (!choices(world, left, !start.eager).some((open) => isDeepStrictEqual(open, choice))) continue
    const lines: string[] = []
    world.trace = lines
    result.taken.push(choice)
    result.lines.push(lines)
    try {
      play(world, left, choice, start.eager)
    } catch (error) {
      if (!isFinding(error)) throw error
      result.violation = error
      return result
    }
  }
  return result
}

/** Leaves out every choice without which a rule is still broken, the late ones first: what is left is short enough to read. */
export function shrink(start: Start, path: readonly Choice[]): Choice[] {
  let kept = replay(start, path).taken
  for (let shorter = true; shorter; ) {
    shorter = false
    for (let i = kept.length - 1; i >= 0; i--) {
      const attempt = replay(start, kept.toSpliced(i, 1))
      if (attempt.violation === null) continue
      kept = attempt.taken
      shorter = true
    }
  }
  return kept
}

/** What was found, played again in as few choices as it takes. */
export function shortest(start: Start, { path, violation }: Found): Replay {
  const shown = replay(start, shrink(start, path))
  if (shown.violation === null) {
    throw new Error(
      `not found again by the choices that led to it: ${violation.message}\n${JSON.stringify(path)}`,
    )
  }
  return shown
}
