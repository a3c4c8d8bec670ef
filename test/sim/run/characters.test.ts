import { expect, it } from 'vitest'
import { faultNames } from '../../../src/sim/faults/fault.ts'
import { characters } from '../../../src/sim/run/characters.ts'
import { drawPlan } from '../../../src/sim/run/plan.ts'
import { workloads } from '../../../src/sim/workloads/index.ts'

const plans = Array.from({ length: 600 }, (_, seed) => drawPlan(seed))

it('character: many seeds -> most runs have none, and every one of them comes up', () => {
  const plain = plans.filter(({ character }) => character === null).length
  expect(plain).toBeGreaterThan(350)
  expect(plain).toBeLessThan(450)
  for (const { name } of characters) {
    expect(plans.filter(({ character }) => character === name).length).toBeGreaterThan(15)
  }
})

it('character: drawn -> its servers, its workloads, and no fault that is not its own', () => {
  for (const plan of plans) {
    const character = characters.find(({ name }) => name === plan.character)
    if (character === undefined) continue
    expect(character.servers).toContain(plan.servers)
    expect(plan.workloads).toEqual(expect.arrayContaining([...character.workloads]))
    expect(plan.workloads.length).toBeGreaterThan(0)
    for (const name of plan.workloads) expect(workloads[name]).toBeDefined()
    for (const name of faultNames) {
      expect(character.faults[name] ?? [0]).toContain(plan.faults[name])
    }
    expect(faultNames.some((name) => plan.faults[name] > 0)).toBe(true)
  }
})

it('character: workloads and faults are named -> those alone, whatever its character', () => {
  for (let seed = 0; seed < 40; seed++) {
    const plan = drawPlan(seed, { workloads: ['locks'], faults: ['kill'] })
    expect(plan.workloads).toEqual(['locks'])
    expect(faultNames.filter((name) => plan.faults[name] > 0)).toEqual(['kill'])
  }
})
