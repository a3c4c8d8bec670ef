import { expect, it } from 'vitest'
import { PassingFaults } from '../../../src/sim/faults/passing-faults.ts'
import { World } from '../../../src/sim/world.ts'

it('passing faults: time over, or all ended -> each is mended exactly once', async () => {
  const world = new World({ seed: 1 })
  const passing = new PassingFaults(world)
  const mended: string[] = []
  passing.last(10, () => mended.push(`a at ${world.nowMs}`))
  passing.last(500, () => mended.push(`b at ${world.nowMs}`))
  passing.last(400, () => mended.push(`c at ${world.nowMs}`))
  await world.runFor(100)
  expect(mended).toEqual(['a at 10'])
  expect(passing.count).toBe(2)
  passing.endAll()
  await world.runFor(1000)
  expect(mended).toEqual(['a at 10', 'b at 100', 'c at 100'])
  expect(passing.count).toBe(0)
})
