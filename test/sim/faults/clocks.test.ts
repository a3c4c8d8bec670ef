import { expect, it } from 'vitest'
import { clocks, driftPerMilleMax } from '../../../src/sim/faults/clocks.ts'
import { faultWorld } from './fault-world.ts'

it('clocks: jumps -> wall clocks part both ways, monotonic ones do not move', () => {
  const context = faultWorld()
  const { ensemble, random } = context
  const { clockJumpForward, clockJumpBackward } = clocks(context)
  const walls = () => ensemble.ids.map((id) => ensemble.host(id).wallMs() - ensemble.world.startWallMs)
  for (let i = 0; i < 20; i++) clockJumpForward(random)
  expect(Math.min(...walls())).toBeGreaterThan(0)
  for (let i = 0; i < 200; i++) clockJumpBackward(random)
  expect(Math.max(...walls())).toBeLessThan(0)
  expect(ensemble.ids.map((id) => ensemble.host(id).monotonicMs())).toEqual([0, 0, 0])
})

it('clocks: drift -> within its bound, never backwards, and over after a while', async () => {
  const context = faultWorld()
  const { ensemble, random, passing } = context
  const rates = new Set<number>()
  for (let i = 0; i < 100; i++) {
    clocks(context).clockDrift(random)
    const before = ensemble.ids.map((id) => ensemble.host(id).monotonicMs())
    await ensemble.world.runFor(50)
    for (const [index, id] of ensemble.ids.entries()) {
      const ranMs = ensemble.host(id).monotonicMs() - (before[index] ?? 0)
      expect(Math.abs(ranMs - 50)).toBeLessThanOrEqual((50 * driftPerMilleMax) / 1000 + 1e-6)
      rates.add(ensemble.host(id).clockRate)
    }
  }
  expect(Math.min(...rates)).toBeLessThan(1)
  expect(Math.max(...rates)).toBeGreaterThan(1)
  passing.endAll()
  expect(ensemble.ids.map((id) => ensemble.host(id).clockRate)).toEqual([1, 1, 1])
})
