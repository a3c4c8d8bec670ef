import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FaultBudget } from '../../../src/sim/faults/budget.ts'

const members = [1, 2, 3, 4, 5]

/** All have served once. */
function sound(ids: readonly number[]): FaultBudget {
  const budget = new FaultBudget(ids)
  for (const id of ids) budget.onServing(id, 1)
  return budget
}

describe('fault budget', () => {
  it('nobody has served yet -> no disk may be lost, for none holds anything', () => {
    const budget = new FaultBudget([1, 2, 3])
    expect(budget.recoverable).toBe(true)
    expect(budget.mayLose(1)).toBe(false)
    budget.onServing(1, 1)
    budget.onServing(2, 1)
    expect(budget.mayLose(1)).toBe(false)
    // The third one never had anything to lose.
    expect(budget.mayLose(3)).toBe(true)
  })

  it('wiped disks -> a minority at once; each counts again when it serves in a later life', () => {
    const budget = sound(members)
    budget.onWiped(1, 4)
    expect(budget.mayLose(2)).toBe(true)
    budget.onWiped(2, 1)
    expect(budget.mayLose(3)).toBe(false)
    expect(budget.mayLose(1)).toBe(true)
    budget.onServing(1, 4)
    expect(budget.mayLose(3)).toBe(false)
    budget.onServing(1, 5)
    expect(budget.mayLose(3)).toBe(true)
  })

  it('a rotten disk -> lost however often its server starts and serves, until it is wiped', () => {
    const budget = sound([1, 2, 3])
    budget.onRotten(2)
    budget.onServing(2, 7)
    expect(budget.isSound(2)).toBe(false)
    expect(budget.mayLose(1)).toBe(false)
    budget.onWiped(2, 7)
    budget.onServing(2, 8)
    expect(budget.isSound(2)).toBe(true)
    expect(budget.mayLose(1)).toBe(true)
  })

  it('one server -> its only disk is never lost', () => {
    expect(sound([7]).mayLose(7)).toBe(false)
  })

  it('any order of losses that it allows -> a majority stays sound', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 7 }),
        fc.array(fc.tuple(fc.nat(6), fc.constantFrom('wipe', 'rot', 'serve')), { maxLength: 60 }),
        (count, steps) => {
          const ids = Array.from({ length: count }, (_, i) => i)
          const budget = sound(ids)
          const lives = new Map(ids.map((id) => [id, 1]))
          for (const [drawn, step] of steps) {
            const id = drawn % count
            const life = lives.get(id) ?? 1
            if (step === 'serve') {
              lives.set(id, life + 1)
              budget.onServing(id, life + 1)
            } else if (budget.mayLose(id)) {
              if (step === 'wipe') budget.onWiped(id, life)
              else budget.onRotten(id)
            }
            expect(ids.filter((one) => budget.isSound(one)).length * 2).toBeGreaterThan(count)
            expect(budget.recoverable).toBe(true)
          }
        },
      ),
    )
  })

  it('more than it allows -> not recoverable', () => {
    const budget = sound([1, 2, 3])
    budget.onRotten(1)
    budget.onRotten(2)
    expect(budget.recoverable).toBe(false)
  })
})
