import type { Bounds } from './bounds.ts'
import { choices, take } from './choices.ts'
import type { World } from './model/world.ts'
import { printOf } from './state-print.ts'

/** The walk as it would be written first: whole worlds, copied for every step. What `Explorer` has to agree with. */
export function naiveWalk(
  start: World,
  bounds: Bounds,
): { states: number; transitions: number; ends: number } {
  const seen = new Set<string>()
  const waiting: { world: World; left: Bounds }[] = []
  let [transitions, ends] = [0, 0]
  const enter = (world: World, left: Bounds): void => {
    const { a, b } = printOf(world, left)
    if (seen.has(`${a} ${b}`)) return
    seen.add(`${a} ${b}`)
    waiting.push({ world, left })
  }
  enter(start.copy(), bounds)
  for (let state = waiting.pop(); state !== undefined; state = waiting.pop()) {
    const open = choices(state.world, state.left, true)
    if (open.length === 0) ends++
    for (const choice of open) {
      transitions++
      const world = state.world.copy()
      const left = { ...state.left }
      take(world, left, choice)
      enter(world, left)
    }
  }
  return { states: seen.size, transitions, ends }
}
