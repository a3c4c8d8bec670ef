import { describe, expect, test } from 'vitest'
import { atDepth } from '../depth.ts'
import type { Bounds } from './bounds.ts'
import { calmStates, calmWalk, lostStates } from './calm-states.ts'
import { allReductions, Explorer, noReductions } from './explorer.ts'
import { calm, foundedEnsemble } from './model/calm.ts'
import { type Mutation, mutationNames } from './model/mutation.ts'
import { World } from './model/world.ts'
import { naiveWalk } from './naive-walk.ts'
import { replay, shrink } from './shrink.ts'

const none: Bounds = { stands: 0, proposals: 0, crashes: 0, wipes: 0, cuts: 0, fulls: 0, syncs: 0, crowns: 0 }
const founded = (mutation: Mutation | null = null): World => foundedEnsemble(3).copy(mutation)

/** A candidate has heard who joins it. */
function stands(world: World, leader: number, follower: number): void {
  world.stand(leader)
  world.join(follower, leader)
  world.deliverUp(leader, leader)
  world.deliverUp(leader, follower)
}

/** To the end of the space, or to so many states. */
function walk(start: World, bounds: Partial<Bounds>, options: { plain?: boolean; statesMax?: number } = {}) {
  const reductions = options.plain ? noReductions : allReductions
  const explorer = new Explorer({ start, bounds: { ...none, ...bounds }, reductions })
  const statesMax = options.statesMax ?? Number.POSITIVE_INFINITY
  while (!explorer.exhausted && explorer.found === null && explorer.states < statesMax) explorer.run(1000)
  if (explorer.found !== null && start.mutation === null) throw explorer.found.violation
  return explorer
}

describe('every interleaving of three servers', () => {
  test('one more candidate, a proposal, a crash at any point of any write -> no violation, walked to the end', () => {
    const { exhausted, states } = walk(founded(), { stands: 1, proposals: 1, crashes: 1 })
    expect(exhausted).toBe(true)
    expect(states).toBeGreaterThan(5000)
  })

  test('one more candidate, a lost disk -> no violation, walked to the end', () => {
    const { exhausted, states } = walk(founded(), { stands: 1, wipes: 1 })
    expect(exhausted).toBe(true)
    expect(states).toBeGreaterThan(3000)
  })

  test('one more candidate, histories in full and a sync -> no violation, walked to the end', () => {
    const { exhausted } = walk(founded(), { stands: 1, fulls: 1 })
    expect(exhausted).toBe(true)
    expect(walk(founded(), { proposals: 1, syncs: 1 }).exhausted).toBe(true)
  })

  test('the crown is asked for twice, beside a proposal -> no violation, walked to the end', () => {
    expect(walk(founded(), { proposals: 1, crowns: 2 }).exhausted).toBe(true)
  })

  test('everything may happen, the first states of it -> no violation', () => {
    const statesMax = atDepth(2000, 5000)
    const all = { stands: 2, proposals: 2, crashes: 2, wipes: 1, cuts: 1, fulls: 1, syncs: 1 }
    expect(walk(founded(), all, { statesMax }).found).toBeNull()
    expect(walk(new World(3), all, { statesMax }).found).toBeNull()
  })

  test('the same walk twice -> the same states', () => {
    const figures = [1, 2].map(() => {
      const { states, transitions, parts, ends } = walk(founded(), { stands: 1 })
      return { states, transitions, parts, ends }
    })
    expect(figures[0]).toEqual(figures[1])
  })
})

describe('what makes it feasible', () => {
  test.each([
    { proposals: 1, crashes: 1 },
    { proposals: 1, cuts: 1 },
    { proposals: 1, wipes: 1 },
    { syncs: 1, fulls: 1, crashes: 1 },
  ])('%j, put together of parts -> the same states as with whole worlds', (some) => {
    const bounds = { ...none, ...some }
    const { states, transitions, ends } = walk(founded(), bounds, { plain: true })
    expect({ states, transitions, ends }).toEqual(naiveWalk(founded(), bounds))
  })

  const inDiscovery = (): World => {
    const world = founded()
    stands(world, 3, 2)
    return world
  }

  test.each([
    { from: 'in step', bounds: { proposals: 2, crashes: 1 } },
    { from: 'in step', bounds: { proposals: 1, wipes: 1 } },
    { from: 'in step', bounds: { crashes: 1, wipes: 1 } },
    { from: 'in step', bounds: { proposals: atDepth(1, 2), crowns: 2 } },
    { from: 'a candidate is heard', bounds: { crashes: 1 } },
  ])('$from, $bounds, with reductions and without -> come to rest in the same states', ({ from, bounds }) => {
    const start = from === 'in step' ? founded : inDiscovery
    const plain = calmStates(start(), { ...none, ...bounds }, noReductions)
    expect(plain.size).toBeGreaterThan(1)
    const reduced = calmStates(start(), { ...none, ...bounds }, allReductions)
    expect(lostStates(reduced, plain)).toEqual([])
    expect(lostStates(plain, reduced)).toEqual([])
  })

  const several = { ...none, proposals: 1, crashes: 1, cuts: 1 }
  /** Walked once for all of them. */
  let plain: ReturnType<typeof calmWalk> | null = null

  test.each(['eager', 'symmetry', 'leftovers'] as const)(
    'only the reduction %s -> fewer states, and comes to rest in the same',
    (one) => {
      plain ??= calmWalk(founded(), several, noReductions)
      const reduced = calmWalk(founded(), several, { ...noReductions, [one]: true })
      expect(reduced.calm).toEqual(plain.calm)
      expect(reduced.states).toBeLessThan(0.9 * plain.states)
    },
  )
})

describe('a fault put into the model', () => {
  /** What happened before, as far as every timeline of this fault begins with it, and the bounds within which the rest is found. */
  const plans: Record<Mutation, { before?: (world: World) => void; empty?: true; bounds: Partial<Bounds> }> =
    {
      'ack before durable': { bounds: { proposals: 1 } },
      'commit by one': { bounds: { proposals: 1 } },
      'stale history wins': { bounds: { stands: 1 } },
      'promise is not durable': {
        before: (world) => stands(world, 2, 3),
        bounds: { proposals: 1, crashes: 1 },
      },
      'fresh counts': {
        before: (world) => {
          world.crash(3)
          world.propose(1)
          calm(world, [1, 2])
        },
        bounds: { stands: 1, wipes: 1 },
      },
      'no amnesia rule': { before: (world) => stands(world, 3, 2), bounds: { proposals: 1, wipes: 1 } },
      'promises are not confirmed': {
        before: (world) => stands(world, 3, 2),
        bounds: { proposals: 1, wipes: 1 },
      },
      'same epoch counts twice': {
        before: (world) => {
          stands(world, 1, 2)
          stands(world, 3, 2)
        },
        bounds: { proposals: 1, crashes: 1 },
      },
      'fresh found beside provisional': {
        empty: true,
        before: (world) => {
          stands(world, 1, 3)
          while (world.look(3).durable.currentEpoch === 0) {
            calm(world, undefined, 1)
            world.heartbeat(1)
          }
          world.crash(3)
          stands(world, 1, 2)
          calm(world, [1, 2])
          world.propose(1)
          calm(world, [1, 2])
        },
        bounds: { stands: 1, wipes: 1 },
      },
    }

  test.each(mutationNames)('%s -> found, and told in steps of which none can be left out', (mutation) => {
    const { before, empty, bounds: some } = plans[mutation]
    const world = empty ? new World(3, { mutation }) : founded(mutation)
    before?.(world)
    const { found } = walk(world, some, { statesMax: 200_000 })
    expect(found).not.toBeNull()
    const from = { world, bounds: { ...none, ...some }, eager: true }
    const path = shrink(from, found?.path ?? [])
    const { violation, lines } = replay(from, path)
    expect(violation).not.toBeNull()
    expect(lines.length).toBe(path.length)
    for (let i = 0; i < path.length; i++) expect(replay(from, path.toSpliced(i, 1)).violation).toBeNull()
  })

  test.each(['ack before durable', 'commit by one', 'stale history wins'] as const)(
    '%s, without reductions -> found as well',
    (mutation) => {
      const { bounds: some } = plans[mutation]
      expect(walk(founded(mutation), some, { plain: true, statesMax: 100_000 }).found).not.toBeNull()
    },
  )
})
